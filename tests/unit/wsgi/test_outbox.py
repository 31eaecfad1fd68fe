from __future__ import annotations

import asyncio

import pytest

from bridge.errors import ClientDisconnected
from bridge.wsgi.outbox import Outbox
from bridge.wsgi.response import Head

HEAD = Head(200, [], None)


async def test_blocks_that_have_piled_up_are_one_delivery() -> None:
    outbox = Outbox(100)

    def produce() -> None:
        outbox.put(HEAD, b"a")
        outbox.put(HEAD, b"b")

    await asyncio.to_thread(produce)
    assert await outbox.take() == (HEAD, b"ab", False)


async def test_last_block_waits_for_nobody() -> None:
    outbox = Outbox(1)
    outbox.finish(HEAD, b"x" * 100)
    outbox.wake()
    assert await outbox.take() == (HEAD, b"x" * 100, True)


async def test_producer_waits_for_room() -> None:
    outbox = Outbox(2)
    events = []

    def produce() -> None:
        for block in (b"aa", b"bb", b"cc"):
            outbox.put(HEAD, block)
            events.append(block)

    producing = asyncio.create_task(asyncio.to_thread(produce))
    received = b""
    while len(received) < 6:
        received += (await outbox.take()).data
        # At most one block is ahead of what was taken.
        assert len(events) * 2 <= len(received) + 2
    await producing
    assert received == b"aabbcc"


async def test_stop_ends_the_wait_for_room() -> None:
    outbox = Outbox(1)

    def produce() -> None:
        outbox.put(HEAD, b"a")
        outbox.put(HEAD, b"b")

    producing = asyncio.create_task(asyncio.to_thread(produce))
    await outbox._ready.wait()
    outbox.stop()
    with pytest.raises(ClientDisconnected):
        await producing
    assert not outbox.wanted()
