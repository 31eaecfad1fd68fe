"""Context variables of a request on its worker thread."""

from __future__ import annotations

from contextvars import Context, copy_context
from typing import TYPE_CHECKING

from flask import has_app_context, has_request_context
from flask.ctx import AppContext, RequestContext

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["run_outside_flask"]


def run_outside_flask(fn: Callable[[], None]) -> None:
    """
    Call *fn* with the current context variables, but outside any Flask context.

    A request inside an application context that somebody else has pushed would share its ``g`` and its Flask-SQLAlchemy
    session, and skip ``teardown_appcontext``, so that sessions would never be removed.
    """
    if not has_app_context() and not has_request_context():
        fn()
        return
    context = Context()
    for variable, value in copy_context().items():
        if not isinstance(value, (AppContext, RequestContext)):
            context.run(variable.set, value)
    context.run(fn)
