"""
Ask a PostgreSQL server to cancel, without stopping the whole process meanwhile.

psycopg2's ``connection.cancel`` keeps the interpreter's lock while it waits for the server. In a network that swallows packets, that
freezes every thread and the event loop with them. The same functions of libpq, called through ctypes, give the lock away.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["canceller"]

MESSAGE_BYTES: Final = 256


def canceller(driver: Any) -> Callable[[], None] | None:
    """
    Return what cancels the running statement of *driver*, a psycopg2 connection; callable from any thread, also when that has closed it.

    Returns None where libpq cannot be reached: psycopg2 is not built on a shared library, or *driver* is something else.
    """
    address = getattr(driver, "pgconn_ptr", None)
    if address is None:
        return None
    try:
        library = _library()
    except (KeyError, AttributeError, OSError):
        return None
    return (_Since17 if hasattr(library, "PQcancelCreate") else _Before17)(library, address).cancel


class _Since17:
    """Waits no longer than the connection's ``connect_timeout``, and encrypts if the connection does."""

    def __init__(self, library: Any, address: int) -> None:
        self._library = library
        self._handle = library.PQcancelCreate(address)

    def cancel(self) -> None:
        library, handle = self._library, self._handle
        sent = library.PQcancelBlocking(handle)
        message = library.PQcancelErrorMessage(handle)
        library.PQcancelReset(handle)  # for the next time
        if not sent:
            raise _refusal(message)

    def __del__(self) -> None:
        self._library.PQcancelFinish(self._handle)


class _Before17:
    """Has no limit of its own but TCP's."""

    def __init__(self, library: Any, address: int) -> None:
        self._library = library
        self._handle = library.PQgetCancel(address)

    def cancel(self) -> None:
        message = ctypes.create_string_buffer(MESSAGE_BYTES)
        if not self._library.PQcancel(self._handle, message, MESSAGE_BYTES):
            raise _refusal(message.value)

    def __del__(self) -> None:
        self._library.PQfreeCancel(self._handle)


def _refusal(message: bytes | None) -> ConnectionError:
    reason = (message or b"").decode(errors="replace").strip()
    return ConnectionError(f"the server could not be asked to cancel: {reason}")


@cache
def _library() -> Any:
    # Not imported: it is optional, and loaded where one of its connections is. Symbols are searched in what a library depends
    # on, too, so this finds the very libpq that psycopg2 uses, bundled or not.
    library = ctypes.CDLL(sys.modules["psycopg2._psycopg"].__file__)
    pointer = ctypes.c_void_p
    if hasattr(library, "PQcancelCreate"):
        library.PQcancelCreate.argtypes, library.PQcancelCreate.restype = [pointer], pointer
        library.PQcancelErrorMessage.argtypes, library.PQcancelErrorMessage.restype = [pointer], ctypes.c_char_p
        library.PQcancelBlocking.argtypes, library.PQcancelBlocking.restype = [pointer], ctypes.c_int
        library.PQcancelReset.argtypes, library.PQcancelReset.restype = [pointer], None
        library.PQcancelFinish.argtypes, library.PQcancelFinish.restype = [pointer], None
    library.PQgetCancel.argtypes, library.PQgetCancel.restype = [pointer], pointer
    library.PQcancel.argtypes, library.PQcancel.restype = [pointer, ctypes.c_char_p, ctypes.c_int], ctypes.c_int
    library.PQfreeCancel.argtypes, library.PQfreeCancel.restype = [pointer], None
    return library
