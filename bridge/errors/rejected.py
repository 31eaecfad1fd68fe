"""The client's request cannot be served as it was sent."""

from __future__ import annotations

from typing import ClassVar

from bridge.errors.base import BridgeError

__all__ = [
    "ClientDisconnected",
    "InvalidContentLength",
    "RequestBodyTooLarge",
    "RequestBodyTruncated",
    "RequestRejected",
    "TooManyHeaders",
]


class RequestRejected(BridgeError):
    """The client's request cannot be served as it was sent; answered with *status*, nothing is logged."""

    code = "request-rejected"
    status: ClassVar[int] = 400


class ClientDisconnected(RequestRejected):
    """The client went away before its request or its response was complete."""

    code = "client-disconnected"


class InvalidContentLength(RequestRejected):
    """Content-Length is not a number of bytes, or was given twice with different values."""

    code = "invalid-content-length"


class RequestBodyTruncated(RequestRejected):
    """The body is shorter or longer than its Content-Length."""

    code = "request-body-truncated"


class RequestBodyTooLarge(RequestRejected):
    """The body exceeds the configured maximum."""

    code = "request-body-too-large"
    status = 413


class TooManyHeaders(RequestRejected):
    """The request has more header lines than the configured maximum."""

    code = "too-many-headers"
    status = 431
