"""The request, for a twin that needs more of it than its parameters."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

__all__ = ["TheRequest"]


async def the_request(request: Request) -> Request:
    return request


TheRequest = Annotated[Request, Depends(the_request)]
