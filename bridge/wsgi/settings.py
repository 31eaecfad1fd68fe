"""The limits within which a WSGI application is served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bridge.errors import InvalidWSGISetting

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    The limits within which a WSGI application is served.

    Attributes:
        max_body_bytes: Largest request body, in bytes; a larger one is answered with 413. None leaves the limit to the
            application (Flask's ``MAX_CONTENT_LENGTH``), as gunicorn does.
        body_memory_bytes: Bytes of one request body kept in memory; what exceeds them waits on disk (*body* is
            ``"spool"``) or in the client (*body* is ``"on_demand"``). The default is Starlette's for uploads.
        body: ``"spool"`` reads the whole body before a worker thread is taken, so a slow client never holds one.
            ``"on_demand"`` starts the application at once and lets it read while the client sends.
        spool_directory: Directory of the spooled bodies; None is the platform's temporary directory. The files have no
            name and vanish with the request.
        max_header_count: Most header lines of a request; more are answered with 431. The default is gunicorn's.
        stream_buffer_bytes: Bytes of a streamed response that may wait for a slow client before the application has to
            wait, too. The default is the high-water mark of asyncio's transports.
        watch_disconnect: Stop the application when the client goes away, also before its response has started: its SQL statement on
            the engine of a `Database` ends with an error. Costs a task for each request. Without it, a response that streams is
            watched, and with ``"on_demand"`` every request is.

    Raises:
        InvalidWSGISetting: A limit is out of its range.
    """

    max_body_bytes: int | None = None
    body_memory_bytes: int = 1_048_576
    body: Literal["spool", "on_demand"] = "spool"
    spool_directory: Path | None = None
    max_header_count: int = 100
    stream_buffer_bytes: int = 65_536
    watch_disconnect: bool = False

    def __post_init__(self) -> None:
        if self.max_body_bytes is not None and self.max_body_bytes < 0:
            self._refuse("max_body_bytes", self.max_body_bytes, "0 or more, or None for no limit")
        if self.body not in {"spool", "on_demand"}:
            self._refuse("body", self.body, "'spool' or 'on_demand'")
        for name in ("body_memory_bytes", "max_header_count", "stream_buffer_bytes"):
            value = getattr(self, name)
            if value < 1:
                self._refuse(name, value, "1 or more")

    @staticmethod
    def _refuse(name: str, value: object, allowed: str) -> None:
        msg = f"{name} is {value!r}, but must be {allowed}"
        raise InvalidWSGISetting(msg)
