from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import exceptions

from bridge.wsgi import Settings
from bridge.wsgi.inbox import Inbox
from bridge.wsgi.upload import feed

if TYPE_CHECKING:
    from bridge.types import Message, Receive


def _once(*messages: Message) -> Receive:
    """Give each message once, then wait for ever."""
    queue = list(messages)

    async def receive() -> Message:
        if not queue:
            await asyncio.Event().wait()
        return queue.pop(0)

    return receive


async def test_disconnect_is_reported_once_and_ends_it() -> None:
    """A server need not repeat the message."""
    inbox = Inbox(10)
    receive = _once({"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.disconnect"})
    await feed(receive, inbox, Settings(), None)
    with pytest.raises(exceptions.ClientDisconnected):
        await asyncio.to_thread(inbox.readall)


async def test_after_the_body_it_waits_for_the_disconnect() -> None:
    inbox = Inbox(10)
    receive = _once({"type": "http.request", "body": b"abc"}, {"type": "http.disconnect"})
    await feed(receive, inbox, Settings(), 3)
    assert await asyncio.to_thread(inbox.readall) == b"abc"


@pytest.mark.parametrize(
    ("declared", "limit", "error"),
    [(2, None, exceptions.BadRequest), (4, None, exceptions.BadRequest), (3, 2, exceptions.RequestEntityTooLarge)],
)
async def test_wrong_length_makes_the_reader_raise(declared: int, limit: int | None, error: Any) -> None:
    inbox = Inbox(10)
    receive = _once({"type": "http.request", "body": b"abc"}, {"type": "http.disconnect"})
    await feed(receive, inbox, Settings(max_body_bytes=limit), declared)
    with pytest.raises(error):
        await asyncio.to_thread(inbox.readall)
