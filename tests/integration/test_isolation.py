"""Nothing leaks between requests, though they share a thread."""

import threading
from contextvars import ContextVar
from typing import Any

from fastapi import Request
from flask import current_app, g
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response

from tests.integration.application import Migration, migrating

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


def observe(mark: str) -> dict[str, Any]:
    """Tell what an earlier request left on this thread, then leave something."""
    seen = {"thread": threading.get_ident(), "tenant": TENANT.get(), "g": g.get("mark", "nothing")}
    TENANT.set(mark)
    g.mark = mark
    return seen


def declare(migration: Migration) -> None:
    migration.legacy.add_url_rule("/flask/<mark>", view_func=observe, endpoint="observe")
    migration.legacy.add_url_rule("/bridged/<mark>", view_func=observe, endpoint="observe_bridged")
    migration.router.get("/bridged/{mark}")(observe)


async def test_neither_context_variables_nor_g_reach_the_next_request_on_the_thread(database_url: str) -> None:
    async with migrating(database_url, declare) as (_, client):
        for path in ("bridged", "flask"):
            answers = [await client.get(f"/{path}/{mark}") for mark in ("one", "two", "three")]
            assert {answer.headers["bridge-path"] for answer in answers} == {path}
            assert {(seen["tenant"], seen["g"]) for seen in (answer.json() for answer in answers)} == {
                ("nobody", "nothing")
            }
            threads = {answer.json()["thread"] for answer in answers}
            assert len(threads) == 1, "the requests were meant to share a thread"
            assert threading.get_ident() not in threads
    assert TENANT.get() == "nobody"


async def test_what_a_middleware_sets_is_seen_on_both_paths(database_url: str) -> None:
    async def set_tenant(request: Request, call_next: RequestResponseEndpoint) -> Response:
        TENANT.set(request.headers["x-tenant"])
        return await call_next(request)

    async with migrating(database_url, declare) as (migration, client):
        migration.app.middleware("http")(set_tenant)
        for path in ("bridged", "flask"):
            seen = [(await client.get(f"/{path}/x", headers={"x-tenant": name})).json()["tenant"] for name in "ab"]
            assert seen == ["a", "b"]


async def test_a_bridged_function_has_a_fresh_application_context_that_is_torn_down(database_url: str) -> None:
    torn_down: list[object] = []

    def with_context(migration: Migration) -> None:
        migration.legacy.config["GREETING"] = "hello"

        @migration.legacy.teardown_appcontext
        def tear_down(_error: BaseException | None) -> None:
            torn_down.append(g.get("mark"))

        def greet(session: Session, mark: str) -> dict[str, Any]:
            assert "mark" not in g
            g.mark = mark
            return {"greeting": current_app.config["GREETING"], "one": session.scalar(text("SELECT 1"))}

        def fail(session: Session, mark: str) -> None:
            greet(session, mark)
            raise LookupError(mark)

        migration.router.get("/greet/{mark}")(greet)
        migration.router.get("/fail/{mark}")(fail)

    async with migrating(database_url, with_context) as (_, client):
        for mark in ("one", "two"):
            assert (await client.get(f"/greet/{mark}")).json() == {"greeting": "hello", "one": 1}
        assert [mark for mark in torn_down if mark] == ["one", "two"]
        assert (await client.get("/fail/three")).status_code == 500
        assert [mark for mark in torn_down if mark] == ["one", "two", "three"]


async def test_an_application_context_can_be_declined(database_url: str) -> None:
    def without_context(migration: Migration) -> None:
        def has_context() -> bool:
            return bool(current_app)

        migration.router.get("/with")(has_context)
        migration.router.get("/without", app_context=False)(has_context)

    async with migrating(database_url, without_context) as (_, client):
        assert (await client.get("/with")).json() is True
        assert (await client.get("/without")).json() is False
