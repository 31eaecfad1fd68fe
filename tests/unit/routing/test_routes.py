"""Both applications are looked at as often as routes are added, not as often as somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

from bridge.routing import pairing, routes
from tests.unit.routing.applications import flask_with, installed

if TYPE_CHECKING:
    import pytest

    from bridge import BridgeRouter

MANY = 50


async def port(number: int) -> None: ...


async def page() -> None: ...


def declare_many(router: BridgeRouter) -> None:
    for number in range(MANY):
        router.get(f"/area{number}/{{number}}")(port)


def flask_with_many() -> Any:
    return flask_with({f"view{number}": f"/area{number}/<int:number>" for number in range(MANY)})


def counted(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> Mock:
    counting = Mock(side_effect=getattr(module, name))
    monkeypatch.setattr(module, name, counting)
    return counting


def test_routes_are_paired_once_however_often_evidence_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    pair, hooks = counted(monkeypatch, routes, "pair"), counted(monkeypatch, routes, "undeclared_hooks")
    _, bridge = installed(flask_with_many(), declare_many)
    for operation in bridge.operations:
        assert bridge._routes.flask_view(operation.name) is not None
        assert bridge._routes.undeclared_hooks() == {}
    assert (pair.call_count, hooks.call_count) == (1, 1)


def test_what_is_declared_after_the_first_look_is_seen() -> None:
    app, bridge = installed(flask_with({"view": "/x/<int:number>", "plain": "/y"}))
    assert bridge._routes.flask_view("GET /x/{number}") is None
    router = bridge.router()
    router.get("/x/{number}")(port)
    app.include_router(router)
    assert bridge._routes.flask_view("GET /x/{number}") is not None
    app.add_api_route("/y", page)
    assert bridge.report().hidden == {"GET /y": "plain"}


def test_what_is_declared_after_the_first_request_is_not_reported_either() -> None:
    """Nor is it served: requests go by what there was at the first of them."""
    app, bridge = installed(flask_with({"plain": "/y"}))
    bridge._routes.resolver()
    app.add_api_route("/y", page)
    assert bridge.report().hidden == {}


def test_a_rule_is_compared_with_the_routes_of_its_shape_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    shaped = counted(monkeypatch, pairing, "rule_shape")
    _, bridge = installed(flask_with_many(), declare_many)
    assert len(bridge.report().paired) == MANY
    assert shaped.call_count == 2 * MANY, "each rule in the index, and again with the one route it fits"
