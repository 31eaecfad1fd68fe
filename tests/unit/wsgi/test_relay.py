from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING, Any

import pytest

from bridge.errors import ClientDisconnected, ResponseAborted
from bridge.wsgi.exchange import Exchange
from bridge.wsgi.outbox import Outbox
from bridge.wsgi.relay import Relay
from tests.conformance.client import http_scope

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("error", [ClientDisconnected("x"), ValueError("x")], ids=["disconnect", "crash"])
async def test_only_a_crash_in_mid_stream_is_raised(error: Exception) -> None:
    """A client that has gone needs no broken connection, and the server no traceback."""

    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"a"
        raise error

    async def send(message: Any) -> None:
        sent.append(message["type"])

    sent: list[str] = []
    scope, outbox = http_scope(), Outbox(10)
    exchange = Exchange(app, scope, io.BytesIO(), outbox)
    task = asyncio.create_task(asyncio.to_thread(exchange.run))
    task.add_done_callback(lambda _: outbox.wake())
    await task
    sending = Relay(scope, send, exchange, outbox, task).run(asyncio.Event().wait)
    if isinstance(error, ClientDisconnected):
        await sending
    else:
        with pytest.raises(ResponseAborted):
            await sending
    assert sent == ["http.response.start", "http.response.body"]
