"""A request that reads query and body with Flask's rules."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from starlette.requests import Request

from bridge.compat.query import FirstValueParams

__all__ = ["UNDECODABLE", "FlaskRequest"]


class Undecodable:
    """Stands for a body that is not JSON."""


UNDECODABLE: Final = Undecodable()


class FlaskRequest(Request):
    """
    A Starlette request with two of Flask's habits.

    The first of several query values counts, and a body that is not JSON is reported when the parameters are validated, after
    the dependencies have run: a Flask view checks who is logged in before it reads the body.
    """

    @cached_property
    def query_params(self) -> FirstValueParams:
        """The query; the first of several values counts."""
        return FirstValueParams(self.scope["query_string"])

    async def json(self) -> Any:
        """Return the decoded body, or `UNDECODABLE`."""
        try:
            return await super().json()
        except ValueError:
            return UNDECODABLE
