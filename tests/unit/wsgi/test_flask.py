"""The short way is Flask's own way, and is left where it would not be."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, Response, abort, request, signals
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Mapped, mapped_column, scoped_session, sessionmaker
from sqlalchemy.pool import StaticPool

from bridge.offload import Capacity
from bridge.wsgi import WSGIAdapter
from bridge.wsgi.flask import is_plain_flask
from tests.conformance.client import fetch, http_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import ASGIApp


def serve(app: Any) -> ASGIApp:
    return WSGIAdapter(app, capacity=Capacity(4))


class _Overriding(Flask):
    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        return super().wsgi_app(environ, start_response)


def test_only_flasks_own_way_is_shortened() -> None:
    app = Flask("x")
    assert is_plain_flask(app)
    app.wsgi_app = app.wsgi_app  # type: ignore[method-assign]  # replaced for the test
    assert not is_plain_flask(app)
    assert not is_plain_flask(_Overriding("x"))
    assert not is_plain_flask(app.wsgi_app)


async def test_middleware_may_be_wrapped_at_any_time() -> None:
    app = Flask("x")
    app.get("/")(lambda: request.environ.get("tag", "none"))
    served = serve(app)
    assert (await fetch(served)).content == b"none"
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        return inner(environ | {"tag": "wrapped"}, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]  # replaced for the test
    assert (await fetch(served)).content == b"wrapped"


def _traced(configure: Callable[[Flask], None]) -> tuple[Flask, list[str]]:
    """An application that writes down everything that happens around a view."""
    app = Flask("traced")
    app.logger.disabled = True
    trace: list[str] = []

    def note(name: str) -> Callable[..., None]:
        return lambda *args, **kwargs: trace.append(f"{name} {kwargs.get('exception') or kwargs.get('exc') or ''!r}")

    for name in ("request_started", "request_finished", "request_tearing_down", "appcontext_tearing_down",
                 "appcontext_pushed", "appcontext_popped", "got_request_exception"):  # fmt: skip
        handler = note(name)
        getattr(signals, name).connect(handler, app)
        app.extensions[name] = handler  # signals hold their receivers weakly
    app.before_request(lambda: trace.append("before"))
    app.teardown_request(lambda error: trace.append(f"teardown {error!r}"))
    app.teardown_appcontext(lambda error: trace.append(f"teardown app {error!r}"))

    @app.after_request
    def after(response: Response) -> Response:
        trace.append("after")
        response.call_on_close(lambda: trace.append("close"))
        return response

    @app.get("/")
    def index() -> str:
        return "hello"

    @app.get("/crash")
    def crash() -> str:
        raise ZeroDivisionError

    @app.get("/abort")
    def refuse() -> str:
        abort(418)

    @app.get("/exit")
    def leave() -> str:
        raise SystemExit(3)

    @app.get("/stream")
    def stream() -> Response:
        return Response(iter(["a", "b"]))

    configure(app)
    return app, trace


def _plain(app: Flask) -> None:
    pass


def _handler(app: Flask) -> None:
    app.register_error_handler(500, lambda error: (f"handled {type(error.original_exception).__name__}", 500))


def _testing(app: Flask) -> None:
    app.testing = True


def _propagating(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = True


def _debug(app: Flask) -> None:
    app.debug = True


def _failing_hook(app: Flask) -> None:
    @app.after_request
    def fail(response: Response) -> Response:
        raise LookupError


def _failing_teardown(app: Flask) -> None:
    @app.teardown_request
    def fail(_: Any) -> None:
        raise LookupError


def _ignoring(app: Flask) -> None:
    app.should_ignore_error = lambda error: isinstance(error, ZeroDivisionError)  # type: ignore[method-assign]  # replaced for the test


class _OwnAnswer(Response):
    def __call__(self, environ: Any, start_response: Any) -> Any:
        start_response("299 Own", [("X-Path", request.path)])  # within the context
        return [b"own"]


def _own_response(app: Flask) -> None:
    app.response_class = _OwnAnswer


CONFIGURATIONS = [
    _plain, _handler, _testing, _propagating, _debug, _failing_hook, _failing_teardown, _ignoring, _own_response,
]  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/crash", "/abort", "/exit", "/stream", "/missing"])
@pytest.mark.parametrize("configure", CONFIGURATIONS, ids=lambda function: function.__name__.strip("_"))
async def test_short_way_equals_wsgi_app(configure: Callable[[Flask], None], path: str) -> None:
    """The same hooks, signals, teardown arguments, status, headers and body, in the same order."""
    results = []
    for wrapped in (False, True):
        app, trace = _traced(configure)
        if wrapped:
            inner = app.wsgi_app
            app.wsgi_app = lambda environ, start, inner=inner: inner(environ, start)  # type: ignore[method-assign,misc]  # replaced for the test, by a lambda with a default
        connection = await fetch(serve(app), http_scope(path))
        results.append((trace, connection.status, connection.headers, connection.content))
    assert results[0] == results[1]
    assert "teardown app" in " ".join(results[0][0])


async def test_flask_sqlalchemy_has_one_session_per_request(tmp_path: Any) -> None:
    app = Flask("shop")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/shop.db"
    db: Any = SQLAlchemy()
    db.init_app(app)
    sessions: list[int] = []
    removed: list[bool] = []

    class Item(db.Model):  # type: ignore[misc]  # Flask-SQLAlchemy and Flask-Login are not typed
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    @app.post("/<name>")
    def add(name: str) -> str:
        sessions.append(id(db.session()))
        db.session.add(Item(name=name))
        if name == "bad":
            db.session.flush()
            abort(409)
        db.session.commit()
        return str(len(db.session.scalars(select(Item)).all()))

    @app.get("/")
    def names() -> list[str]:
        return list(db.session.scalars(select(Item.name).order_by(Item.id)))

    app.teardown_appcontext(lambda _: removed.append(True))
    with app.app_context():
        db.create_all()
    removed.clear()
    served = serve(app)
    for name in ("a", "bad", "b"):
        await fetch(served, http_scope(f"/{name}", method="POST"))
    assert (await fetch(served)).content == b'["a","b"]\n'
    assert len(removed) == 4
    with app.app_context():
        assert db.engine.pool.checkedout() == 0
        db.engine.dispose()


async def test_scoped_session_is_removed_on_its_thread() -> None:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    sessions = scoped_session(sessionmaker(engine))
    app = Flask("x")
    threads: list[int] = []

    @app.teardown_appcontext
    def remove(_: Any) -> None:
        threads.append(threading.get_ident())
        sessions.remove()

    @app.get("/")
    def view() -> Response:
        assert not sessions.registry.has(), "a session was left on the thread"
        threads.append(threading.get_ident())
        return Response(str(sessions.execute(text("select 42")).scalar()))

    served = serve(app)
    for _ in range(10):
        assert (await fetch(served)).content == b"42"
    assert threads[::2] == threads[1::2]
    engine.dispose()


async def test_flask_login_knows_the_user() -> None:
    app = Flask("x")
    app.secret_key = "not a secret"
    manager = LoginManager(app)

    class User(UserMixin):  # type: ignore[misc]  # Flask-SQLAlchemy and Flask-Login are not typed
        def __init__(self, name: str) -> None:
            self.id = name

    manager.user_loader(User)

    @app.post("/login/<name>")
    def login(name: str) -> str:
        login_user(User(name))
        return "ok"

    @app.get("/me")
    @login_required  # type: ignore[untyped-decorator]  # Flask-Login is not typed
    def me() -> str:
        return str(current_user.id)

    served = serve(app)
    assert (await fetch(served, http_scope("/me"))).status == 401
    cookies = {}
    for name in ("ann", "bob"):
        answer = await fetch(served, http_scope(f"/login/{name}", method="POST"))
        cookies[name] = answer.header("set-cookie")[0].partition(";")[0].encode()
    for name in ("ann", "bob", "ann"):
        assert (await fetch(served, http_scope("/me", [(b"cookie", cookies[name])]))).content == name.encode()
    assert (await fetch(served, http_scope("/me"))).status == 401
