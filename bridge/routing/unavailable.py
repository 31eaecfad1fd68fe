"""Overload and deadlines as answers, where Flask's error handlers are not asked."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from bridge.errors import Unavailable

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

__all__ = ["answer_unavailable"]


async def answer_unavailable(_request: Request, error: Exception) -> Response:
    """Return 503 or 504 with ``Retry-After``, in FastAPI's form. The error's text is not for clients: it names functions."""
    unavailable = error if isinstance(error, Unavailable) else Unavailable()
    return JSONResponse(
        {"detail": HTTPStatus(unavailable.status).phrase},
        status_code=unavailable.status,
        headers={"retry-after": str(unavailable.retry_after)},
    )
