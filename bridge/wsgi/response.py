"""Status and headers of a WSGI response, checked and translated for ASGI."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from wsgiref.util import is_hop_by_hop

from bridge.errors import InvalidWSGIResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Head", "parse_head"]

_STATUS = re.compile(r"[2-9][0-9]{2}(?: |$)")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
# Control characters except tab: what a server sends with one of them is another response than the application meant.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_NO_CONTENT = 204
_NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Head:
    """
    Status and headers as ASGI wants them.

    Attributes:
        status: Three digits.
        headers: Lower-case names and values; repeated ones stay separate, hop-by-hop ones are gone.
        length: Content-Length in bytes, None if it is not declared.
    """

    status: int
    headers: list[tuple[bytes, bytes]]
    length: int | None

    @property
    def bodiless(self) -> bool:
        """Whether HTTP allows no body with this status."""
        return self.status in {_NO_CONTENT, _NOT_MODIFIED}


def parse_head(status: str, headers: Iterable[tuple[str, str]]) -> Head:
    """
    Check and translate the arguments of ``start_response``.

    Raises:
        InvalidWSGIResponse: They are not of the types that PEP 3333 asks for, or cannot be sent over HTTP.
    """
    if not isinstance(status, str) or not _STATUS.match(status):
        msg = f"status is {status!r}, but must be a string of three digits and a reason, such as '200 OK'"
        raise InvalidWSGIResponse(msg)
    code = int(status[:3])
    length: int | None = None
    result = []
    for item in headers:
        name, value = _pair(item)
        if name is None:
            continue
        if name == b"content-length":
            if code == _NO_CONTENT:  # forbidden by RFC 9110, 8.6
                continue
            if not value.isdigit() or (length is not None and int(value) != length):
                msg = f"Content-Length of the response is {value!r}, but must be one number of bytes"
                raise InvalidWSGIResponse(msg)
            if length is not None:
                continue
            length = int(value)
        result.append((name, value))
    return Head(code, result, length)


def _pair(item: tuple[str, str]) -> tuple[bytes | None, bytes]:
    try:
        name, value = item
        if _FORBIDDEN.search(value):
            msg = f"header {name} contains a control character"
            raise InvalidWSGIResponse(msg)
        return _encode_name(name), value.encode("latin-1").strip(b" \t")
    except (TypeError, ValueError, AttributeError) as error:
        # UnicodeEncodeError is a ValueError. The value may be a secret and stays out of the message.
        what = item[0] if isinstance(item, tuple) and item else item
        msg = f"header {what!r} must be a pair of native strings of latin-1 characters"
        raise InvalidWSGIResponse(msg) from error


@lru_cache(maxsize=1024)
def _encode_name(name: str) -> bytes | None:
    """Return the ASGI name of a header, None for those that belong to the connection and are the server's."""
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is not a header name"
        raise InvalidWSGIResponse(msg)
    return None if is_hop_by_hop(name) else name.lower().encode("ascii")
