"""Which FastAPI route replaces which Flask rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bridge import DeclaredTwice, NotInstalled, UnknownEndpoint
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from bridge import BridgeRouter, RoutingReport


async def port() -> dict[str, str]:
    return {"by": "fastapi"}


def report_of(rules: dict[str, str], *paths: str, **options: Any) -> RoutingReport:
    def declare(router: BridgeRouter) -> None:
        for path in paths:
            router.get(path, **options)(port)

    return installed(flask_with(rules), declare)[1].report()


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/users/<int:user_id>", "/users/{id}"),
        ("/users/<user_id>", "/users/{user_id:int}"),
        ("/<a>/x/<path:b>", "/{b}/x/{a:path}"),
        ("/<a>-<b>.txt", "/{a}-{b}.txt"),
        ("/slash/", "/slash/"),
    ],
)
def test_method_and_shape_make_a_pair(rule: str, path: str) -> None:
    report = report_of({"view": rule}, path)
    assert list(report.paired.values()) == ["view"]
    assert not [*report.unpaired, *report.ambiguous, *report.repeated]


@pytest.mark.parametrize(
    ("rule", "path"), [("/x", "/x/"), ("/x", "/y"), ("POST /x", "/x"), ("/x/<a>", "/x"), ("/x/<a>", "/x/{a}/{b}")]
)
def test_what_fits_no_rule_is_reported(rule: str, path: str) -> None:
    report = report_of({"view": rule}, path)
    assert (report.paired, report.unpaired) == ({}, [f"GET {path}"])
    assert "fits no Flask rule" in next(report.warnings())


def test_what_says_that_it_is_new_is_not_reported() -> None:
    report = report_of({"view": "/x"}, "/y", replaces=None)
    assert (report.paired, list(report.warnings())) == ({}, [])


def test_what_says_that_it_is_new_does_not_pair_with_the_rule_of_its_shape() -> None:
    assert report_of({"view": "/x"}, "/x", replaces=None).paired == {}


def test_an_endpoint_that_does_not_exist_is_an_error_that_names_the_others() -> None:
    with pytest.raises(UnknownEndpoint, match=r"GET /x says that it replaces 'wiev'.*use one of other, view"):
        report_of({"view": "/x", "other": "/y"}, "/x", replaces="wiev")


async def test_several_rules_of_one_shape_stay_with_flask_until_one_is_named() -> None:
    rules = {"by_id": "/users/<int:user_id>", "by_name": "/users/<name>"}
    report = report_of(rules, "/users/{user_id}")
    assert (report.paired, report.ambiguous) == ({}, ["GET /users/{user_id}"])
    assert "say which with replaces=" in next(report.warnings())
    app, bridge = installed(flask_with(rules), lambda router: router.get("/users/{user_id}", replaces="by_id")(port))
    assert bridge.report().paired == {"GET /users/{user_id}": "by_id"}
    async with client_of(app) as client:
        assert (await client.get("/users/3")).json()["by"] == "fastapi"
        assert (await client.get("/users/ada")).json()["endpoint"] == "by_name"


async def test_routes_that_differ_in_their_converters_replace_two_rules_of_one_shape() -> None:
    async def by_id(user_id: int) -> dict[str, int]:
        return {"id": user_id}

    async def by_name(name: str) -> dict[str, str]:
        return {"name": name}

    def declare(router: BridgeRouter) -> None:
        router.get("/users/{user_id:int}", replaces="by_id")(by_id)
        router.get("/users/{name}", replaces="by_name")(by_name)

    app, bridge = installed(flask_with({"by_id": "/users/<int:user_id>", "by_name": "/users/<name>"}), declare)
    assert set(bridge.report().paired.values()) == {"by_id", "by_name"}
    assert list(bridge.report().warnings()) == []
    async with client_of(app) as client:
        assert [(await client.get(f"/users/{key}")).json() for key in (3, "ada")] == [{"id": 3}, {"name": "ada"}]


def test_the_first_of_several_routes_of_one_form_counts() -> None:
    report = report_of({"view": "/users/<int:user_id>"}, "/users/{a}", "/users/{b}")
    assert (report.paired, report.repeated) == ({"GET /users/{a}": "view"}, ["GET /users/{b}"])
    assert "only the first is used" in next(report.warnings())


async def test_replacing_one_rule_of_an_endpoint_leaves_the_others_with_flask() -> None:
    flask = flask_with({})

    def view(page: int) -> dict[str, int]:
        return {"flask": page}

    flask.add_url_rule("/pages/", "pages", view, defaults={"page": 1})
    flask.add_url_rule("/pages/<int:page>", "pages", view)

    async def pages(page: int) -> dict[str, int]:
        return {"fastapi": page}

    app, _ = installed(flask, lambda router: router.get("/pages/{page}", replaces="pages")(pages))
    async with client_of(app) as client:
        assert (await client.get("/pages/2")).json() == {"fastapi": 2}
        assert (await client.get("/pages/")).json() == {"flask": 1}
        assert (await client.get("/pages/1")).headers["location"] == "http://localhost/pages/"


async def test_an_endpoint_can_be_replaced_at_another_path() -> None:
    app, bridge = installed(
        flask_with({"view": "/v1/x/<a>"}),
        lambda router: (
            router.get("/v2/x", replaces="view")(port),
            router.get("/v1/x/special", replaces="view")(port),
        ),
    )
    assert set(bridge.report().paired.values()) == {"view"}
    async with client_of(app) as client:
        assert (await client.get("/v2/x")).json()["by"] == "fastapi"
        assert (await client.get("/v1/x/special")).json()["by"] == "fastapi"
        assert (await client.get("/v1/x/other")).json()["by"] == "flask"


def test_rules_that_only_build_urls_and_websocket_rules_are_no_pairs() -> None:
    flask = flask_with({})
    flask.add_url_rule("/built", "built", build_only=True)
    flask.add_url_rule("/socket", "socket", websocket=True)
    _, bridge = installed(flask, lambda router: (router.get("/built")(port), router.get("/socket")(port)))
    assert (bridge.report().paired, bridge.report().unpaired) == ({}, ["GET /built", "GET /socket"])


def test_a_report_needs_an_application() -> None:
    _, bridge = installed(flask_with({}))
    bridge._routes.app = None
    with pytest.raises(NotInstalled, match="call install"):
        bridge.report()


def test_two_routers_that_are_included_below_two_prefixes_may_not_share_a_name() -> None:
    """The stage of one would move the other, and nobody would ask for the hooks of one of them."""
    app, bridge = installed(flask_with({"v1": "/v1/users/<int:i>", "v2": "/v2/users/<int:i>"}))
    for version in ("/v1", "/v2"):
        router = bridge.router(prefix="/users", follow_flask=False)
        router.get("/{i:int}")(port)
        app.include_router(router, prefix=version)
    with pytest.raises(DeclaredTwice, match=r"/v1/users/{i:int} and /v2/users/{i:int} are both called GET /users/{i}"):
        bridge.report()


def test_one_router_may_not_be_included_twice() -> None:
    app, bridge = installed(flask_with({"v1": "/v1/users", "v2": "/v2/users"}))
    router = bridge.router(prefix="/users", follow_flask=False)
    router.get("")(port)
    for version in ("/v1", "/v2"):
        app.include_router(router, prefix=version)
    with pytest.raises(DeclaredTwice, match="make a router for each prefix and give it the whole of it"):
        bridge.report()


def test_routes_that_differ_in_a_converter_alone_may_not_share_a_name() -> None:
    with pytest.raises(DeclaredTwice, match="or give their variables different names"):
        report_of({"view": "/users/<int:i>"}, "/users/{i:int}", "/users/{i}")


def test_a_router_may_get_its_prefix_where_it_is_included() -> None:
    app, bridge = installed(flask_with({"v1": "/v1/users"}))
    router = bridge.router(prefix="/users", follow_flask=False)
    router.get("")(port)
    app.include_router(router, prefix="/v1")
    assert bridge.report().paired == {"GET /users": "v1"}
