"""Routes that Flask has no rule for answer beside Flask's rules: the more specific one counts, and Flask's of two equals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from flask.views import MethodView
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.applications import client_of, flask_with, installed
from tests.unit.routing.test_resolver import PARTS, PATHS, flasks_endpoint

if TYPE_CHECKING:
    from flask import Flask

    from bridge import BridgeRouter

# Without those that Werkzeug holds for as specific as `<v>`: of equals Flask's counts, wherever the other is declared.
DIFFERENT = [part for part in PARTS if part not in {"<uuid:v>", "<any(me,you):v>"}]
RULES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(DIFFERENT), min_size=1, max_size=2),
        st.booleans(),  # a slash at the end
        st.booleans(),  # FastAPI's
    ),
    min_size=2,
    max_size=8,
)


async def port() -> dict[str, str]:
    return {"by": "fastapi"}


async def show(number: int) -> dict[str, Any]:
    return {"by": "fastapi", "number": number}


def with_catch_all(**rules: str) -> Flask:
    """Make an application that answers every path, as those that serve a single-page application do."""
    flask = flask_with({**rules, "spa": "/<path:path>"})
    flask.add_url_rule("/", "spa", defaults={"path": ""})
    return flask


async def by(client: Any, path: str, method: str = "GET") -> str:
    answer = await client.request(method, path)
    side: str = answer.json()["by"]
    return side


async def test_a_catch_all_of_flasks_does_not_swallow_what_only_fastapi_has() -> None:
    app, bridge = installed(with_catch_all(), lambda router: router.get("/new/{number}", replaces=None)(show))
    app.add_api_route("/plain", port, methods=["POST"])
    async with client_of(app) as client:
        assert await by(client, "/new/3") == "fastapi"
        assert await by(client, "/plain", "POST") == "fastapi"
        assert (await client.head("/new/3")).headers["bridge-path"] == "native"
        assert (await client.get("/openapi.json")).json()["info"]["title"] == "FastAPI"
        assert "swagger" in (await client.get("/docs")).text
        for path in ("/", "/new", "/new/3/x", "/new/3/", "/plain", "/anything"):
            assert await by(client, path) == "flask"
        assert (await client.put("/new/3")).headers["bridge-path"] == "flask"
    assert list(bridge.report().warnings()) == []


async def test_a_catch_all_that_is_ported_does_not_swallow_what_only_fastapi_has() -> None:
    async def page(path: str) -> dict[str, str]:
        return {"by": "port", "path": path}

    app, _ = installed(with_catch_all(), lambda router: router.get("/{path:path}", replaces="spa")(page))
    async with client_of(app) as client:
        assert (await client.get("/openapi.json")).json()["info"]["title"] == "FastAPI"
        assert await by(client, "/anything") == "port"


@pytest.mark.parametrize("deleted", [False, True])
async def test_a_retired_operation_does_not_fall_to_a_catch_all(*, deleted: bool) -> None:
    flask = with_catch_all() if deleted else with_catch_all(item="/items/<int:number>")
    app, _ = installed(flask, lambda router: router.get("/items/{number:int}", retired=True)(show))
    async with client_of(app) as client:
        assert await by(client, "/items/3") == "fastapi"
        assert (await client.head("/items/3")).headers["bridge-path"] == "native"
        assert await by(client, "/items/x") == "flask"


async def test_flasks_rule_goes_before_an_equal_route_and_the_report_says_so() -> None:
    def declare(router: BridgeRouter) -> None:
        router.get("/users/new", replaces=None)(port)
        router.get("/users/{name}", replaces=None)(port)

    app, bridge = installed(flask_with({"by_name": "/users/<name>"}), declare)
    async with client_of(app) as client:
        assert await by(client, "/users/ada") == "flask"
        assert await by(client, "/users/new") == "fastapi"
    assert bridge.report().unreachable == {"GET /users/{name}": "by_name"}
    (warning,) = bridge.report().warnings()
    assert warning.startswith("GET /users/{name} is answered by Flask, whose rule of 'by_name' goes first")


async def test_a_catch_all_of_one_host_does_not_swallow_what_only_fastapi_has() -> None:
    flask = flask_with({}, host_matching=True)
    flask.add_url_rule("/<path:path>", "www", lambda path: {"by": "flask"}, host="www.example.org")
    flask.add_url_rule("/<path:path>", "shop", lambda tenant, path: {"by": "flask"}, host="<tenant>.shop.org")
    app, bridge = installed(flask, lambda router: router.get("/new", replaces=None)(port))
    for host in ("www.example.org", "a.shop.org", "elsewhere.org"):
        async with client_of(app, f"http://{host}") as client:
            assert await by(client, "/new") == "fastapi"
    async with client_of(app, "http://www.example.org") as client:
        assert await by(client, "/old") == "flask"
    assert bridge.report().unreachable == {}


async def test_rules_for_websockets_do_not_answer_requests() -> None:
    flask = flask_with({})
    flask.add_url_rule("/new", "socket", websocket=True)
    app, _ = installed(flask, lambda router: router.get("/new", replaces=None)(port))
    async with client_of(app) as client:
        assert await by(client, "/new") == "fastapi"


class Users(MethodView):
    def get(self, number: int | None = None) -> dict[str, Any]:
        return {"by": "flask", "number": number}

    def post(self) -> dict[str, Any]:
        return {"by": "flask"}


@pytest.mark.parametrize("retired", [False, True])
async def test_an_endpoint_with_two_rules_of_one_path_keeps_its_pairs_when_something_is_retired(
    *, retired: bool
) -> None:
    """As in Flask's documentation of `MethodView`: the list and the form are two rules."""
    flask, view = flask_with({"other": "/other"}), Users.as_view("users")
    flask.add_url_rule("/users/", view_func=view, defaults={"number": None}, methods=["GET"])
    flask.add_url_rule("/users/", view_func=view, methods=["POST"])

    def declare(router: BridgeRouter) -> None:
        router.get("/users/")(port)
        router.post("/users/")(port)
        router.get("/other", retired=retired)(port)

    app, _ = installed(flask, declare)
    async with client_of(app) as client:
        assert [await by(client, "/users/", method) for method in ("GET", "POST")] == ["fastapi", "fastapi"]


@given(RULES)
def test_a_route_answers_what_a_rule_in_its_place_would(rules: list[tuple[list[str], bool, bool]]) -> None:
    """The model is a Flask application that has rules where the other has routes, after its own."""
    theirs: dict[str, str] = {}
    own: dict[str, str] = {}
    for number, (parts, slash, is_own) in enumerate(rules):
        named = "/".join(part.replace("v>", f"v{number}_{position}>") for position, part in enumerate(parts))
        path = f"/{named}{'/' if slash else ''}"
        if is_own:
            own[f"own{number}"] = path
        else:
            theirs[f"e{number}"] = path

    def declare(router: BridgeRouter) -> None:
        for rule in own.values():
            router.get(re.sub(r"<(?:(\w+):)?(\w+)>", _variable, rule), replaces=None)(port)

    flask, model = flask_with(theirs), flask_with({**theirs, **own})
    resolver = installed(flask, declare)[1]._routes.resolver()
    # Flask drops slashes at the start, which FastAPI's route does not.
    for path in (path for path in PATHS if "//" not in path):
        before, after = flasks_endpoint(flask, "GET", path), flasks_endpoint(model, "GET", path)
        found = resolver.resolve({"type": "http", "method": "GET", "path": path, "headers": []})
        if before is not None and after is not None:
            assert found.fastapi == (after in own), path


def _variable(found: re.Match[str]) -> str:
    return f"{{{found[2]}:flask_{found[1]}}}" if found[1] else f"{{{found[2]}}}"


async def test_of_its_own_routes_fastapi_takes_the_first_that_matches() -> None:
    """A converter that Werkzeug holds for more specific changes nothing there, or each request would be refused as shadowed."""

    def declare(router: BridgeRouter) -> None:
        router.get("/items/{rest:path}", replaces=None)(port)
        router.get("/items/{number:int}", replaces=None)(show)

    app, _ = installed(with_catch_all(), declare)
    async with client_of(app) as client:
        assert (await client.get("/items/3")).json() == {"by": "fastapi"}


async def test_a_route_that_is_more_specific_in_its_last_part_is_not_hidden_by_its_first() -> None:
    app, bridge = installed(
        flask_with({"tab": "/users/<name>/<tab>"}), lambda router: router.get("/users/{name}/new", replaces=None)(port)
    )
    async with client_of(app) as client:
        assert await by(client, "/users/ada/new") == "fastapi"
        assert await by(client, "/users/ada/old") == "flask"
    assert bridge.report().unreachable == {}
