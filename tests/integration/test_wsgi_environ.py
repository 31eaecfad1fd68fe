"""
What the application sees through the adapter is what it sees under a WSGI server, for random requests.

The same bytes go over a socket to gunicorn, which serves the Flask application itself, and to uvicorn, which serves it
through the adapter. What may differ, and why:

* ``SERVER_SOFTWARE``, ``gunicorn.*``: name the server.
* ``SERVER_PORT``, ``REMOTE_PORT``: two servers, two connections.
* ``SERVER_NAME``: gunicorn gives the address it is bound to, uvicorn the one the client has connected to; equal here.
* ``REQUEST_URI``: gunicorn has only ``RAW_URI``, Werkzeug's server has both.
* ``HTTP_COOKIE`` of several Cookie headers: gunicorn joins with a comma, which RFC 6265 (5.4) does not allow and which
  no cookie parser splits; the adapter joins with a semicolon.
* ``HTTP_TRANSFER_ENCODING``: both pass it on.
"""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.servers import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

_OWN = {"SERVER_SOFTWARE", "SERVER_PORT", "REMOTE_PORT", "REQUEST_URI"}
# Headers that change how the request is framed or answered are set by the test itself.
_FRAMING = {
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "expect",
    "upgrade",
    "cookie",
    "te",
    "trailer",
    "content-type",
}

_unreserved = string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@"
_segments = st.lists(
    st.one_of(
        st.sampled_from(_unreserved),
        st.integers(0, 255).map(lambda byte: f"%{byte:02X}"),
        st.sampled_from(["%2F", "%2f", "%25", "%3F", "%c3%a9", ".", "..", "%2e%2e"]),
    ),
    max_size=8,
).map("".join)
_paths = st.lists(_segments, min_size=1, max_size=4).map(lambda segments: "/x/" + "/".join(segments))
_queries = st.text(_unreserved + "/?%", max_size=20).map(lambda text: f"?{text}" if text else "")
_names = st.text(string.ascii_letters + string.digits + "-_", min_size=1, max_size=10).filter(
    lambda name: name.lower() not in _FRAMING and name.lower().replace("_", "-") not in _FRAMING
)
# Visible ASCII and obs-text, spaces inside only: servers strip them at the ends.
_values = st.text([chr(code) for code in (*range(0x21, 0x7F), *range(0xA0, 0x100), 0x20)], max_size=20).map(str.strip)
_headers = st.lists(
    st.one_of(
        st.tuples(_names, _values),
        st.tuples(st.sampled_from(["X-Repeated", "x-repeated", "Accept", "X_Repeated"]), _values),
    ),
    max_size=8,
)
_cookies = st.lists(st.from_regex(r"[a-z]{1,4}=[A-Za-z0-9!#-]{0,8}", fullmatch=True), max_size=3)
_blocks = st.lists(st.binary(min_size=1, max_size=40), max_size=4)


@pytest.fixture(scope="module")
def reference() -> Iterator[Server]:
    with serving("gunicorn") as server:
        yield server


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def adapted(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param) as server:
        yield server


def _see(server: Server, request: bytes) -> dict[str, Any]:
    response = server.exchange(request)
    head, _, body = response.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    seen: dict[str, Any] = json.loads(body)
    environ = seen["environ"]
    seen["environ"] = {name: value for name, value in environ.items() if name not in _OWN and name[:3] != "gun"}
    return seen


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    path=_paths,
    query=_queries,
    headers=_headers,
    content_type=st.none() | _values,
    cookies=_cookies,
    blocks=_blocks,
    chunked=st.booleans(),
)
def test_environ_equals_that_of_a_wsgi_server(  # noqa: PLR0917  one parameter for each fixture
    reference: Server,
    adapted: Server,
    method: str,
    path: str,
    query: str,
    headers: list[tuple[str, str]],
    content_type: str | None,
    cookies: list[str],
    blocks: list[bytes],
    chunked: bool,
) -> None:
    lines = [f"{method} {path}{query} HTTP/1.1", "Host: example.org", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [] if content_type is None else [f"Content-Type: {content_type}"]
    lines += [f"Cookie: {cookie}" for cookie in cookies]
    if chunked:
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(block), block) for block in blocks) + b"0\r\n\r\n"
    else:
        body = b"".join(blocks)
        if body:
            lines.append(f"Content-Length: {len(body)}")
    request = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    expected, seen = _see(reference, request), _see(adapted, request)
    if cookies:
        assert expected["environ"].pop("HTTP_COOKIE") == ",".join(cookies)
        assert seen["environ"].pop("HTTP_COOKIE") == "; ".join(cookies)
    assert seen == expected
