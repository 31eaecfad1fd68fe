from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import pytest

from bridge.errors import ClientDisconnected, RequestBodyTooLarge, RequestBodyTruncated
from bridge.wsgi import Settings, body
from bridge.wsgi.body import BodyReader

if TYPE_CHECKING:
    from bridge.types import Message, Receive


def _receive(*blocks: bytes, then: Message | None = None) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": block, "more_body": True} for block in blocks]
    if then is not None:
        messages.append(then)
    else:
        messages[-1]["more_body"] = False
    iterator = iter(messages)

    async def receive() -> Message:
        return next(iterator)

    return receive


async def test_small_body_costs_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "offload", None)
    file = await BodyReader(Settings(body_memory_bytes=10)).read(_receive(b"abcde", b"fghij"), None)
    assert isinstance(file, io.BytesIO)
    assert file.read() == b"abcdefghij"


async def test_large_body_is_spooled(spooled: list[IO[bytes]]) -> None:
    reader = BodyReader(Settings(body_memory_bytes=10))
    with await reader.read(_receive(*[b"x" * 7] * 9, b"end"), 66) as file:
        assert file.read() == b"x" * 63 + b"end"
        assert spooled == [file]
    assert spooled[0].closed


OUTCOMES = [
    pytest.param({"type": "http.disconnect"}, None, ClientDisconnected, id="disconnect"),
    pytest.param({"type": "http.request", "body": b"x" * 60}, None, RequestBodyTooLarge, id="too large"),
    pytest.param({"type": "http.request", "body": b""}, 55, RequestBodyTruncated, id="too short"),
    pytest.param({"type": "http.request", "body": b"", "more_body": True}, 45, RequestBodyTruncated, id="too long"),
]


@pytest.mark.parametrize(("last", "declared", "error"), OUTCOMES)
async def test_refused_body_closes_its_file(
    last: Message, declared: int | None, error: type[Exception], spooled: list[IO[bytes]]
) -> None:
    reader = BodyReader(Settings(body_memory_bytes=10, max_body_bytes=100))
    with pytest.raises(error):
        await reader.read(_receive(*[b"x" * 10] * 5, then=last), declared)
    assert [file.closed for file in spooled] == [True]


async def test_refusal_in_the_first_message() -> None:
    reader = BodyReader(Settings(max_body_bytes=3))
    with pytest.raises(RequestBodyTooLarge):
        await reader.read(_receive(b"abcd"), None)
    with pytest.raises(RequestBodyTruncated):
        await reader.read(_receive(b"ab"), 3)
    with pytest.raises(ClientDisconnected):
        await reader.read(_receive(then={"type": "http.disconnect"}), None)
