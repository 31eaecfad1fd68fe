"""A request body, read completely before the application runs: in memory while small, on disk past a limit."""

from __future__ import annotations

import asyncio
import tempfile
from io import BytesIO
from typing import IO, TYPE_CHECKING

from bridge.errors import ClientDisconnected, RequestBodyTruncated
from bridge.offload import Capacity, offload, settled
from bridge.wsgi.head import check_body_length

if TYPE_CHECKING:
    from bridge.types import Message, Receive
    from bridge.wsgi.settings import Settings

__all__ = ["BodyReader", "block_of", "check_complete"]

# Disk writes are short, so few threads serve many uploads. Unmeasured.
_SPOOL_TOKENS = 4


class BodyReader:
    """Reads request bodies from ASGI messages; one serves every request of an adapter."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Not the application's capacity: a slow view must not stop uploads, nor an upload a view.
        self._capacity = Capacity(_SPOOL_TOKENS)

    async def read(self, receive: Receive, declared: int | None) -> IO[bytes]:
        """
        Return the body as a file, positioned at its start. The caller closes it.

        A body up to ``body_memory_bytes`` costs no thread; a larger one one hop for each such block.

        Args:
            receive: The ASGI callable, of which nothing has been read.
            declared: Content-Length in bytes, if there is one.

        Raises:
            ClientDisconnected: The client went away before the end of the body.
            RequestBodyTooLarge: More than ``max_body_bytes`` arrived.
            RequestBodyTruncated: The body ended before or after *declared* bytes.
            OSError: The body could not be written to disk.

        Cancellation:
            Delivered when a block that is being written is written; closes the spool file, if there is one.
        """
        block, more = block_of(await receive())
        check_body_length(len(block), self._settings)
        if not more:
            check_complete(len(block), declared)
            return BytesIO(block)
        return await self._read_rest(receive, block, declared)

    async def _read_rest(self, receive: Receive, block: bytes, declared: int | None) -> IO[bytes]:
        limit = self._settings.body_memory_bytes
        pending = bytearray(block)
        length = len(block)
        file: IO[bytes] | None = None
        more = True
        try:
            while more:
                if len(pending) > limit:
                    file = file or tempfile.TemporaryFile(dir=self._settings.spool_directory)  # noqa: SIM115 - outlives this call
                    await self._spool(file, pending)
                    pending = bytearray()
                block, more = block_of(await receive())
                length += len(block)
                check_body_length(length, self._settings)
                if declared is not None and length > declared:
                    break
                pending += block
            check_complete(length, declared)
            if file is None:
                return BytesIO(pending)
            await self._spool(file, pending, 0)
        except BaseException:  # cancellation, too, must not leave the file to the garbage collector
            if file is not None:
                file.close()
            raise
        return file

    async def _spool(self, file: IO[bytes], pending: bytearray, position: int | None = None) -> None:
        task = asyncio.create_task(offload(_write, file, pending, position, capacity=self._capacity))
        await settled(task)
        task.result()


def block_of(message: Message) -> tuple[bytes, bool]:
    """
    Return the bytes of one ASGI message and whether more follow.

    Raises:
        ClientDisconnected: The message says that the client went away.
    """
    if message["type"] != "http.request":
        msg = "the client went away before the end of the request body"
        raise ClientDisconnected(msg)
    return message.get("body", b""), message.get("more_body", False)


def check_complete(length: int, declared: int | None) -> None:
    """
    Refuse a body whose *length* in bytes is not the *declared* one.

    Raises:
        RequestBodyTruncated: The two differ.
    """
    if declared is not None and length != declared:
        what = f"ended after {length} bytes" if length < declared else "is longer"
        msg = f"Content-Length is {declared}, but the body {what}"
        raise RequestBodyTruncated(msg)


def _write(file: IO[bytes], pending: bytearray, position: int | None) -> None:
    file.write(pending)
    if position is not None:
        file.seek(position)
