"""The login cookie."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

from flask import session

from legacy_sync.services.errors import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Raise Unauthorized when the cookie names no user; whether that user may act is the service's question."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        actor_id()
        return view(*args, **kwargs)

    return guarded


def actor_id() -> int:
    """Return the logged-in user's id. Raises Unauthorized."""
    if "user_id" not in session:
        raise Unauthorized
    return cast("int", session["user_id"])


def log_in(user_id: int) -> None:
    """Start a fresh login."""
    session.clear()
    session["user_id"] = user_id


def log_out() -> None:
    """Forget the login."""
    session.clear()
