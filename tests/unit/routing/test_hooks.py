"""Flask's hooks that do not run where FastAPI answers are named."""

from __future__ import annotations

from asyncio import to_thread
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask

from bridge import HookDeclarations
from bridge.routing.hooks import Hooks
from tests.unit.routing.applications import installed

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from bridge import BridgeRouter

HERE = __name__


def everywhere() -> None: ...


def in_shop() -> None: ...


def in_staff() -> None: ...


def elsewhere() -> None: ...


def after(response: Any) -> Any:
    return response


def teardown(_error: BaseException | None) -> None: ...


def take_values(_endpoint: str | None, _values: dict[str, Any] | None) -> None: ...


class CallableHook:
    def __call__(self) -> None: ...


class Middleware:
    def __init__(self, app: Any) -> None:
        self.app = app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        return self.app(environ, start_response)


def hooked() -> Flask:
    app = Flask("legacy", static_folder=None)
    app.add_url_rule("/health", "health", dict)
    shop, staff = Blueprint("shop", HERE, url_prefix="/shop"), Blueprint("staff", HERE, url_prefix="/staff")
    other = Blueprint("other", HERE)
    app.before_request(everywhere)
    app.after_request(after)
    app.teardown_request(teardown)
    shop.before_request(in_shop)
    staff.before_request(in_staff)
    staff.url_value_preprocessor(take_values)
    other.before_request(elsewhere)
    for blueprint in (shop, staff):
        blueprint.add_url_rule("/<int:number>", "item", dict)
    shop.register_blueprint(staff)
    app.register_blueprint(shop)
    app.register_blueprint(other)
    return app


APP_HOOKS = ["everywhere", "after", "teardown"]


def named(names: list[str]) -> list[str]:
    return [name.removeprefix(f"{HERE}.") for name in names]


def test_the_hooks_of_the_application_are_those_of_every_endpoint() -> None:
    assert named(Hooks(hooked()).of_endpoint("health")) == APP_HOOKS


def test_the_hooks_of_a_blueprint_are_its_endpoints() -> None:
    assert named(Hooks(hooked()).of_endpoint("shop.item")) == ["everywhere", "in_shop", "after", "teardown"]


def test_a_nested_blueprint_has_those_it_is_nested_in_too() -> None:
    expected = ["take_values", "everywhere", "in_shop", "in_staff", "after", "teardown"]
    assert named(Hooks(hooked()).of_endpoint("shop.staff.item")) == expected


def test_a_hook_that_is_an_object_or_a_lambda_has_a_name() -> None:
    app = Flask("legacy")
    app.before_request(CallableHook())
    app.before_request(lambda: None)
    first, second = named(Hooks(app).of_endpoint("x"))
    assert first == "CallableHook"
    assert second.endswith("<lambda>")


def test_middleware_around_the_wsgi_application_is_a_hook() -> None:
    app = Flask("legacy")
    app.wsgi_app = Middleware(app.wsgi_app)  # type: ignore[method-assign]  # replaced for the test
    assert Hooks(app).of_endpoint("x") == [f"wsgi_app: {HERE}.Middleware"]


def test_the_check_of_the_host_is_a_hook() -> None:
    app = Flask("legacy")
    app.config["TRUSTED_HOSTS"] = ["example.org"]
    assert Hooks(app).of_endpoint("x") == ["config: TRUSTED_HOSTS"]


def require(role: str) -> Any:
    def check() -> None:
        raise NotImplementedError(role)

    return check


def test_hooks_of_one_name_are_told_apart_by_their_blueprint_and_number() -> None:
    """As those of a factory: one of them declared says nothing of the others."""
    app, shop, staff = Flask("legacy"), Blueprint("shop", HERE), Blueprint("staff", HERE)
    both = require("both")
    app.before_request(require("user"))
    shop.before_request(both)
    shop.after_request(both)
    staff.before_request(require("clerk"))
    staff.before_request(require("admin"))
    app.register_blueprint(shop)
    app.register_blueprint(staff)
    name = "require.<locals>.check of the"
    assert named(Hooks(app).of_endpoint("x")) == [f"{name} application"]
    assert named(Hooks(app).of_endpoint("shop.x")) == [f"{name} application", f"{name} blueprint shop"]
    assert named(Hooks(app).of_endpoint("staff.x"))[1:] == [
        f"{name} blueprint staff, number 1",
        f"{name} blueprint staff, number 2",
    ]


def test_a_hook_that_two_blueprints_share_has_one_plain_name() -> None:
    app = Flask("legacy")
    for blueprint in (Blueprint("shop", HERE), Blueprint("staff", HERE)):
        blueprint.before_request(in_shop)
        app.register_blueprint(blueprint)
    assert named(Hooks(app).of_endpoint("shop.x")) == named(Hooks(app).of_endpoint("staff.x")) == ["in_shop"]


def declare(router: BridgeRouter) -> None:
    @router.get("/shop/{number}")
    async def item(number: int) -> None: ...

    @router.get("/shop/staff/{number}")
    async def staff_item(number: int) -> None: ...


def test_undeclared_hooks_are_reported_with_the_operations_that_lose_them() -> None:
    declared = HookDeclarations(
        ported={f"{HERE}.everywhere": "a middleware"}, not_needed={f"{HERE}.teardown": "nothing is left"}
    )
    report = installed(hooked(), declare, hooks=declared)[1].report()
    assert report.undeclared_hooks == {
        f"{HERE}.in_shop": ["GET /shop/{number}", "GET /shop/staff/{number}"],
        f"{HERE}.after": ["GET /shop/{number}", "GET /shop/staff/{number}"],
        f"{HERE}.take_values": ["GET /shop/staff/{number}"],
        f"{HERE}.in_staff": ["GET /shop/staff/{number}"],
    }


def test_a_declaration_of_no_hook_is_reported() -> None:
    declared = HookDeclarations(ported={f"{HERE}.everywhere": "a middleware", f"{HERE}.everywere": "a middleware"})
    report = installed(hooked(), hooks=declared)[1].report()
    assert report.unknown_hooks == [f"{HERE}.everywere"]
    assert f"HookDeclarations names {HERE}.everywere, which is no hook" in "\n".join(report.warnings())


def test_hooks_of_operations_that_flask_answers_are_not_reported() -> None:
    assert installed(hooked())[1].report().undeclared_hooks == {}


async def test_the_start_warns_of_each_lost_hook_and_of_each_route_that_needs_a_decision(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def declare_more(router: BridgeRouter) -> None:
        declare(router)
        router.get("/nowhere")(dict_port)

    # SQLite's driver looks at the file system when its engine is made.
    _, bridge = await to_thread(installed, hooked(), declare_more, url=f"sqlite:///{tmp_path}/x.db")
    await bridge.start()
    await bridge.close()
    warnings = [record.message for record in caplog.records if record.name == "bridge"]
    assert any(text.startswith("GET /nowhere fits no Flask rule") for text in warnings)
    lost = [text for text in warnings if "does not run for" in text]
    assert len(lost) == 6
    assert f"the Flask hook {HERE}.in_staff does not run for GET /shop/staff/{{number}}: port it" in "\n".join(lost)


async def dict_port() -> dict[str, str]:
    return {}
