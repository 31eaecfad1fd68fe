"""Serve a request as always, and have the other path checked against what the caller got."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from bridge.shadow import ReadToCheck, Recorder, WriteToCheck, call_asgi
from bridge.stages import Path

if TYPE_CHECKING:
    from bridge.routing.answering import Answerer
    from bridge.routing.operations import Operation
    from bridge.routing.resolver import Resolution
    from bridge.shadow import Checker, Exchange, WriteChecker
    from bridge.types import Receive, Scope, Send

__all__ = ["Checking"]

SAFE: Final = frozenset({"GET", "HEAD"})
TOO_LARGE: Final = "too large"


class Checking:
    """Records what callers get, and hands it to the checker with the means to run the request again."""

    def __init__(self, answerer: Answerer, checker: Checker, writes: WriteChecker, *, max_body_bytes: int) -> None:
        """
        Args:
            answerer: Runs a request on a path.
            checker: Checks reads in the background.
            writes: Checks requests that write, on the way.
            max_body_bytes: Largest body that is compared, in bytes.
        """
        self._answerer = answerer
        self._checker = checker
        self._writes = writes
        self._max_body_bytes = max_body_bytes

    def wants(self, found: Resolution, operation: Operation, path: Path, scope: Scope) -> bool:
        """Return whether to check this request, which *path* serves."""
        if operation.legacy is None and not found.paired:
            return False
        if scope["method"] not in SAFE and (not operation.check.writes or path is Path.NATIVE):
            return False
        return self._checker.wants(operation.check.sample)

    async def serve(self, found: Resolution, path: Path, scope: Scope, receive: Receive, send: Send) -> None:
        """Have *path* answer, and the other path checked afterwards. The caller gets what it would without."""
        if found.operation is not None and scope["method"] not in SAFE:
            write = self._write(found, found.operation, path)
            await self._writes.serve(write, scope, receive, send, self._checker.publish)
            return
        recorder = Recorder(scope, receive, send, max_body_bytes=self._max_body_bytes)
        error = None
        try:
            await self._answerer.answer(found, path, scope, recorder.receive, recorder.send)
        except Exception as raised:  # it is noted, and goes on
            error = type(raised).__name__
            raise
        finally:
            self._take(found, path, scope, recorder, error)

    def _write(self, found: Resolution, operation: Operation, path: Path) -> WriteToCheck:
        return WriteToCheck(
            operation.name,
            control=partial(self._answerer.answer, found, path),
            control_path=path,
            candidate=partial(self._answerer.answer, found, Path.NATIVE),
            candidate_path=Path.NATIVE,
            options=operation.check.compare,
            one_connection=operation.check.one_connection,
        )

    def _take(self, found: Resolution, path: Path, scope: Scope, recorder: Recorder, error: str | None) -> None:
        operation = found.operation
        if recorder.too_large:
            self._checker.shed(TOO_LARGE)
            return
        exchange = recorder.exchange(path, error=error)
        if operation is None or (exchange.response is None and error is None):  # the caller went away
            return
        body = recorder.body

        async def run(again: Path) -> Exchange:
            application = partial(self._answerer.answer, found, again)
            answer = await call_asgi(application, scope, body, max_bytes=self._max_body_bytes)
            return answer.exchange(again, exchange.request)

        candidate = operation.legacy_path if path is Path.NATIVE else Path.NATIVE
        now = asyncio.get_running_loop().time()
        self._checker.take(ReadToCheck(operation.name, exchange, candidate, run, operation.check.compare, now))
