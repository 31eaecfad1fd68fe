from __future__ import annotations

import asyncio
import io

import pytest
from werkzeug import exceptions

from bridge.errors import ClientDisconnected, RequestBodyTooLarge, RequestBodyTruncated, RequestRejected
from bridge.wsgi.inbox import Inbox


async def test_reader_sees_what_was_fed() -> None:
    inbox = Inbox(10)
    reading = asyncio.create_task(asyncio.to_thread(io.BufferedReader(inbox).readlines))
    for block in (b"one\ntw", b"o\nthr", b"ee"):
        await inbox.feed(block, more=True)
    await inbox.feed(b"", more=False)
    assert await reading == [b"one\n", b"two\n", b"three"]


async def test_feeding_waits_for_the_reader() -> None:
    inbox = Inbox(4)
    feeding = asyncio.create_task(inbox.feed(b"abcdef", more=True))
    await asyncio.sleep(0)
    assert not feeding.done()
    assert await asyncio.to_thread(inbox.read, 3) == b"abc"
    await feeding


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ClientDisconnected("x"), exceptions.ClientDisconnected),
        (RequestBodyTooLarge("x"), exceptions.RequestEntityTooLarge),
        (RequestBodyTruncated("x"), exceptions.BadRequest),
    ],
)
async def test_failed_body_never_ends(error: RequestRejected, raised: type[Exception]) -> None:
    """Every later read raises, too: an end of file would look like a complete body."""
    inbox = Inbox(10)
    file = io.BufferedReader(inbox)
    await inbox.feed(b"abc", more=True)
    inbox.fail(error)
    for _ in range(3):
        with pytest.raises(raised) as info:
            await asyncio.to_thread(file.read)
        assert info.value.__cause__ is error


async def test_failure_after_the_end_is_none() -> None:
    """A client that goes away when it has sent everything has sent everything."""
    inbox = Inbox(10)
    await inbox.feed(b"abc", more=False)
    inbox.fail(ClientDisconnected("x"))
    assert await asyncio.to_thread(inbox.readall) == b"abc"


async def test_failure_ends_the_wait_of_both_sides() -> None:
    inbox = Inbox(2)
    feeding = asyncio.create_task(inbox.feed(b"abcdef", more=True))
    await asyncio.sleep(0)
    inbox.fail(ClientDisconnected("x"))
    await feeding
    other = Inbox(2)
    reading = asyncio.create_task(asyncio.to_thread(other.read, 1))
    await asyncio.sleep(0)
    other.fail(ClientDisconnected("x"))
    with pytest.raises(exceptions.ClientDisconnected):
        await reading
