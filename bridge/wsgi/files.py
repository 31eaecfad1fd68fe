"""The file wrapper that WSGI applications hand files to."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FileWrapper"]

# Each block is one message to the server. Werkzeug's default of 8 KiB makes 131,072 of them for 1 GiB; larger ones than
# asyncio's high-water mark bring nothing.
_BLOCK_BYTES = 65_536


class FileWrapper:
    """
    Iterate over a binary file in blocks (PEP 3333, "Optional Platform-Specific File Handling").

    Positioning methods pass through, so that Werkzeug can serve a range without reading what comes before it.
    """

    def __init__(self, file: IO[bytes], block_bytes: int = _BLOCK_BYTES) -> None:
        """
        Args:
            file: Binary file; needs no method but ``read``.
            block_bytes: Size of a block; raised to 64 KiB if smaller, which the client cannot tell.
        """
        self._file = file
        self._block_bytes = max(block_bytes, _BLOCK_BYTES)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        block = self._file.read(self._block_bytes)
        if not block:
            raise StopIteration
        return block

    def close(self) -> None:
        """Close the file, if it can be closed."""
        close = getattr(self._file, "close", None)
        if close is not None:
            close()

    def seekable(self) -> bool:
        """Return whether `seek` works."""
        seekable = getattr(self._file, "seekable", None)
        return seekable() if seekable is not None else hasattr(self._file, "seek")

    def seek(self, *args: Any) -> int:
        """Move to a position in bytes, as ``file.seek`` does."""
        return self._file.seek(*args)

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._file.tell()
