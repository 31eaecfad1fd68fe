"""A WSGI application as an ASGI application."""

from __future__ import annotations

import asyncio
import io
from functools import partial
from typing import IO, TYPE_CHECKING

from anyio import CancelScope

from bridge.errors import ClientDisconnected, RequestRejected, UnsupportedScope
from bridge.offload import Capacity, offload, settled
from bridge.wsgi.body import BodyReader
from bridge.wsgi.exchange import Exchange
from bridge.wsgi.head import declared_length
from bridge.wsgi.inbox import Inbox
from bridge.wsgi.outbox import Outbox
from bridge.wsgi.refusal import deny_websocket, refuse
from bridge.wsgi.relay import Relay
from bridge.wsgi.settings import Settings
from bridge.wsgi.upload import feed, wait_for_disconnect

if TYPE_CHECKING:
    from bridge.types import Receive, Scope, Send, WSGIApp

__all__ = ["WSGIAdapter"]


class WSGIAdapter:
    """
    Serve a WSGI application as an ASGI application, byte for byte as a WSGI server would.

    A request costs one hop to a worker thread, where the application runs and its response is iterated and closed. A
    Flask application whose ``wsgi_app`` is not wrapped skips ``start_response``; everything else goes through PEP 3333.
    """

    def __init__(self, app: WSGIApp, *, capacity: Capacity, settings: Settings | None = None) -> None:
        """
        Args:
            app: The WSGI application; a Flask application, usually.
            capacity: Bounds how many requests run at once; a streamed response counts until its end.
            settings: Limits; None is the defaults.
        """
        self._app = app
        self._capacity = capacity
        self._settings = settings or Settings()
        self._bodies = BodyReader(self._settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Answer one ASGI connection.

        Raises:
            ResponseAborted: The application failed after its response had started; the server closes the connection.
            UnsupportedScope: The scope is none of ``http``, ``websocket`` and ``lifespan``.

        Cancellation:
            Before the application runs: it never does. Afterwards: its SQL statement is stopped if the engine is stoppable, it is
            told to stop at its next block of the request or the response, and the cancellation is delivered when its thread is done.
        """
        kind = scope["type"]
        if kind == "http":
            await self._serve(scope, receive, send)
        elif kind == "lifespan":
            await _live(receive, send)
        elif kind == "websocket":
            await deny_websocket(scope, receive, send)
        else:
            msg = f"a WSGI application cannot serve a scope of type {kind!r}: route it elsewhere"
            raise UnsupportedScope(msg)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        settings = self._settings
        try:
            declared = declared_length(scope, settings)
            if settings.body == "on_demand":
                inbox = Inbox(settings.body_memory_bytes)
                body: IO[bytes] = io.BufferedReader(inbox)
                watch = partial(feed, receive, inbox, settings, declared)
            else:
                inbox = None
                body = await self._bodies.read(receive, declared)
                watch = partial(wait_for_disconnect, receive)
        except ClientDisconnected:
            return
        except RequestRejected as error:
            await refuse(scope, send, error)
            return
        outbox = Outbox(settings.stream_buffer_bytes)
        exchange = Exchange(self._app, scope, body, outbox)
        admission = CancelScope()
        task = asyncio.create_task(self._offload(exchange, admission))
        task.add_done_callback(lambda _: outbox.wake())
        relay = Relay(scope, send, exchange, outbox, task)
        try:
            if inbox is None and not settings.watch_disconnect:
                await relay.run(watch)
            else:
                await relay.watched(watch)
        finally:
            if not task.done():
                outbox.stop()
                if inbox is not None:
                    inbox.fail(ClientDisconnected("the request was cancelled"))
                admission.cancel()
                await settled(task)
            body.close()

    async def _offload(self, exchange: Exchange, admission: CancelScope) -> None:
        # A scope instead of cancelling the task: it ends the wait for a token, but not the wait for a thread, whose
        # token would otherwise be returned while it runs.
        with admission:
            await offload(exchange.run, capacity=self._capacity)


async def _live(receive: Receive, send: Send) -> None:
    """Answer the lifespan protocol: a WSGI application neither starts nor stops."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
