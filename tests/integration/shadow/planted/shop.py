"""A small shop: legacy functions, ports that do the same, and a place to put a port that does not."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession  # noqa: TC002 - the signatures are read at run time
from sqlalchemy.orm import Session  # noqa: TC002 - as above
from starlette.responses import Response
from werkzeug.exceptions import Conflict, NotFound

from bridge.shadow import CheckOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.shadow.reading import Checked

__all__ = ["BROKEN", "PORTS", "ROWS", "SCHEMA", "TABLES", "Goods", "declare"]

TABLES = ["goods", "parts", "audit"]
ROWS = """
TRUNCATE goods, parts, audit RESTART IDENTITY;
INSERT INTO goods (title, note, price, ratio, made_at, day, active, token, rank, stock)
  SELECT 'Ware Müller ' || n, CASE WHEN mod(n, 2) = 0 THEN 'a note ' END, n + 0.10, n + 0.125, '2024-01-31 10:20:30.5+00', '2024-02-29',
    mod(n, 3) > 0, md5(n::text)::uuid, n / 3, 10 * n FROM generate_series(1, 12) AS n;
INSERT INTO parts (goods_id, name) SELECT n, 'part ' || m FROM generate_series(1, 11) AS n, generate_series(1, 3) AS m;
"""
SCHEMA = """
CREATE TABLE goods (id serial PRIMARY KEY, title text NOT NULL, note text, price numeric(10, 2) NOT NULL, ratio float8 NOT NULL,
  made_at timestamptz NOT NULL, day date NOT NULL, active bool NOT NULL, token uuid NOT NULL, rank int NOT NULL,
  stock int NOT NULL, version int NOT NULL DEFAULT 1);
CREATE TABLE parts (id serial PRIMARY KEY, goods_id int NOT NULL REFERENCES goods ON DELETE CASCADE, name text NOT NULL);
CREATE TABLE audit (id serial PRIMARY KEY, action text NOT NULL, goods_id int NOT NULL);
"""
DETAIL = text("SELECT * FROM goods WHERE id = :id")
PARTS = text("SELECT id, name FROM parts WHERE goods_id = :id ORDER BY id")
LISTING = text("SELECT id, title, rank FROM goods WHERE rank >= :least ORDER BY rank DESC, id LIMIT 5 OFFSET :skip")
INSERT = text(
    "INSERT INTO goods (title, price, ratio, made_at, day, active, token, rank, stock) "
    "VALUES (:title, :price, 1, now(), '2024-02-29', true, '0f8fad5b-d9cb-469f-a165-70867728950e', 0, 5) RETURNING id"
)
AUDIT = text("INSERT INTO audit (action, goods_id) VALUES (:action, :id)")
UPDATE = text(
    "UPDATE goods SET title = :title, price = :price, version = version + 1 WHERE id = :id AND version = :version"
)
DELETE = text("DELETE FROM goods WHERE id = :id")
MOVE = text("UPDATE goods SET stock = stock + :change WHERE id = :id")


class Goods(BaseModel):
    """What a client sends."""

    title: str
    price: str = "1.00"
    version: int = 1


def shown(row: Any, parts: Any) -> dict[str, Any]:
    """Return what the detail answers."""
    return {
        "id": row.id,
        "title": row.title,
        "note": row.note,
        "price": row.price,
        "ratio": row.ratio,
        "made_at": row.made_at,
        "made_iso": row.made_at.isoformat(),
        "day": row.day.isoformat(),
        "active": row.active,
        "token": str(row.token),
        "stock": row.stock,
        "parts": [dict(part) for part in parts],
    }


def detail(session: Session, goods_id: int) -> dict[str, Any]:
    row = session.execute(DETAIL, {"id": goods_id}).one_or_none()
    if row is None:
        raise NotFound
    return shown(row, session.execute(PARTS, {"id": goods_id}).mappings().all())


async def port_detail(session: AsyncSession, goods_id: int) -> dict[str, Any]:
    row = (await session.execute(DETAIL, {"id": goods_id})).one_or_none()
    if row is None:
        raise NotFound
    return shown(row, (await session.execute(PARTS, {"id": goods_id})).mappings().all())


def listing(session: Session, page: int = 1, least: int = 0) -> list[dict[str, Any]]:
    return [dict(row) for row in session.execute(LISTING, {"least": least, "skip": 5 * (page - 1)}).mappings()]


async def port_listing(session: AsyncSession, page: int = 1, least: int = 0) -> list[dict[str, Any]]:
    rows = (await session.execute(LISTING, {"least": least, "skip": 5 * (page - 1)})).mappings()
    return [dict(row) for row in rows]


def written_report(rows: Any) -> Response:
    """Return the report as text."""
    lines = "".join(f"{row.id};{row.title};{row.price}\n" for row in rows)
    return Response(
        f"id;title;price\n{lines}", media_type="text/csv", headers={"Cache-Control": "no-store", "Vary": "Cookie"}
    )


REPORT = text("SELECT id, title, price FROM goods ORDER BY id")


def report(session: Session) -> Response:
    return written_report(session.execute(REPORT).all())


async def port_report(session: AsyncSession) -> Response:
    return written_report((await session.execute(REPORT)).all())


def create(session: Session, goods: Goods) -> dict[str, Any]:
    made = session.execute(INSERT, {"title": goods.title, "price": goods.price}).scalar_one()
    session.execute(AUDIT, {"action": "create", "id": made})
    return {"id": made, "title": goods.title}


async def port_create(session: AsyncSession, goods: Goods) -> dict[str, Any]:
    made = (await session.execute(INSERT, {"title": goods.title, "price": goods.price})).scalar_one()
    await session.execute(AUDIT, {"action": "create", "id": made})
    return {"id": made, "title": goods.title}


def change(session: Session, goods_id: int, goods: Goods) -> dict[str, Any]:
    changed = session.execute(UPDATE, {"id": goods_id, **goods.model_dump()})
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict
    session.execute(AUDIT, {"action": "change", "id": goods_id})
    return {"changed": changed.rowcount}  # type: ignore[attr-defined]


async def port_change(session: AsyncSession, goods_id: int, goods: Goods) -> dict[str, Any]:
    changed = await session.execute(UPDATE, {"id": goods_id, **goods.model_dump()})
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        raise Conflict
    await session.execute(AUDIT, {"action": "change", "id": goods_id})
    return {"changed": changed.rowcount}  # type: ignore[attr-defined]


def remove(session: Session, goods_id: int) -> None:
    session.execute(AUDIT, {"action": "remove", "id": goods_id})
    session.execute(DELETE, {"id": goods_id})


async def port_remove(session: AsyncSession, goods_id: int) -> None:
    await session.execute(AUDIT, {"action": "remove", "id": goods_id})
    await session.execute(DELETE, {"id": goods_id})


def transfer(session: Session, amount: int) -> dict[str, Any]:
    session.execute(MOVE, {"id": 1, "change": -amount})
    session.execute(MOVE, {"id": 2, "change": amount})
    return {"moved": amount}


async def port_transfer(session: AsyncSession, amount: int) -> dict[str, Any]:
    await session.execute(MOVE, {"id": 1, "change": -amount})
    await session.execute(MOVE, {"id": 2, "change": amount})
    return {"moved": amount}


PORTS: dict[str, Callable[..., Any]] = {
    "detail": port_detail,
    "listing": port_listing,
    "report": port_report,
    "create": port_create,
    "change": port_change,
    "remove": port_remove,
    "transfer": port_transfer,
}
# The ports that answer instead, by name of the operation.
BROKEN: dict[str, Callable[..., Any]] = {}


def dispatching(name: str) -> Callable[..., Any]:
    """Return a port that does what `BROKEN` says, else what is right."""

    async def port(**arguments: Any) -> Any:
        return await BROKEN.get(name, PORTS[name])(**arguments)

    port.__signature__ = inspect.signature(PORTS[name], eval_str=True)  # type: ignore[attr-defined]
    return port


def declare(migration: Checked) -> None:
    """Declare every operation."""
    router, writes = migration.router, CheckOptions(writes=True)
    router.get("/goods/{goods_id:int}", legacy=detail)(dispatching("detail"))
    router.get("/goods", legacy=listing)(dispatching("listing"))
    router.get("/report", legacy=report)(dispatching("report"))
    located = {"headers": lambda made: {"Location": f"/goods/{made['id']}"}}
    router.post("/goods", legacy=create, status_code=201, check=writes, **located)(dispatching("create"))
    router.patch("/goods/{goods_id:int}", legacy=change, check=writes)(dispatching("change"))
    router.delete("/goods/{goods_id:int}", legacy=remove, status_code=204, check=writes)(dispatching("remove"))
    router.post("/transfer/{amount:int}", legacy=transfer, check=writes)(dispatching("transfer"))
