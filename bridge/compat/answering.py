"""Answer what a route raises, once its dependencies have seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["answer_errors"]

# Undocumented: where Starlette keeps the handlers of the application, with which it would answer before anybody outside of the
# route could. It does without.
HANDLERS_KEY: Final = "starlette.exception_handlers"


async def answer_errors(
    serve: ASGIApp,
    answer: Callable[[Request, Exception], Awaitable[Response]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """
    Have *serve* respond to the request of *scope*, or *answer* what it raises before its response has started.

    Args:
        serve: Runs the route with its dependencies, so that they have rolled back, or raised another exception, by then.
        answer: Makes the response to an exception.
        scope: Of type ``http``.
        receive: The client's messages.
        send: Takes the response.

    Raises:
        ClientDisconnect: Nobody is there to read an answer.
        Exception: What *serve* raised after its response had started, or what *answer* raises.
    """
    started = False

    async def watched(message: Message) -> None:
        nonlocal started
        started = started or message["type"] == "http.response.start"
        await send(message)

    # In place, because middleware sees what a route leaves in its scope.
    scope.pop(HANDLERS_KEY, None)
    try:
        await serve(scope, receive, watched)
    except ClientDisconnect:
        raise
    except Exception as error:  # whatever a route raises, Flask would answer
        if started:
            raise
        response = await answer(Request(scope), error)
        await response(scope, receive, send)
        # One instance may be raised for many requests, and would collect their frames.
        error.__traceback__ = None
