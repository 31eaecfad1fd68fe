"""Work for a client that goes away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from starlette.responses import Response

from bridge.routing.disconnect import unless_disconnected

if TYPE_CHECKING:
    from bridge.types import Message


class Client:
    """Sends nothing more, until it goes away."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.watched = asyncio.Event()

    async def receive(self) -> Message:
        self.watched.set()
        await self.gone.wait()
        return {"type": "http.disconnect"}


async def test_a_client_that_stays_gets_its_response() -> None:
    async def work() -> Response:
        await asyncio.sleep(0)
        return Response("done")

    assert (await unless_disconnected(Client().receive, work())).body == b"done"


async def test_an_exception_arrives_as_it_is() -> None:
    async def work() -> Response:
        raise LookupError("in the route")

    with pytest.raises(LookupError, match="in the route"):
        await unless_disconnected(Client().receive, work())


async def test_work_is_cancelled_when_the_client_goes() -> None:
    client, cleaned_up = Client(), list[str]()

    async def work() -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned_up.append("before the request ended")
        raise AssertionError

    task = asyncio.create_task(unless_disconnected(client.receive, work()))
    await client.watched.wait()
    client.gone.set()
    assert (await task).status_code == 499
    assert cleaned_up


async def test_cancelling_the_request_cancels_the_work_and_the_watch() -> None:
    client, ended = Client(), list[str]()

    async def work() -> Response:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")
        raise AssertionError

    task = asyncio.create_task(unless_disconnected(client.receive, work()))
    await client.watched.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work"]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
