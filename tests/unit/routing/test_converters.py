"""Converters of the Flask application's own run where they may use the application: not on the event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from flask import current_app
from werkzeug.routing import BaseConverter, Rule, ValidationError

from bridge.offload import offload
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from flask import Flask

    from bridge import BridgeRouter


class UserConverter(BaseConverter):
    """Knows users by what the application has of them; refuses some, and fails at others."""

    regex = "[a-z]+"

    def to_python(self, value: str) -> str:
        current_app.config["THREADS"].add(threading.current_thread())
        if value == "nobody":
            raise ValidationError
        name: str = current_app.config["USERS"][value]
        return name


def with_users(**rules: str) -> Flask:
    flask = flask_with({})
    flask.config.update(USERS={"ada": "Ada"}, THREADS=set())
    flask.url_map.converters["user"] = UserConverter
    for endpoint, rule in rules.items():
        flask.add_url_rule(rule, endpoint, lambda user: {"by": "flask", "user": user})
    return flask


async def show(user: str) -> dict[str, Any]:
    return {"by": "fastapi", "user": user}


def declare(router: BridgeRouter) -> None:
    router.get("/users/{user}")(show)


async def test_a_converter_may_use_the_application_of_a_rule_that_is_not_ported() -> None:
    flask = with_users(user="/users/<user:user>")
    app, _ = installed(flask)
    async with client_of(app) as client:
        assert (await client.get("/users/ada")).json() == {"by": "flask", "user": "Ada"}
        assert (await client.get("/users/nobody")).status_code == 404
        assert (await client.get("/users/3")).status_code == 404
    assert threading.current_thread() not in flask.config["THREADS"]


async def test_a_port_answers_what_the_converter_takes_and_flask_the_rest() -> None:
    flask = with_users(user="/users/<user:user>")
    app, bridge = installed(flask, declare)
    assert bridge.report().paired == {"GET /users/{user}": "user"}
    async with client_of(app) as client:
        assert (await client.get("/users/ada")).json() == {"by": "fastapi", "user": "ada"}
        assert (await client.head("/users/ada")).headers["bridge-path"] == "native"
        refused, failed = await client.get("/users/nobody"), await client.get("/users/unknown")
    assert (refused.status_code, refused.headers["bridge-path"]) == (404, "flask")
    assert (failed.status_code, failed.headers["bridge-path"]) == (500, "flask")
    assert flask.config["THREADS"]
    assert threading.current_thread() not in flask.config["THREADS"]


async def test_a_redirect_that_a_function_makes_of_what_a_converter_gave_is_flasks() -> None:
    flask = with_users()
    flask.url_map.add(
        Rule("/people/<user:user>", endpoint="people", redirect_to=lambda _adapter, user: {"Ada": "/users/ada"}[user])
    )
    app, _ = installed(flask, declare)
    async with client_of(app) as client:
        answer = await client.get("/people/ada")
    assert (answer.status_code, answer.headers["location"]) == (308, "http://localhost/users/ada")


async def test_rules_of_a_class_of_the_applications_own_may_want_arguments() -> None:
    class Described(Rule):
        def __init__(self, path: str, *, about: str, **options: Any) -> None:
            super().__init__(path, **options)
            self.about = about

    flask = with_users(user="/users/<user:user>")
    flask.url_map.add(Described("/about", about="us", endpoint="about"))
    flask.view_functions["about"] = lambda: "us"
    app, _ = installed(flask, declare)
    async with client_of(app) as client:
        assert (await client.get("/about")).text == "us"
        assert (await client.get("/users/ada")).json() == {"by": "fastapi", "user": "ada"}


async def test_a_converter_is_not_asked_about_a_retired_operation() -> None:
    flask = with_users(user="/users/<user:user>")
    app, _ = installed(flask, lambda router: router.get("/users/{user}", retired=True)(show))
    async with client_of(app) as client:
        assert (await client.get("/users/unknown")).json() == {"by": "fastapi", "user": "unknown"}
    assert not flask.config["THREADS"]


async def test_the_default_of_a_variable_is_redirected_by_flask() -> None:
    """The converter tells that the path stands for a default, which has a URL of its own."""
    flask = with_users()
    view = lambda user: {"by": "flask", "user": user}  # noqa: E731  # the same view for both rules
    flask.add_url_rule("/users/", "user", view, defaults={"user": "Ada"})
    flask.add_url_rule("/users/<user:user>", "user", view)
    app, _ = installed(flask, declare)
    async with client_of(app) as client:
        assert (await client.get("/users/ada")).headers["location"] == "http://localhost/users/"


async def test_a_converter_does_not_wait_for_the_views() -> None:
    app, bridge = installed(with_users(user="/users/<user:user>"), declare, capacity=1)
    entered, leave = threading.Event(), threading.Event()

    def occupy() -> None:
        entered.set()
        leave.wait()

    occupying = asyncio.create_task(offload(occupy, capacity=bridge.capacity))
    try:
        await asyncio.to_thread(entered.wait)
        async with client_of(app) as client, asyncio.timeout(30):
            assert (await client.get("/users/ada")).status_code == 200
    finally:
        leave.set()
        await occupying
