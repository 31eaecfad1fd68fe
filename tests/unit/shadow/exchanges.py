"""Make exchanges for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bridge.shadow import Exchange, RecordedRequest, RecordedResponse
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.shadow import WriteSet

__all__ = ["STARTED", "answer", "exchange"]

STARTED = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def answer(
    body: bytes | str = b"",
    *,
    status: int = 200,
    media: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> RecordedResponse:
    """Return a response."""
    pairs = {"content-type": media, **(headers or {})}
    sent = tuple((name.encode(), value.encode("latin-1")) for name, value in pairs.items() if value)
    return RecordedResponse(status, sent, _bytes(body))


def exchange(
    response: RecordedResponse | None,
    *,
    path: Path = Path.BRIDGED,
    method: str = "GET",
    target: str = "/things",
    started: datetime = STARTED,
    elapsed_s: float = 0.5,
    writes: WriteSet | None = None,
    error: str | None = None,
    headers: Mapping[str, str] | None = None,
    body: Any = b"",
    blocked: tuple[str, ...] = (),
    raised: str | None = None,
) -> Exchange:
    """Return an exchange."""
    given = tuple((name.encode(), value.encode()) for name, value in (headers or {}).items())
    request = RecordedRequest(method, target, given, _bytes(body))
    return Exchange(path, request, response, started, elapsed_s, writes, error, blocked, raised)


def _bytes(body: bytes | str) -> bytes:
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
