"""The adapters that the suite compares, each as a function from a WSGI to an ASGI application."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import a2wsgi
from asgiref.wsgi import WsgiToAsgi

from bridge.offload import Capacity
from bridge.wsgi import Settings, WSGIAdapter

with warnings.catch_warnings():
    # Deprecated, but what FastAPI's documentation named for years.
    warnings.simplefilter("ignore")
    from starlette.middleware.wsgi import WSGIMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import ASGIApp, WSGIApp

    Adapter = Callable[[WSGIApp], ASGIApp]

__all__ = ["OURS", "PEERS", "WORKERS"]

# As many threads as a2wsgi has by default; the others have more.
WORKERS = 10


def bridge(app: WSGIApp) -> ASGIApp:
    return WSGIAdapter(app, capacity=Capacity(WORKERS))


def bridge_on_demand(app: WSGIApp) -> ASGIApp:
    return WSGIAdapter(app, capacity=Capacity(WORKERS), settings=Settings(body="on_demand"))


def bridge_wrapped(app: WSGIApp) -> ASGIApp:
    """Ours with a middleware around the application, so that a Flask application goes through PEP 3333."""

    def middleware(environ: Any, start_response: Any) -> Any:
        return app(environ, start_response)

    return WSGIAdapter(middleware, capacity=Capacity(WORKERS))


def a2wsgi_middleware(app: WSGIApp) -> ASGIApp:
    adapter: Any = a2wsgi.WSGIMiddleware(app, workers=WORKERS)  # type: ignore[arg-type]  # not typed
    return adapter  # type: ignore[no-any-return]  # not typed


def asgiref_wsgi(app: WSGIApp) -> ASGIApp:
    adapter: Any = WsgiToAsgi(app)
    return adapter  # type: ignore[no-any-return]  # not typed


def starlette_wsgi(app: WSGIApp) -> ASGIApp:
    adapter: Any = WSGIMiddleware(app)
    return adapter  # type: ignore[no-any-return]  # not typed


OURS: dict[str, Adapter] = {"bridge": bridge, "bridge-pep3333": bridge_wrapped, "bridge-on-demand": bridge_on_demand}
PEERS: dict[str, Adapter] = {"a2wsgi": a2wsgi_middleware, "asgiref": asgiref_wsgi, "starlette": starlette_wsgi}
