"""Run the control of a request that writes, for the caller, and record what it answers and writes."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING

from bridge.shadow.replay import Answer, ResponseRecorder
from bridge.shadow.write_recording import WriteRecording, record_writes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.database import ControlUnits, Joined
    from bridge.shadow.exchange import Exchange, RecordedRequest
    from bridge.stages import Path
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["ControlRun"]


class RunAlone(Exception):
    """The control cannot run on the candidate's connection, has left nothing behind, and has to be run again on its own."""


class ControlRun:
    """One run of a control; it answers the caller."""

    def __init__(self, app: ASGIApp, scope: Scope, send: Send, *, max_bytes: int, records: bool) -> None:
        """
        Args:
            app: Answers on this path.
            scope: Of the request.
            send: Takes the answer.
            max_bytes: Largest response body that is recorded.
            records: Record what it writes; only where the same has worked for the candidate.
        """
        self._app = app
        self._scope = scope
        self._recorder = ResponseRecorder(max_bytes=max_bytes, send=send)
        self._records = records
        self._recording = WriteRecording()
        self._side: ControlUnits | None = None
        self._error: str | None = None
        self._started = datetime.now(UTC)
        self._began_at = perf_counter()

    async def run(self, joined: Joined | None, body: Callable[[], Receive]) -> None:
        """
        Answer the request.

        Args:
            joined: The connection for its units of work; None where each has its own.
            body: Makes the ``receive`` of a run.

        Raises:
            Exception: What the control raised.
        """
        try:
            try:
                await self._run(joined, body())
            except Exception:
                if not self._has_to_run_alone():
                    raise
                self._side = None
                await self._run(None, body())
        except BaseException as error:  # a cancellation as well: it is noted, and goes on
            self._error = type(error).__name__
            raise

    def exchange(self, path: Path, request: RecordedRequest) -> Exchange:
        """Return what was made of *request*, on *path*."""
        response = self._recorder.response
        error = "ResponseTooLarge" if self._recorder.too_large else self._error or "NoResponse"
        answer = Answer(response, None if response else error, self._started, perf_counter() - self._began_at)
        return answer.exchange(path, request, self._recording.write_set())

    async def _run(self, joined: Joined | None, receive: Receive) -> None:
        async with AsyncExitStack() as stack:
            if joined is not None:
                self._side = await stack.enter_async_context(joined.control())
            if self._records:
                self._recording = stack.enter_context(record_writes())
                if self._side is not None:
                    await self._side.connection.run_sync(self._recording.begin)
            await self._app(self._scope, receive, self._pass_on)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._side is not None:
            if self._has_to_run_alone():
                raise RunAlone
            # Whatever comes now is not what the caller waits for, and the connection may be waited for elsewhere.
            await self._side.end()
        await self._recorder(message)

    def _has_to_run_alone(self) -> bool:
        side = self._side
        return side is not None and side.refused and not side.committed and not self._recorder.started
