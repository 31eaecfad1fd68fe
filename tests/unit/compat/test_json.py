"""Bodies written by a JSON provider of the application's own."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, appcontext_pushed, current_app, g, has_app_context
from flask.json.provider import DefaultJSONProvider

from bridge import flask_json_response
from bridge.compat import FlaskJSON
from tests.unit.compat.applications import following

if TYPE_CHECKING:
    from bridge import BridgeRouter


def in_currency(value: Any) -> Any:
    return f"{value} {current_app.config['CURRENCY']}"


class Priced(DefaultJSONProvider):
    default = staticmethod(in_currency)


def priced_by_a_provider() -> Flask:
    app = Flask("legacy", static_folder=None)
    app.json = Priced(app)
    return app


def priced_by_a_default() -> Flask:
    app = Flask("legacy", static_folder=None)
    assert isinstance(app.json, DefaultJSONProvider)
    app.json.default = in_currency
    return app


PRICED = pytest.mark.parametrize("make", [priced_by_a_provider, priced_by_a_default])


@PRICED
@pytest.mark.parametrize("path", ["bridged", "native"])
async def test_a_provider_may_ask_for_the_current_application(path: str, make: Any) -> None:
    flask = make()
    flask.config["CURRENCY"] = "EUR"

    def show() -> dict[str, Decimal]:
        return {"price": Decimal("1.5")}

    async def port() -> dict[str, Decimal]:
        return show()

    def declare(router: BridgeRouter) -> None:
        router.get("/price", replaces=None)(show if path == "bridged" else port)

    async with following(flask, declare) as client:
        answer = await client.get("/price")
    assert (answer.status_code, answer.json()) == (200, {"price": "1.5 EUR"})


@PRICED
def test_the_context_is_gone_afterwards(make: Any) -> None:
    flask = make()
    flask.config["CURRENCY"] = "EUR"
    response = flask_json_response(flask)(Decimal("1.5"))
    assert (response.body, has_app_context()) == (b'"1.5 EUR"\n', False)


class FromContext(DefaultJSONProvider):
    @staticmethod
    def default(_value: Any) -> Any:
        return g.kept


def test_the_context_of_the_moment_is_kept() -> None:
    flask = Flask("legacy", static_folder=None)
    flask.json = FromContext(flask)
    with flask.app_context():
        g.kept = "kept"
        assert FlaskJSON(flask).encode(object()) == b'"kept"\n'


def test_flasks_own_provider_is_spared_the_context() -> None:
    flask, pushed = Flask("legacy", static_folder=None), list[Flask]()
    with appcontext_pushed.connected_to(pushed.append, flask):
        FlaskJSON(flask).encode(Decimal("1.5"))
    assert pushed == []
