"""Any order of submitting, finishing, failing, cancelling, timing out, resizing and shutting down."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from bridge import AdmissionTimeout, Capacity, CapacityClosed, DeadlineExceeded, TooManyWaiting, offload, stoppable
from tests.unit.offload.calls import PATIENCE_S

MAX_WAITING = 3


class Fault(Exception):
    """What a call fails with."""


@dataclass(eq=False)
class Call:
    """One call, what it was told, and what became of it."""

    number: int
    stopper: bool
    go: threading.Event = field(default_factory=threading.Event)
    fault: bool = False
    stopped: bool = False
    began: int = 0
    ended: int = 0
    outcomes: list[str] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    def stop(self) -> None:
        self.stopped = True
        self.go.set()

    def work(self, order: list[int]) -> int:
        self.began += 1
        order.append(self.number)
        try:
            if self.stopper:
                with stoppable(self.stop):
                    assert self.go.wait(PATIENCE_S)
            else:
                assert self.go.wait(PATIENCE_S)
            if self.fault:
                raise Fault
            return self.number
        finally:
            self.ended += 1


class Engine(RuleBasedStateMachine):
    """Drives one capacity; after each step the loop runs until nothing more happens by itself."""

    calls = Bundle("calls")

    @initialize(tokens=st.integers(1, 3))
    def begin(self, tokens: int) -> None:
        self.loop = asyncio.new_event_loop()
        self.capacity = Capacity(tokens, max_waiting=MAX_WAITING, admission_timeout=None)
        self.everybody: list[Call] = []
        self.admitted_order: list[int] = []
        self.began: list[int] = []
        self.open = True
        self.settle()

    def settle(self) -> None:
        """Run the loop until every call that could start or end has done so."""

        async def quiet() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            deadline = self.loop.time() + PATIENCE_S
            while self.unsettled():
                assert self.loop.time() < deadline, "a call neither starts nor ends"
                await asyncio.sleep(0)
            for _ in range(3):
                await asyncio.sleep(0)

        self.loop.run_until_complete(quiet())

    def unsettled(self) -> bool:
        for call in self.everybody:
            assert call.task is not None
            # ended on its thread, but not yet for its caller; or told to end, and still on its thread
            if (call.ended or (call.began and call.go.is_set())) and not call.task.done():
                return True
            if call.began and call.stopper and call.task.cancelling() and not call.task.done():
                return True
        lane = self.capacity.lanes.get(self.loop)
        if lane is None:
            return False
        admission = lane.admission
        running = admission.running()
        # a thread is about to take a job, or to start it
        return len(running) < min(admission.tokens, len(admission.unfinished)) or not all(
            job.fn.__self__.began  # type: ignore[attr-defined]  # jobs of this test are bound methods
            for job in running
        )

    @rule(target=calls, stopper=st.booleans(), expired=st.sampled_from([False, False, False, True]))
    def submit(self, stopper: bool, expired: bool) -> Call:
        call = Call(len(self.everybody), stopper)
        self.everybody.append(call)

        async def run() -> None:
            try:
                result = await offload(call.work, self.began, capacity=self.capacity, deadline=0.0 if expired else None)
            except (Fault, TooManyWaiting, AdmissionTimeout, DeadlineExceeded, CapacityClosed) as error:
                call.outcomes.append(type(error).__name__)
            except asyncio.CancelledError:
                call.outcomes.append("cancelled")
                raise
            else:
                assert result == call.number
                call.outcomes.append("result")

        if expired:
            call.go.set()  # so that a deadline ends it even where it cannot be stopped
        call.task = self.loop.create_task(run())
        self.settle()
        return call

    @rule(call=calls, fault=st.booleans())
    def let_go(self, call: Call, fault: bool) -> None:
        call.fault = fault and not call.go.is_set()
        call.go.set()
        self.settle()

    @rule(call=consumes(calls))
    def cancel(self, call: Call) -> None:
        assert call.task is not None
        call.task.cancel()
        self.settle()

    @rule(tokens=st.integers(1, 4))
    def resize(self, tokens: int) -> None:
        self.loop.call_soon(self.capacity.resize, tokens)
        self.settle()

    @precondition(lambda self: self.open)
    @rule()
    def shut_down(self) -> None:
        for call in self.everybody:
            call.go.set()
        assert self.loop.run_until_complete(self.capacity.drain(deadline=PATIENCE_S)) == ()
        self.open = False
        self.settle()

    @precondition(lambda self: not self.open)
    @rule()
    def reopen(self) -> None:
        self.loop.call_soon(self.capacity.reopen)
        self.open = True
        self.settle()

    def statistics(self) -> Any:
        async def snapshot() -> Any:
            return self.capacity.statistics()

        return self.loop.run_until_complete(snapshot())

    @invariant()
    def tokens_balance(self) -> None:
        if not hasattr(self, "loop"):
            return
        statistics = self.statistics()
        unfinished = [call for call in self.everybody if call.task is not None and not call.task.done()]
        on_threads = [call for call in unfinished if call.began]
        assert statistics.running == len(on_threads)
        assert statistics.waiting == len(unfinished) - len(on_threads)
        assert statistics.waiting <= MAX_WAITING
        assert not statistics.waiting or statistics.running >= statistics.tokens
        assert statistics.run.count + statistics.running == statistics.wait.count == statistics.admitted

    @invariant()
    def nobody_overtakes(self) -> None:
        if hasattr(self, "loop"):
            # Two calls that get their tokens at once may begin in either order on their threads.
            for earlier, later in zip(self.began, self.began[1:], strict=False):
                assert later > earlier - MAX_WAITING - 4
            lane = self.capacity.lanes.get(self.loop)
            line = [job.fn.__self__.number for job in lane.admission.queued()] if lane is not None else []  # type: ignore[attr-defined]  # jobs of this test are bound methods
            assert line == sorted(line)
            assert not line or max(self.began) < line[0], "somebody overtook the line"

    @invariant()
    def every_call_ends_once(self) -> None:
        for call in getattr(self, "everybody", []):
            assert call.task is not None
            assert call.began <= 1
            assert len(call.outcomes) == int(call.task.done())
            if call.task.done():
                assert call.began == call.ended, "its caller went on while it ran"
            if call.outcomes in (["TooManyWaiting"], ["CapacityClosed"], ["AdmissionTimeout"]):
                assert not call.began

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        for call in self.everybody:
            call.go.set()
        self.settle()
        self.loop.run_until_complete(asyncio.wait_for(self.finished(), PATIENCE_S))
        statistics = self.statistics()
        assert (statistics.running, statistics.waiting) == (0, 0)
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    async def finished(self) -> None:
        await asyncio.gather(*(call.task for call in self.everybody if call.task is not None), return_exceptions=True)


TestEngine = Engine.TestCase
TestEngine.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
