"""A PEP 3333 environ from an ASGI scope."""

from __future__ import annotations

import sys
from functools import lru_cache
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

from bridge.wsgi.files import FileWrapper

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from bridge.types import Scope

__all__ = ["build_environ"]

# What quote() leaves alone in a path besides letters and digits (RFC 3986, 3.3: pchar and "/").
_PATH_SAFE = "/:@!$&'()*+,;=-._~"


def build_environ(scope: Scope, body: bytes | IO[bytes] = b"") -> WSGIEnvironment:
    """
    Return the environ that a WSGI server would give to an application for the same request.

    Text is "bytes as latin-1" as PEP 3333 wants it. The scope is trusted: client, scheme and server are taken from it,
    forwarding headers are only passed on, so a server that has applied them has applied them once.

    Args:
        scope: An ASGI scope of type ``http``.
        body: The whole request body, or a binary file that ends where the body ends. The caller closes the file.
    """
    script_name, path_info, raw_path = _paths(scope)
    query = scope.get("query_string", b"").decode("latin-1")
    scheme = scope.get("scheme", "http")
    host, port = scope.get("server") or (None, None)
    if port is None:  # a Unix socket, or an unknown server
        host, port = "localhost", 443 if scheme == "https" else 80
    uri = f"{raw_path}?{query}" if query else raw_path
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path_info,
        "QUERY_STRING": query,
        "RAW_URI": uri,
        "REQUEST_URI": uri,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": BytesIO(body) if isinstance(body, bytes) else body,
        # Without it Werkzeug takes a body without Content-Length (chunked, HTTP/2) for an empty one.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        # Whether the server runs several processes cannot be known here, and True is the safe answer.
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    client = scope.get("client")
    if client is not None:
        environ["REMOTE_ADDR"] = client[0]
        environ["REMOTE_PORT"] = str(client[1])
    _add_headers(environ, scope["headers"])
    return environ


def _add_headers(environ: WSGIEnvironment, headers: list[tuple[bytes, bytes]]) -> None:
    for raw_name, raw_value in headers:
        name = _variable(raw_name)
        if name is None:
            continue
        # Optional white space around a value is not part of it (RFC 9110, 5.5); some parsers leave it there.
        value = raw_value.decode("latin-1").strip(" \t")
        if name not in environ:
            environ[name] = value
        elif name == "HTTP_COOKIE":
            # The one header whose list is separated by a semicolon (RFC 6265, 5.4; RFC 9113, 8.2.3).
            environ[name] += f"; {value}"
        elif name == "CONTENT_TYPE":
            # Not a list, so joining makes nonsense; the last one counts, as in gunicorn.
            environ[name] = value
        elif name != "CONTENT_LENGTH":
            environ[name] += f",{value}"
    if "HTTP_TRANSFER_ENCODING" in environ:
        # Overridden by Transfer-Encoding (RFC 9112, 6.3).
        environ.pop("CONTENT_LENGTH", None)
    elif "CONTENT_LENGTH" in environ:
        environ["CONTENT_LENGTH"] = environ["CONTENT_LENGTH"].partition(",")[0].strip(" \t")


@lru_cache(maxsize=1024)
def _variable(name: bytes) -> str | None:
    """Return the CGI variable of a header, None if it must not reach the application."""
    if b"_" in name:
        # X_User would land on the variable of X-User, which a proxy may have set and vouched for.
        return None
    variable = name.decode("latin-1").upper().replace("-", "_")
    return variable if variable in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{variable}"


def _paths(scope: Scope) -> tuple[str, str, str]:
    """Return SCRIPT_NAME, PATH_INFO and the path as the client sent it."""
    path: str = scope["path"]
    encoded = path.encode("utf-8", "surrogateescape")
    raw: bytes = scope.get("raw_path") or b""
    if raw:
        raw = raw.partition(b"?")[0]
        decoded = unquote_to_bytes(raw) if b"%" in raw else raw
        # Servers replace what is not UTF-8, so only raw_path has the bytes; but a middleware may have rewritten path.
        if decoded == encoded or decoded.decode("utf-8", "replace") == path:
            encoded = decoded
        else:
            raw = b""
    sent = raw.decode("latin-1") if raw else quote_from_bytes(encoded, safe=_PATH_SAFE)
    root = scope.get("root_path", "").rstrip("/").encode("utf-8", "surrogateescape")
    if root and (encoded == root or encoded.startswith(root + b"/")):
        encoded = encoded[len(root) :]
    return root.decode("latin-1"), encoded.decode("latin-1"), sent
