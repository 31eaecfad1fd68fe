from __future__ import annotations

import contextvars
import io
from typing import TYPE_CHECKING, Any

from flask import Flask, g, has_app_context

from bridge.wsgi.contexts import run_outside_flask
from bridge.wsgi.exchange import Exchange
from bridge.wsgi.outbox import Outbox
from tests.conformance.client import http_scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("exchange", default="unset")


async def test_body_is_closed_by_the_thread() -> None:
    """Closing a spooled gigabyte frees its blocks, which the event loop must not wait for."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        assert not body.closed
        start_response("200 OK", [])
        return [b"ok"]

    body = io.BytesIO(b"abc")
    exchange = Exchange(app, http_scope(), body, Outbox(10))
    exchange.run()
    assert exchange.failure is None
    assert body.closed


async def test_stopped_before_it_began_it_never_does() -> None:
    called: list[bool] = []
    outbox = Outbox(10)
    outbox.stop()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        called.append(True)
        return []

    Exchange(app, http_scope(), io.BytesIO(), outbox).run()
    assert called == []


async def test_failure_that_causes_another_is_one_record(caplog: pytest.LogCaptureFixture) -> None:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            raise ValueError

        def close(self) -> None:
            raise LookupError

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body()

    exchange = Exchange(app, http_scope(), io.BytesIO(), Outbox(10))
    exchange.run()
    assert isinstance(exchange.failure, ValueError)
    assert [record.getMessage() for record in caplog.records] == ["GET '/': the application failed: ValueError"]


def test_other_variables_stay_outside_flask() -> None:
    app = Flask("x")
    seen: list[object] = []
    _variable.set("given")
    with app.app_context():
        g.inside = True
        run_outside_flask(lambda: seen.extend([has_app_context(), _variable.get()]))
        assert g.inside
    assert seen == [False, "given"]
