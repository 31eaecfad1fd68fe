"""A raw request, its wire form, and the answer as a client sees it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Final

__all__ = ["IGNORED_HEADERS", "Answer", "RawRequest", "answer_to"]

TIMEOUT_S: Final = 50.0
# What belongs to the connection or to the server, not to the application: WSGI forbids the application to set the first
# four (PEP 3333, "hop-by-hop"), the others are the server's name and clock. Both servers decide alone how to frame a body
# of unknown length; the decoded bytes are compared.
IGNORED_HEADERS: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "trailer", "server", "date"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """
    One HTTP/1.1 request, byte for byte.

    Attributes:
        id: Unique.
        app: The application it is for: ``legacy`` or a variant of the awkward one.
        method: As sent.
        target: As sent, in latin-1.
        headers: Lines as sent, in latin-1; ``Host`` is added where it is missing.
        body: Sent with ``Content-Length``.
        chunks: Sent with ``Transfer-Encoding: chunked`` instead.
        one_cookie: The reference server gets the cookies in one header, because it joins several with a comma.
    """

    id: str
    app: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    chunks: tuple[bytes, ...] | None = None
    one_cookie: bool = False

    def wire(self, *, reference: bool = False) -> bytes:
        """Return the bytes to send."""
        headers = list(self.headers)
        if not any(name.lower() == "host" for name, _ in headers):
            headers.insert(0, ("Host", "corpus.test"))
        if reference and self.one_cookie:
            joined = "; ".join(value for name, value in headers if name.lower() == "cookie")
            headers = [*((name, value) for name, value in headers if name.lower() != "cookie"), ("Cookie", joined)]
        headers.append(("Connection", "close"))
        body = self.body or b""
        if self.chunks is not None:
            headers.append(("Transfer-Encoding", "chunked"))
            body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in self.chunks) + b"0\r\n\r\n"
        elif self.body is not None:
            headers.append(("Content-Length", str(len(self.body))))
        lines = [f"{self.method} {self.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", ""]
        return "\r\n".join(lines).encode("latin-1") + body


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What came back.

    Attributes:
        status: The status code; the reason phrase is the server's.
        headers: Sorted by name; those of one name keep their order; without `IGNORED_HEADERS`.
        body: Without its framing.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for known, value in self.headers if known == name]


def answer_to(request: RawRequest, port: int, *, reference: bool = False) -> Answer:
    """Send *request* to a server of this machine and read its answer to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(request.wire(reference=reference))
        response = HTTPResponse(connection, method=request.method)
        response.begin()
        body = response.read()
    headers = [
        (name.lower(), _as_set(value) if name.lower() == "allow" else value)
        for name, value in response.getheaders()
        if name.lower() not in IGNORED_HEADERS
    ]
    return Answer(response.status, tuple(sorted(headers, key=lambda header: header[0])), body)


def _as_set(value: str) -> str:
    # Flask writes a set, in the order of its hashes.
    return ", ".join(sorted(part.strip() for part in value.split(",")))
