"""Of two changes that started from the same version, one wins, on every path."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.conftest import running, settings_for
from tests.parity.login import session_cookie

RIVALS = 8


@pytest.mark.parametrize("path", ["flask", "bridged", "native"])
async def test_of_simultaneous_changes_of_one_version_exactly_one_wins(path: str, database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        version = connection.scalar(text("SELECT version FROM users WHERE id = 3"))
    async with running(settings_for(path, database_url)) as (composition, client):
        client.cookies.update(session_cookie(composition.bridge.legacy, 3))
        changes = [{"version": version, "email": f"rival{number}@example.org"} for number in range(RIVALS)]
        answers = await asyncio.gather(*(client.patch("/users/3", json=change) for change in changes))
    assert {answer.headers["bridge-path"] for answer in answers} == {path}
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (RIVALS - 1)
    won = next(answer.json() for answer in answers if answer.status_code == 200)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT version, email FROM users WHERE id = 3")).one()
    assert tuple(row) == (version + 1, won["email"])
