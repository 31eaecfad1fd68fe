"""What does not stop when it is asked to is cut, once its patience is over, and never before or after that."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import anyio

from bridge import Capacity, offload
from bridge.offload import arm, disarm, guard, lane, spare
from bridge.offload.stopper import sever
from tests.unit.offload.calls import PATIENCE_S, until, until_true

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


class Connection:
    """Waits for a network that has gone; asking its server to cancel hangs there as well."""

    def __init__(self, *, patience: float = 0.05) -> None:
        self.patience = patience
        self.waiting, self.cut, self.back = threading.Event(), threading.Event(), threading.Event()
        self.requests = self.cuts = 0
        self.cut_by: threading.Thread | None = None

    def shut_down(self) -> None:
        self.cuts += 1
        self.cut_by = threading.current_thread()
        self.cut.set()

    def cancel(self) -> None:
        self.requests += 1
        assert self.back.wait(PATIENCE_S)

    def wait(self) -> None:
        self.waiting.set()
        assert self.cut.wait(PATIENCE_S)

    def transaction(self) -> None:
        guard(self, self.shut_down, patience=self.patience)
        arm(self, self.cancel)
        try:
            self.wait()
        finally:
            disarm(self)

    def commit(self) -> None:
        guard(self, self.shut_down, patience=self.patience)
        arm(self, self.cancel)
        spare(self)
        self.wait()


async def cancel_while_it_waits(connection: Connection, work: Callable[[], None], capacity: Capacity) -> None:
    task = asyncio.create_task(offload(work, capacity=capacity))
    await until(connection.waiting)
    task.cancel()
    await asyncio.wait([task], timeout=PATIENCE_S)
    assert task.cancelled()


async def test_a_request_that_hangs_does_not_keep_the_work_from_being_cut() -> None:
    capacity, connection = Capacity(1), Connection()
    task = asyncio.create_task(offload(connection.transaction, capacity=capacity))
    await until(connection.waiting)
    task.cancel()
    try:
        await asyncio.wait([task], timeout=PATIENCE_S / 2)
        assert task.cancelled()
        assert (connection.requests, connection.cuts) == (1, 1)
        assert connection.cut_by is threading.current_thread(), "on the loop: a thread could hang"
        assert capacity.statistics().running == 0
    finally:
        connection.back.set()


async def test_what_is_spared_is_not_asked_but_still_cut() -> None:
    connection = Connection()
    await cancel_while_it_waits(connection, connection.commit, Capacity(1))
    assert (connection.requests, connection.cuts) == (0, 1)


async def test_what_stops_in_time_is_not_cut(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection(patience=PATIENCE_S)
    connection.back.set()
    asked = threading.Event()

    def cancel() -> None:
        asked.set()
        connection.cut.set()

    def work() -> None:
        guard(connection, connection.shut_down, patience=connection.patience)
        arm(connection, cancel)
        connection.wait()

    task = asyncio.create_task(offload(work, capacity=Capacity(1)))
    await until(connection.waiting)
    task.cancel()
    await asyncio.wait([task])
    assert asked.is_set()
    assert connection.cuts == 0
    assert "cut" not in caplog.text


async def test_what_stops_before_its_patience_is_over_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "TICK_S", 0.001)
    connection, looked = Connection(patience=PATIENCE_S), threading.Event()
    times = count()

    def look(job: Any, after_s: float) -> None:
        sever(job, after_s)
        if next(times) == 3:
            connection.cut.set()  # now it stops
            looked.set()

    monkeypatch.setattr(lane, "sever", look)
    task = asyncio.create_task(offload(connection.commit, capacity=Capacity(1)))
    await until(connection.waiting)
    task.cancel()
    await asyncio.wait([task])
    assert looked.is_set()
    assert connection.cuts == 0


async def test_what_was_given_back_is_not_cut() -> None:
    """The next tenant of a connection must not suffer for the last one."""
    first, second = Connection(), Connection()

    def work() -> None:
        guard(first, first.shut_down, patience=0)
        disarm(first)
        second.commit()

    await cancel_while_it_waits(second, work, Capacity(1))
    assert (first.cuts, second.cuts) == (0, 1)


async def test_the_cut_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    connection = Connection()
    await cancel_while_it_waits(connection, connection.commit, Capacity(1))
    assert "Connection.commit did not stop within" in caplog.text
    assert "its connection is cut" in caplog.text


async def test_nobody_looks_any_more_when_the_work_has_ended() -> None:
    loop, connection = asyncio.get_running_loop(), Connection()
    capacity = Capacity(1)
    await cancel_while_it_waits(connection, connection.commit, capacity)
    await until_true(lambda: not capacity.statistics().running)
    looking = [handle for handle in loop._scheduled if "_sever" in repr(handle) and not handle.cancelled()]  # type: ignore[attr-defined]  # timers have no public name
    assert not looking


def test_on_trio() -> None:
    connection = Connection()

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(offload, connection.commit, capacity=Capacity(1)))
            await until(connection.waiting)
            tasks.cancel_scope.cancel()

    anyio.run(main, backend="trio")
    assert connection.cuts == 1


def test_outside_of_a_call_there_is_nothing_to_cut() -> None:
    guard("key", print, patience=0)
    spare("key")
    disarm("key")
