"""Which side answers, and what the documentation says of it."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bridge.testing import TemplateDatabase, database_state
from tests.conftest import running, settings_for
from tests.integration.application import Migration, migrating
from tests.parity.login import session_cookie


@pytest.mark.parametrize("path", ["bridged", "native"])
async def test_users_me_is_not_swallowed_by_the_ported_users_id(path: str, database_url: str) -> None:
    async with running(settings_for(path, database_url)) as (composition, client):
        nobody = await client.get("/users/me")
        assert (nobody.status_code, nobody.headers["bridge-path"]) == (401, "flask")
        client.cookies.update(session_cookie(composition.bridge.legacy, 3))
        me = await client.get("/users/me")
        assert (me.status_code, me.headers["bridge-path"], me.json()["id"]) == (200, "flask", 3)
        assert (await client.get("/users/3")).headers["bridge-path"] == path


def with_one_operation(migration: Migration) -> None:
    def answer(session: Session) -> dict[str, bool]:
        return {"open": session.is_active}

    migration.router.get("/bridged")(answer)
    migration.legacy.add_url_rule("/flask", view_func=lambda: "flask", endpoint="flask")


async def test_the_path_header_can_be_turned_off(database_url: str) -> None:
    async with migrating(database_url, with_one_operation, path_header=False) as (_, client):
        for url in ("/bridged", "/flask", "/nowhere"):
            assert "bridge-path" not in (await client.get(url)).headers
    async with migrating(database_url, with_one_operation) as (_, client):
        assert [(await client.get(url)).headers["bridge-path"] for url in ("/bridged", "/flask")] == [
            "bridged",
            "flask",
        ]


async def test_openapi_documents_each_operation_once_and_without_the_session(database_url: str) -> None:
    async with running(settings_for("native", database_url)) as (composition, client):
        document = (await client.get("/openapi.json")).json()
        documented = {
            f"{method.upper()} {path}": operation
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        assert set(documented) == {operation.name for operation in composition.bridge.operations}
        ids = Counter(operation["operationId"] for operation in documented.values())
        assert set(ids.values()) == {1}
        names = {
            parameter["name"] for operation in documented.values() for parameter in operation.get("parameters", ())
        }
        assert names == {
            "user_id",
            "post_id",
            "keyword",
            "page",
            "size",
            "min_posts",
            "limit",
            "author",
            "tag",
            "status",
        }
        assert all(operation.get("summary") for operation in documented.values())


BAD: list[tuple[str, str, Any]] = [
    ("POST", "/users", {"username": "x"}),
    ("POST", "/users", {"username": "good", "email": "good@example.com", "password": "long enough", "role": "admin"}),
    ("POST", "/users/bulk", {"users": []}),
    (
        "POST",
        "/users/bulk",
        {"users": [{"username": "fine", "email": "fine@example.com", "password": "long enough"}, {}]},
    ),
    ("PATCH", "/users/3", {"version": 1}),
    ("PATCH", "/users/3", {"version": "one", "email": "x@example.com"}),
    ("PATCH", "/users/3", b"{"),
    ("POST", "/users/deactivate", {"ids": [1, "x"]}),
    ("POST", "/users/deactivate", {"ids": [3, -1]}),
    ("POST", "/users/3/posts", {"title": ""}),
    ("GET", "/users?page=0", None),
]


@pytest.mark.parametrize("path", ["bridged", "native"])
async def test_a_request_that_fails_validation_changes_no_row(
    path: str, database_url: str, template: TemplateDatabase
) -> None:
    async with running(settings_for(path, database_url)) as (composition, client):
        engine = composition.bridge.database.sync_engine
        client.cookies.update(session_cookie(composition.bridge.legacy, 1))
        before = database_state(engine, template.tables)
        for method, url, body in BAD:
            content = {"content": body} if isinstance(body, bytes) else {"json": body}
            headers = {"content-type": "application/json"}
            answer = await client.request(method, url, headers=headers, **content)
            assert answer.status_code == 400, (method, url, answer.text)
            assert "long enough" not in answer.text, "a password is never echoed"
        assert database_state(engine, template.tables) == before
