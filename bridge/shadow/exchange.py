"""One request and what one path answered, as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bridge.shadow.writes import WriteSet
    from bridge.stages import Path

__all__ = ["Exchange", "RecordedRequest", "RecordedResponse"]

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """
    A request as it was received.

    Attributes:
        method: HTTP method.
        target: Path and query string, as sent.
        headers: Names in lower case, and values, in the order received.
        body: The whole body.
    """

    method: str
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class RecordedResponse:
    """
    A response as it was sent.

    Attributes:
        status: HTTP status.
        headers: Names in lower case, and values, in the order sent.
        body: The whole body.
    """

    status: int
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    What one path made of a request.

    Attributes:
        path: The path that answered.
        request: What was asked.
        response: What was answered; None where the path ended without an answer.
        started: When the path began, with a time zone.
        elapsed_s: Seconds until its last byte.
        writes: The rows it wrote; None where nobody watched.
        error: The name of the exception that it ended with, where it has no response.
        blocked: What it tried to reach beyond the database and was kept from, such as ``api.example.com:443``.
        raised: The name of the exception that it answered as a failure of the server, where that is known.
    """

    path: Path
    request: RecordedRequest
    response: RecordedResponse | None
    started: datetime
    elapsed_s: float
    writes: WriteSet | None = None
    error: str | None = None
    blocked: tuple[str, ...] = ()
    raised: str | None = None
