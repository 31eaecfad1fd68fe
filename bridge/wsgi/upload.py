"""Feeding a request body to an application that already runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import ClientDisconnected, RequestRejected
from bridge.wsgi.body import block_of, check_complete
from bridge.wsgi.head import check_body_length

if TYPE_CHECKING:
    from bridge.types import Receive
    from bridge.wsgi.inbox import Inbox
    from bridge.wsgi.settings import Settings

__all__ = ["feed", "wait_for_disconnect"]


async def feed(receive: Receive, inbox: Inbox, settings: Settings, declared: int | None) -> None:
    """
    Move the body from *receive* to *inbox*, then return when the client goes away.

    A body that is refused makes the reader raise, and is then ignored, so that the response can still be sent.
    """
    length = 0
    more = True
    try:
        while more:
            block, more = block_of(await receive())
            length += len(block)
            check_body_length(length, settings)
            if declared is not None and (not more or length > declared):
                check_complete(length, declared)
            await inbox.feed(block, more=more)
    except RequestRejected as error:
        inbox.fail(error)
        if isinstance(error, ClientDisconnected):
            return
    await wait_for_disconnect(receive)


async def wait_for_disconnect(receive: Receive) -> None:
    """Return when the client goes away; what else it sends is ignored."""
    while (await receive())["type"] != "http.disconnect":
        pass
