"""What is checked on a request's head before anything of its body is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import InvalidContentLength, RequestBodyTooLarge, TooManyHeaders

if TYPE_CHECKING:
    from bridge.types import Scope
    from bridge.wsgi.settings import Settings

__all__ = ["check_body_length", "declared_length"]


def declared_length(scope: Scope, settings: Settings) -> int | None:
    """
    Check the head of a request and return the length of its body in bytes, None if the head does not declare one.

    Raises:
        InvalidContentLength: Content-Length is not a number, or was given with two values.
        RequestBodyTooLarge: The declared length exceeds ``max_body_bytes``.
        TooManyHeaders: There are more than ``max_header_count`` header lines.
    """
    headers = scope["headers"]
    if len(headers) > settings.max_header_count:
        msg = f"{len(headers)} header lines, at most {settings.max_header_count} are allowed: send fewer"
        raise TooManyHeaders(msg)
    lengths: set[bytes] = set()
    chunked = False
    for name, value in headers:
        if name == b"content-length":
            # A list of equal values is one field that was merged on its way (RFC 9110, 8.6).
            lengths.update(part.strip(b" \t") for part in value.split(b","))
        elif name == b"transfer-encoding":
            chunked = True
    if not lengths:
        return None
    if len(lengths) > 1:
        msg = "Content-Length was sent with different values: send one"
        raise InvalidContentLength(msg)
    (text,) = lengths
    # bytes.isdigit() accepts ASCII only; int() alone would take "+5", "5_0" and whitespace.
    if not text.isdigit():
        msg = "Content-Length is not a number of bytes"
        raise InvalidContentLength(msg)
    if chunked:
        # Transfer-Encoding overrides Content-Length (RFC 9112, 6.3): believing both is request smuggling.
        return None
    # More digits than any disk has bytes: int() is quadratic, and refuses more than 4300 of them.
    length = int(text) if len(text) < 20 else 10**20  # noqa: PLR2004  longer than any 64-bit number
    check_body_length(length, settings)
    return length


def check_body_length(length: int, settings: Settings) -> None:
    """
    Refuse a body of *length* bytes, received or declared, if it exceeds the limit.

    Raises:
        RequestBodyTooLarge: *length* exceeds ``max_body_bytes``.
    """
    limit = settings.max_body_bytes
    if limit is not None and length > limit:
        msg = f"the request body exceeds {limit} bytes: send less"
        raise RequestBodyTooLarge(msg)
