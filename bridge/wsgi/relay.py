"""The response on the event loop: from the outbox to the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from anyio import CancelScope

from bridge.errors import ClientDisconnected, RequestRejected, ResponseAborted, Unavailable
from bridge.wsgi.refusal import refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from bridge.types import Scope, Send
    from bridge.wsgi.exchange import Exchange
    from bridge.wsgi.outbox import Delivery, Outbox
    from bridge.wsgi.response import Head

    Watch = Callable[[], Coroutine[Any, Any, object]]

__all__ = ["Relay"]


class Relay:
    """Sends one response: at once when it is complete, else block by block until the client goes away."""

    __slots__ = ("_exchange", "_outbox", "_scope", "_send", "_task", "_watching")

    def __init__(self, scope: Scope, send: Send, exchange: Exchange, outbox: Outbox, task: asyncio.Task[None]) -> None:
        """
        Args:
            scope: The scope of the request.
            send: The ASGI callable.
            exchange: What runs on the worker thread.
            outbox: Where the response comes from.
            task: Waits for the worker thread.
        """
        self._scope = scope
        self._send = send
        self._exchange = exchange
        self._outbox = outbox
        self._task = task
        self._watching = False

    async def watched(self, watch: Watch) -> None:
        """
        As `run`, but *watch* from the beginning instead of from the first block.

        Raises:
            ResponseAborted: As `run`.
        """
        self._watching = True
        await _until(watch, self.run(watch))

    async def run(self, watch: Watch) -> None:
        """
        Send the response; return when it is sent or nobody wants it.

        Args:
            watch: Returns when the client goes away; only called for a streamed response, as it costs a task.

        Raises:
            ResponseAborted: The application failed after its response had started.
        """
        delivery = await self._outbox.take()
        head = delivery.head
        try:
            if delivery.complete and head is not None:
                await self._start(head)
                await self._send({"type": "http.response.body", "body": delivery.data, "more_body": False})
            elif head is None:
                await self._fail()
            elif self._watching:
                await self._stream(head, delivery)
            else:
                # Some servers drop what is sent to a client that has gone, without a word.
                await _until(watch, self._stream(head, delivery))
        except OSError:
            # ASGI 2.4: send raises it when the client has gone. Nothing else in here touches the system.
            return

    async def _stream(self, head: Head, delivery: Delivery) -> None:
        await self._start(head)
        while not delivery.complete:
            done = self._task.done()
            if delivery.data:
                await self._send({"type": "http.response.body", "body": delivery.data, "more_body": True})
            if done:
                await self._fail()
                return
            delivery = await self._outbox.take()
        await self._send({"type": "http.response.body", "body": delivery.data, "more_body": False})

    async def _start(self, head: Head) -> None:
        await self._send({"type": "http.response.start", "status": head.status, "headers": head.headers})

    async def _fail(self) -> None:
        try:
            self._task.result()  # raises what kept the call from running at all
        except Unavailable as error:
            await refuse(self._scope, self._send, error)
            return
        failure = self._exchange.failure
        if isinstance(failure, ClientDisconnected):
            return
        if not self._exchange.started:
            await refuse(self._scope, self._send, failure if isinstance(failure, RequestRejected) else None)
            return
        msg = f"the application failed after its response had started ({type(failure).__name__}): connection closed"
        raise ResponseAborted(msg) from failure


async def _until(watch: Watch, sending: Awaitable[None]) -> None:
    """Await *sending*, but give it up when *watch* returns."""
    with CancelScope() as scope:
        watcher = asyncio.create_task(watch())
        watcher.add_done_callback(lambda _: scope.cancel())
        try:
            await sending
        finally:
            watcher.cancel()
    if watcher.done() and not watcher.cancelled():
        watcher.result()
