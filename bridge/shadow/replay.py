"""Perform a recorded request on an ASGI application, and record what it answers, within bounds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import TYPE_CHECKING, Any

from bridge.shadow.exchange import Exchange, RecordedResponse
from bridge.types import FAILURES_KEY

if TYPE_CHECKING:
    from bridge.shadow.exchange import RecordedRequest
    from bridge.shadow.writes import WriteSet
    from bridge.stages import Path
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Answer", "ResponseRecorder", "ResponseTooLarge", "call_asgi", "replay_body", "replay_scope"]


class ResponseTooLarge(Exception):
    """A path answered more bytes than a check records; only ever seen by the path itself, and by its name in an exchange."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What one call of an ASGI application came to.

    Attributes:
        response: What was answered; None where the path ended without a whole answer, or it was too large to record.
        error: The name of the exception that it ended with, or of what kept the answer from being recorded; None for a whole answer.
        started: When the call began, with a time zone.
        elapsed_s: Seconds until it returned.
        raised: The name of the exception that was answered as a failure of the server, where there was one.
    """

    response: RecordedResponse | None
    error: str | None
    started: datetime
    elapsed_s: float
    raised: str | None = None

    def exchange(self, path: Path, request: RecordedRequest, writes: WriteSet | None = None) -> Exchange:
        """Return the answer as that of *path* to *request*."""
        return Exchange(
            path=path,
            request=request,
            response=self.response,
            started=self.started,
            elapsed_s=self.elapsed_s,
            writes=writes,
            error=self.error,
            raised=self.raised,
        )


class ResponseRecorder:
    """
    The ``send`` of an ASGI call: records the response, and passes every message on where there is somebody to have it.

    Equivalent to *send*, except that the bytes are kept as well, up to a limit.
    """

    def __init__(self, *, max_bytes: int, send: Send | None = None) -> None:
        """
        Args:
            max_bytes: Largest body that is recorded.
            send: Gets every message, also when the body is larger. Without it, a larger body is refused, so that an endless one ends.
        """
        self._send = send
        self._left = max_bytes
        self._start: Message | None = None
        self._body: list[bytes] = []
        self._complete = False

    async def __call__(self, message: Message) -> None:
        """
        Take one message.

        Raises:
            ResponseTooLarge: The body is larger than the limit, and nobody else wants it.
        """
        self._record(message)
        if self._send is not None:
            await self._send(message)
        elif self.too_large:
            raise ResponseTooLarge

    @property
    def too_large(self) -> bool:
        """Whether the body was larger than the limit."""
        return self._left < 0

    @property
    def started(self) -> bool:
        """Whether the response has begun."""
        return self._start is not None

    @property
    def response(self) -> RecordedResponse | None:
        """The response; None where it has not ended, or is larger than the limit."""
        if self._start is None or not self._complete or self.too_large:
            return None
        headers = tuple((bytes(name).lower(), bytes(value)) for name, value in self._start.get("headers", ()))
        return RecordedResponse(self._start["status"], headers, b"".join(self._body))

    def _record(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            chunk = bytes(message.get("body", b""))
            self._left -= len(chunk)
            if self.too_large:
                self._body.clear()
            else:
                self._body.append(chunk)
            self._complete = not message.get("more_body", False)


def replay_scope(scope: Scope) -> Scope:
    """
    Return a copy of *scope* in which a call can leave nothing behind for another.

    The server's extensions are left out: a response that is sent by them, such as a file by its path, would not be recorded.
    """
    copied: dict[str, Any] = {
        key: value.copy() if isinstance(value, (dict, list)) else value for key, value in scope.items()
    }
    return {**copied, "extensions": {}}


def replay_body(body: bytes, then: Receive | None = None) -> Receive:
    """
    Return a ``receive`` that gives *body*, once and whole.

    Args:
        body: The whole body of the request.
        then: What is asked afterwards; without it, the client stays, as long as anybody waits to see it go.
    """
    given = False

    async def receive() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        if then is not None:
            return await then()
        await asyncio.Event().wait()
        raise AssertionError("an event that nobody sets was set")

    return receive


async def call_asgi(app: ASGIApp, scope: Scope, body: bytes, *, max_bytes: int) -> Answer:
    """
    Perform a request on *app* for nobody but the record.

    Args:
        app: The application; gets a copy of *scope*.
        scope: The HTTP scope of the request.
        body: Its whole body.
        max_bytes: Largest response body that is recorded; a larger one ends the call.

    Cancellation:
        Cancels the call.
    """
    recorder = ResponseRecorder(max_bytes=max_bytes)
    started, clock = datetime.now(UTC), perf_counter()
    error: str | None = None
    failures: list[str] = []
    try:
        await app({**replay_scope(scope), FAILURES_KEY: failures}, replay_body(body), recorder)
    except (Exception, SystemExit) as raised:  # noqa: BLE001  # whatever it is, it is what this path does
        error = type(raised).__name__
    response = recorder.response
    if recorder.too_large:
        error = ResponseTooLarge.__name__
    elif response is None and error is None:
        error = "NoResponse"
    answered = next(reversed(failures), error) if response is not None else None
    elapsed_s = perf_counter() - clock
    return Answer(response, error if response is None else None, started, elapsed_s, answered)
