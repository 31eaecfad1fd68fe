"""The instruments in a running application, on a share of its requests."""

from __future__ import annotations

import random
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

from bridge.porting.findings import Report
from bridge.porting.instrumented import instrumented

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Engine

    from bridge.types import ASGIApp, Receive, Scope, Send, WSGIApp

__all__ = ["Sample"]


class Sample:
    """
    Looks at a share of the requests. It never raises, and leaves ``expire_on_commit`` as each session has it.

    ``app.add_middleware(sample.asgi)`` for FastAPI, ``app.wsgi_app = sample.wsgi(app.wsgi_app)`` for Flask by itself, and ``with sample.request():``
    for anything else.

    Attributes:
        report: What was found so far.
    """

    def __init__(
        self,
        *engines: Engine,
        rate: float = 0.01,
        report: Report | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """
        Args:
            engines: The synchronous engines to look at.
            rate: Share of requests to look at, from 0 to 1.
            report: Where findings go; by default a new report.
            chance: Draws a number from 0 to 1 for each request.
        """
        self.report = report if report is not None else Report()
        self._engines = engines
        self._rate = rate
        self._chance = chance
        self._chosen: ContextVar[bool] = ContextVar("bridge.porting.sample", default=False)
        self._installed = ExitStack()

    def start(self) -> None:
        """Begin; call it before requests are served, because listeners must not be added under load."""
        self._installed.enter_context(
            instrumented(*self._engines, expire_on_commit=None, report=self.report, active=self._chosen.get)
        )

    def stop(self) -> None:
        """End, after the statements that wait have been checked. Blocks."""
        self._installed.close()

    @contextmanager
    def request(self) -> Iterator[bool]:
        """Treat the block as one request; yield whether it is looked at."""
        chosen = self._chance() < self._rate
        with self._looking(chosen):
            yield chosen

    @contextmanager
    def _looking(self, chosen: bool = True) -> Iterator[None]:  # noqa: FBT001, FBT002 - private, and plain where it is called
        token = self._chosen.set(chosen)
        try:
            yield
        finally:
            self._chosen.reset(token)

    def asgi(self, app: ASGIApp) -> ASGIApp:
        """Wrap an ASGI application; worker threads of the bridge know which request they work for."""

        async def sampling(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            with self.request():
                await app(scope, receive, send)

        return sampling

    def wsgi(self, app: WSGIApp) -> WSGIApp:
        """Wrap a WSGI application, with what its body does when the server iterates it."""

        def sampling(environ: Any, start_response: Any) -> Any:
            with self.request() as chosen:
                body = app(environ, start_response)
            return _Body(body, self._looking) if chosen else body

        return sampling


class _Body:
    """A body that is looked at for as long as one of its chunks is made."""

    def __init__(self, body: Any, looking: Callable[[], AbstractContextManager[None]]) -> None:
        self._body = body
        self._chunks = iter(body)
        self._looking = looking

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        with self._looking():
            chunk: bytes = next(self._chunks)
            return chunk

    def close(self) -> None:
        with self._looking():
            if hasattr(self._body, "close"):
                self._body.close()
