"""An application on Flask-SQLAlchemy: one engine, and one session for each request, on every path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, event, text

from tests.docs.shop import EXAMPLES, client_of, compose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Engine

TABLE = "CREATE TABLE part (id serial PRIMARY KEY, name text NOT NULL, count int NOT NULL)"
TAKE = "POST /parts/{part_id}/take/{count}"


@pytest.fixture
def stock(shop_url: str) -> Iterator[Engine]:
    """An engine on a database with two parts."""
    engine = create_engine(shop_url)
    with engine.begin() as connection:
        connection.execute(text(TABLE))
        connection.execute(text("INSERT INTO part (name, count) VALUES ('nut', 10), ('bolt', 20)"))
    yield engine
    engine.dispose()


@pytest.mark.parametrize("path", ["bridged", "native"])
async def test_a_function_that_uses_the_session_of_flask_sqlalchemy_joins_the_unit(
    path: str, stock: Engine, shop_url: str
) -> None:
    app, bridge = compose(path, shop_url, program_file=EXAMPLES / "stock.py")
    bridge.stages.set(TAKE, "native" if path == "native" else "legacy")
    checked_out: list[object] = []
    event.listen(bridge.database.sync_engine, "checkout", lambda *connection: checked_out.append(connection))
    async with client_of(app, bridge) as client:
        taken = await client.post("/parts/1/take/3")
        missing = await client.post("/parts/9/take/3")
        listed = await client.get("/parts")
    assert (taken.headers["bridge-path"], taken.json()) == (path, {"id": 1, "count": 7})
    assert (missing.headers["bridge-path"], missing.status_code) == (path, 404)
    assert (listed.headers["bridge-path"], listed.json()) == ("flask", ["nut", "bolt"])
    with stock.connect() as connection:
        assert connection.scalars(text("SELECT count FROM part ORDER BY id")).all() == [7, 20]
    assert len(checked_out) == (3 if path == "bridged" else 1), (
        "one connection for each request, of the pool of the Database"
    )
