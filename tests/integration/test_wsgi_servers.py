"""The adapter works under the servers that people run."""

from __future__ import annotations

import hashlib
import http.client
from typing import TYPE_CHECKING

import pytest

from tests.integration.servers import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn", "granian"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[http.client.HTTPConnection]:
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    yield client
    client.close()


def test_trivial_view(client: http.client.HTTPConnection) -> None:
    for _ in range(3):  # on one connection
        client.request("GET", "/")
        response = client.getresponse()
        assert (response.status, response.read()) == (200, b"hello")


def test_head(client: http.client.HTTPConnection) -> None:
    client.request("HEAD", "/")
    response = client.getresponse()
    assert (response.read(), response.getheader("content-length")) == (b"", "5")
    client.request("GET", "/")
    assert client.getresponse().read() == b"hello"


def test_streamed_view(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/stream")
    assert client.getresponse().read() == b"".join(b"%d\n" % number for number in range(1000))


@pytest.mark.parametrize("chunked", [False, True])
def test_upload(client: http.client.HTTPConnection, chunked: bool) -> None:
    data = bytes(range(251)) * 12_000
    blocks = [data[i : i + 50_000] for i in range(0, len(data), 50_000)]
    if chunked:
        client.request("POST", "/digest", iter(blocks), encode_chunked=True)
    else:
        client.request("POST", "/digest", data)
    assert client.getresponse().read().decode() == f"{len(data)} {hashlib.sha256(data).hexdigest()}"


def test_download(client: http.client.HTTPConnection) -> None:
    client.request("GET", "/download/8")
    response = client.getresponse()
    assert len(response.read()) == int(response.getheader("content-length") or 0) == 8 * 1_048_576


def test_disconnect_stops_an_endless_stream(server: Server, client: http.client.HTTPConnection) -> None:
    with server.connect() as connection:
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while b"tick" not in received:
            received += connection.recv(1000)
    client.request("GET", "/closed")
    assert client.getresponse().read() == b"True"


def test_broken_upload_leaves_the_server_well(server: Server, client: http.client.HTTPConnection) -> None:
    for _ in range(12):  # three times the capacity
        with server.connect() as connection:
            connection.sendall(b"POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nhalf")
    client.request("GET", "/")
    assert client.getresponse().read() == b"hello"


def test_two_lengths_are_400(server: Server) -> None:
    request = b"POST /digest HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"
    assert server.exchange(request).startswith(b"HTTP/1.1 400 ")
