"""The facade sends each request to the side that answers it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock

import pytest
from fastapi import FastAPI, WebSocket
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from bridge import RouteShadowed
from tests.unit.routing.applications import UNUSED, client_of, flask_with, installed

if TYPE_CHECKING:
    from pathlib import Path

    from bridge import BridgeRouter
    from bridge.types import ASGIApp, Message, Receive, Scope, Send

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Starlette's, about the HTTP client it will use
    from fastapi.testclient import TestClient

RULES = {
    "users": "GET,POST /users",
    "user": "/users/<int:user_id>",
    "change": "PUT,DELETE /users/<int:user_id>",
    "me": "/users/me",
    "slash": "/slash/",
}


async def show(user_id: int) -> dict[str, Any]:
    return {"by": "fastapi", "id": user_id}


async def port() -> dict[str, str]:
    return {"by": "fastapi"}


def declare_user(router: BridgeRouter) -> None:
    router.get("/users/{user_id}")(show)


def answered_by(answer: Any) -> str:
    by: str = answer.json()["by"]
    return by


async def test_a_ported_rule_does_not_swallow_its_siblings() -> None:
    app, _ = installed(flask_with(RULES), declare_user)
    async with client_of(app) as client:
        assert (await client.get("/users/3")).json() == {"by": "fastapi", "id": 3}
        assert (await client.get("/users/me")).json()["endpoint"] == "me"
        assert (await client.get("/users/-3")).status_code == 404
        assert (await client.get("/users/abc")).status_code == 404
        assert (await client.put("/users/3")).json()["endpoint"] == "change"
        assert (await client.get("/users")).json()["endpoint"] == "users"


async def test_the_answer_names_its_path_unless_told_not_to() -> None:
    app, bridge = installed(flask_with(RULES), declare_user)
    async with client_of(app) as client:
        assert (await client.get("/users/3")).headers["bridge-path"] == "native"
        assert (await client.get("/users/me")).headers["bridge-path"] == "flask"
        bridge.stages.set("GET /users/{user_id}", "legacy")
        assert (await client.get("/users/3")).headers["bridge-path"] == "flask"
    app, _ = installed(flask_with(RULES), declare_user, path_header=False)
    async with client_of(app) as client:
        assert "bridge-path" not in (await client.get("/users/3")).headers
        assert "bridge-path" not in (await client.get("/users/me")).headers


async def test_head_is_get_without_the_body() -> None:
    app, _ = installed(flask_with(RULES), declare_user)
    async with client_of(app) as client:
        get, head = await client.get("/users/3"), await client.head("/users/3")
    assert (head.status_code, head.headers) == (200, get.headers)
    assert get.content
    # The client above ignores the body of a HEAD response.
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "HEAD", "path": "/users/3", "query_string": b"", "headers": []}
    await app(scope, AsyncMock(return_value={"type": "http.request"}), send)
    assert [message.get("body", b"") for message in sent] == [b""] * len(sent)


async def test_options_and_405_name_the_methods_of_both_sides() -> None:
    def declare(router: BridgeRouter) -> None:
        declare_user(router)
        router.patch("/users/{user_id:int}", replaces=None)(show)

    app, _ = installed(flask_with(RULES), declare)
    allowed = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"}
    async with client_of(app) as client:
        for method, status in (("OPTIONS", 200), ("POST", 405)):
            answer = await client.request(method, "/users/3")
            assert (answer.status_code, answer.headers["bridge-path"]) == (status, "flask")
            assert set(answer.headers["allow"].split(", ")) == allowed
        assert answered_by(await client.patch("/users/3")) == "fastapi"
        assert "PATCH" not in (await client.options("/users/me")).headers["allow"]


async def test_a_missing_slash_is_redirected_by_the_side_that_has_the_rule() -> None:
    app, _ = installed(flask_with(RULES), lambda router: router.get("/slash/")(port))
    app.add_api_route("/fresh/", port)
    async with client_of(app) as client:
        flask, fastapi = await client.get("/slash?q=1"), await client.get("/fresh")
        assert (flask.status_code, flask.headers["location"]) == (308, "http://localhost/slash/?q=1")
        assert (fastapi.status_code, fastapi.headers["location"]) == (307, "http://localhost/fresh/")
        assert answered_by(await client.get("/slash/")) == "fastapi"
        assert (await client.get("/users/")).status_code == 404


async def test_a_slash_that_only_flask_allows_stays_with_flask() -> None:
    flask = flask_with({})
    flask.add_url_rule("/loose", "loose", lambda: {"by": "flask"}, strict_slashes=False)
    app, _ = installed(flask, lambda router: router.get("/loose")(port))
    async with client_of(app) as client:
        assert answered_by(await client.get("/loose")) == "fastapi"
        assert answered_by(await client.get("/loose/")) == "flask"
        assert answered_by(await client.get("http://localhost//loose")) == "flask"


async def test_a_retired_operation_is_fastapis_and_its_siblings_are_still_flasks() -> None:
    app, _ = installed(flask_with(RULES), lambda router: router.get("/users/{user_id:int}", retired=True)(show))
    async with client_of(app) as client:
        assert answered_by(await client.get("/users/3")) == "fastapi"
        assert (await client.get("/users/me")).json()["endpoint"] == "me"
        assert (await client.put("/users/3")).json()["endpoint"] == "change"
        assert (await client.get("/users/abc")).status_code == 404
        assert (await client.head("/users/3")).status_code == 200
        options = await client.options("/users/3")
        assert set(options.headers["allow"].split(", ")) == {"OPTIONS", "PUT", "DELETE", "GET", "HEAD"}


async def test_flask_is_not_asked_about_a_retired_operation() -> None:
    flask = flask_with({"user": "/users/<int:user_id>"})
    app, bridge = installed(flask, lambda router: router.get("/users/{user_id:int}", retired=True)(show))
    bridge.stages.set("GET /users/{user_id}", "legacy")
    async with client_of(app) as client:
        assert answered_by(await client.get("/users/3")) == "fastapi"
        assert (await client.get("/users/3/")).status_code == 307


@pytest.mark.parametrize("converter", ["path", "flask_path"])
async def test_a_retired_path_variable_may_hold_slashes(converter: str) -> None:
    async def tree(rest: str) -> dict[str, str]:
        return {"by": "fastapi", "rest": rest}

    def declare(router: BridgeRouter) -> None:
        router.get(f"/tree/{{rest:{converter}}}", retired=True)(tree)

    app, _ = installed(flask_with({"tree": "/tree/<path:rest>"}), declare)
    async with client_of(app) as client:
        assert (await client.get("/tree/a/b/c")).json() == {"by": "fastapi", "rest": "a/b/c"}


async def test_routes_mounts_and_documentation_of_fastapi_are_served() -> None:
    app, _ = installed(flask_with(RULES), declare_user)
    app.add_api_route("/fresh", port, methods=["POST"])
    app.mount("/mounted", Starlette(routes=[Route("/{rest:path}", lambda _: PlainTextResponse("mounted"))]))
    async with client_of(app) as client:
        assert answered_by(await client.post("/fresh")) == "fastapi"
        assert (await client.put("/fresh")).status_code == 405
        assert (await client.get("/mounted/a/b")).text == "mounted"
        assert (await client.get("/docs")).status_code == 200
        assert "/users/{user_id}" in (await client.get("/openapi.json")).json()["paths"]
        unknown = await client.get("/unknown")
        assert (unknown.status_code, unknown.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_a_path_that_flask_has_is_not_the_documentations() -> None:
    app, _ = installed(flask_with({"docs": "/docs/<path:page>", "star": "/redoc/<page>"}))
    async with client_of(app) as client:
        assert answered_by(await client.get("/docs/x/y")) == "flask"
        assert answered_by(await client.get("/redoc/x")) == "flask"


async def test_a_root_path_of_the_server_is_not_part_of_the_path() -> None:
    app, _ = installed(flask_with(RULES), declare_user)

    async def below_root(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "root_path": "/api"}, receive, send)  # as uvicorn --root-path /api leaves the scope

    async with client_of(below_root) as client:
        assert answered_by(await client.get("/api/users/3")) == "fastapi"
        assert answered_by(await client.get("/api/users/me")) == "flask"
        assert (await client.get("/api/slash")).headers["location"] == "http://localhost/api/slash/"
        assert (await client.get("/apiusers/3")).status_code == 404


async def test_the_application_works_below_a_mount() -> None:
    app, _ = installed(flask_with(RULES), declare_user)
    async with client_of(Starlette(routes=[Mount("/api", app=app)])) as client:
        assert answered_by(await client.get("/api/users/3")) == "fastapi"
        assert answered_by(await client.get("/api/users/me")) == "flask"
        assert (await client.get("/users/3")).status_code == 404


async def test_the_host_decides_where_flask_matches_hosts() -> None:
    flask = flask_with({}, host_matching=True)
    flask.add_url_rule("/", "www", lambda: {"by": "flask"}, host="www.example.org")
    flask.add_url_rule("/", "shop", lambda tenant: {"by": tenant}, host="<tenant>.shop.org")
    app, _ = installed(flask, lambda router: router.get("/", replaces="www")(port))
    async with client_of(app) as client:
        for host, by in (("www.example.org", "fastapi"), ("a.shop.org", "a")):
            assert answered_by(await client.get("/", headers={"host": host})) == by
        assert (await client.get("/", headers={"host": "example.org"})).status_code == 404


async def test_the_subdomain_decides_where_flask_matches_subdomains() -> None:
    flask = flask_with({}, subdomain_matching=True)
    flask.config["SERVER_NAME"] = "example.org"
    flask.add_url_rule("/", "apex", lambda: {"by": "flask"})
    flask.add_url_rule("/", "api", lambda: {"by": "flask"}, subdomain="api")
    app, _ = installed(flask, lambda router: router.get("/", replaces="api")(port))
    async with client_of(app) as client:
        for host, by in (("api.example.org", "fastapi"), ("example.org", "flask")):
            assert answered_by(await client.get("/", headers={"host": host})) == by


async def test_a_route_that_fastapi_tries_too_early_is_an_error_that_names_both() -> None:
    async def by_name(name: str) -> dict[str, str]:
        return {"name": name}

    def declare(router: BridgeRouter) -> None:
        router.get("/users/{name}", replaces="by_name")(by_name)
        router.get("/users/{user_id:int}", replaces="by_id")(show)

    app, _ = installed(flask_with({"by_id": "/users/<int:user_id>", "by_name": "/users/<name>"}), declare)
    async with client_of(app) as client:
        assert (await client.get("/users/ada")).json() == {"name": "ada"}
        with pytest.raises(RouteShadowed, match=r"for GET /users/{user_id}, .* gave it to GET /users/{name}"):
            await client.get("/users/3")


async def test_a_plain_route_that_fastapi_tries_too_late_is_an_error_that_says_so() -> None:
    async def anything(path: str) -> dict[str, str]:
        return {"path": path}

    app, _ = installed(
        flask_with({"any": "/<path:path>"}), lambda router: router.get("/{path:path}", replaces="any")(anything)
    )
    app.get("/plain")(show)
    async with client_of(app) as client:
        with pytest.raises(RouteShadowed, match=r"for a route of another router, .* gave it to GET /{path}"):
            await client.get("/plain")


async def test_middleware_sees_both_sides_when_it_is_added_after_the_bridge() -> None:
    seen: list[str] = []

    class Recorder:
        def __init__(self, app: ASGIApp, name: str) -> None:
            self.app, self.name = app, name

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(f"{self.name} {scope['path']}")
            await self.app(scope, receive, send)

    app = FastAPI()
    _, bridge = installed(flask_with(RULES))
    router = bridge.router(follow_flask=False)
    declare_user(router)
    app.include_router(router)
    app.add_middleware(Recorder, name="inside")
    bridge.install(app)
    app.add_middleware(Recorder, name="outside")
    async with client_of(app) as client:
        await client.get("/users/3")
        await client.get("/users/me")
    assert seen == ["outside /users/3", "inside /users/3", "outside /users/me"]


def test_websockets_and_the_lifespan_are_fastapis(tmp_path: Path) -> None:
    flask = flask_with({"socket": "/socket", "home": "/"})
    app, bridge = installed(flask, url=f"sqlite:///{tmp_path}/x.db")

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("fastapi")
        await websocket.close()

    with TestClient(app) as client:
        assert bridge.database.sync_engine.pool.checkedin() == 1, "the start connected once"  # type: ignore[attr-defined]  # the pool is a QueuePool
        with client.websocket_connect("/socket") as connection:
            assert connection.receive_text() == "fastapi"
        assert answered_by(client.get("/socket")) == "flask"
    assert bridge.database.sync_engine.pool.checkedin() == 0, "the end disposed of the pool"  # type: ignore[attr-defined]  # the pool is a QueuePool


def test_a_start_that_fails_stops_the_server() -> None:
    app, _ = installed(flask_with({}), url=UNUSED, stages={"GET /typo": "native"})
    with pytest.raises(Exception, match="no route declares the operation 'GET /typo'"), TestClient(app):
        pass
