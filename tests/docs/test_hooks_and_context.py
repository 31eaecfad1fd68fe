"""A dependency, a function for each response and a path stand for Flask's hooks and context."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from anyio import to_thread
from sqlalchemy.orm import Session

from tests.parity.login import session_cookie

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SAME = ("content-type", "cache-control", "vary")


@pytest.fixture
async def club(shop_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """Run the program of the page over a database with two members."""
    monkeypatch.setenv("DATABASE_URL", shop_url)
    program = await to_thread.run_sync(runpy.run_module, "docs.examples.club")
    await to_thread.run_sync(fill, program)
    yield program
    await program["bridge"].close()


def fill(program: dict[str, Any]) -> None:
    engine = program["database"].sync_engine
    program["Base"].metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([program["Member"](name="Ann"), program["Member"](name="Bob")])
        session.commit()


@pytest.mark.parametrize("stage", ["legacy", "native"])
@pytest.mark.parametrize("user_id", [None, 1, 3], ids=["nobody", "member", "stranger"])
@pytest.mark.parametrize("path", ["/me", "/members"])
async def test_the_ported_routes_answer_as_the_views_do(
    path: str, user_id: int | None, stage: str, club: dict[str, Any]
) -> None:
    legacy, bridge = club["legacy"], club["bridge"]
    cookies = {} if user_id is None else session_cookie(legacy, user_id)
    bridge.stages.set("GET /members", stage)

    def by_flask() -> Any:
        client = legacy.test_client()
        for name, value in cookies.items():
            client.set_cookie(name, value)
        return client.get(path)

    transport = httpx.ASGITransport(club["app"])
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as client:
        answer = await client.get(path)
        expected = await to_thread.run_sync(by_flask)
    assert (answer.status_code, answer.content) == (expected.status_code, expected.data)
    assert [answer.headers.get(name) for name in SAME] == [expected.headers.get(name) for name in SAME]
    assert answer.headers["bridge-path"] == ("native" if (path, stage) == ("/members", "native") else "bridged")


async def test_every_hook_is_declared(club: dict[str, Any]) -> None:
    assert club["bridge"].report().undeclared_hooks == {}


async def test_a_streamed_response_has_a_unit_of_its_own_and_gives_its_connection_back(club: dict[str, Any]) -> None:
    transport = httpx.ASGITransport(club["app"])
    cookies = session_cookie(club["legacy"], 1)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", cookies=cookies) as client:
        answer = await client.get("/members.txt")
    assert (answer.headers["bridge-path"], answer.text) == ("native", "Ann\nBob\n")
    assert club["database"].async_engine.pool.checkedout() == 0
