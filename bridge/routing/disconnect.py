"""Stop working for a client that has gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from bridge.offload import finish

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from bridge.types import Receive

__all__ = ["unless_disconnected"]

# nginx's status for it; nobody reads it but an access log.
CLIENT_CLOSED_REQUEST: Final = 499


async def unless_disconnected(receive: Receive, work: Coroutine[Any, Any, Response]) -> Response:
    """
    Await *work*, but cancel it when the client goes away.

    Args:
        receive: The ASGI callable, of which the body has been read.
        work: Makes the response.

    Cancellation:
        Cancels *work*, and is delivered when that has ended.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnect(receive))
    try:
        await asyncio.wait([working, watching], return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone = watching.done() and not working.done()
        watching.cancel()
        if not working.done():
            working.cancel()
            await finish(_ended(working))
    if gone:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    return working.result()


async def _ended(task: asyncio.Task[Response]) -> None:
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # seen, so that asyncio does not report it as lost


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
