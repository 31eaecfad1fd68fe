"""A form that changes a row of one version, and a counter; and what goes wrong in their ports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Body
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from werkzeug.exceptions import Conflict

from bridge.shadow import CheckOptions
from tests.integration.shadow.defects.planting import Defect, Operation, Sent

__all__ = ["TABLE"]

WRITES = {"check": CheckOptions(writes=True)}
Values = dict[str, Any]
Given = Annotated[Values, Body()]

UPDATE = """UPDATE books SET title = :title, price = :price, discount = :discount, in_print = :in_print, changed = localtimestamp,
version = version + 1 WHERE id = :book AND version = :version RETURNING id, title, price, version"""
NOTED = "INSERT INTO audit (book, what) VALUES (:book, 'changed')"
CENT = Decimal("0.01")


def changes(book: int, body: Values) -> Values:
    return {
        "book": book,
        "title": body["title"],
        "price": Decimal(str(body["price"])).quantize(CENT),
        "discount": Decimal(1),
        "in_print": body["in_print"],
        "version": body["version"],
    }


def update(session: Session, book: int, body: Given) -> Values:
    row = session.execute(text(UPDATE), changes(book, body)).mappings().one_or_none()
    if row is None:
        raise Conflict
    session.execute(text(NOTED), {"book": book})
    return dict(row)


def updating(
    sql: str = UPDATE, values: Callable[[Values], Values] = dict, *, answer: Callable[[Values], Values] = dict
) -> Callable[..., Any]:
    async def native(session: AsyncSession, book: int, body: Given) -> Any:
        row = (await session.execute(text(sql), values(changes(book, body)))).mappings().first()
        if row is None:
            raise Conflict
        await session.execute(text(NOTED), {"book": book})
        return answer(dict(row))

    return native


def sql(old: str, new: str) -> Callable[..., Any]:
    assert old in UPDATE
    return updating(UPDATE.replace(old, new))


def put(**columns: Callable[[Values], Any]) -> Callable[..., Any]:
    return updating(values=lambda row: row | {name: make(row) for name, make in columns.items()})


def meeting(sql: str) -> Callable[..., Any]:
    """Return a port that reads, does something in Python, and writes; meanwhile another caller is served."""
    met = asyncio.Barrier(2)

    async def native(session: AsyncSession, book: int, body: Given) -> Any:
        version = await session.scalar(VERSION, {"book": book})
        await others(met, session, VERSION, book)
        if version != body["version"]:
            raise Conflict
        return await updating(sql)(session, book, body)

    return native


VERSION = text("SELECT version FROM books WHERE id = :book")


async def others(met: asyncio.Barrier, session: AsyncSession, state: TextClause, book: int) -> None:
    """Have the first of two callers go on at once, and the second when the first one's legacy function has changed the *state*."""
    seen = await session.scalar(state, {"book": book})
    first = await met.wait() == 0
    while not first and await session.scalar(state, {"book": book}) == seen:  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(0.01)


async def another_row(session: AsyncSession, book: int, body: Given) -> Any:
    return await updating(UPDATE.replace("id = :book", "id = :book + 1"))(session, book, body)


async def another_audit(session: AsyncSession, book: int, body: Given) -> Any:
    answer = await updating()(session, book, body)
    await session.execute(text("UPDATE audit SET what = 'see elsewhere'"))
    return answer


NEW = {"title": "A new Title", "price": "11.00", "in_print": False, "version": 1}
UPDATING = Operation(
    "PATCH",
    "/books/{book:int}",
    updating(),
    {
        "update": Sent("/books/1", {"json": NEW}),
        "stale": Sent("/books/1", {"json": NEW | {"version": 7}}),
        "at once": Sent("/books/1", {"json": NEW}, times=2),
    },
    legacy=update,
    options=WRITES,
)
PRICED = frozenset({"json.value"})
UPDATES = [
    Defect(
        "the version is not raised",
        "sql.lost_update",
        sql("version = version + 1", "version = version"),
        also=frozenset({"json.off_by_one"}),
    ),
    Defect(
        "the version is not compared",
        "status.success_for_error",
        sql("AND version = :version", ""),
        sent=("stale",),
        also=frozenset({"sql.extra_write"}),
    ),
    Defect(
        "the version is compared before the write",
        "status.success_for_error",
        meeting(UPDATE.replace("AND version = :version", "")),
        sent=("at once",),
        also=frozenset({"sql.extra_write"}),
    ),
    Defect(
        "the version is raised by two",
        "sql.wrong_value.off_by_one",
        sql("version + 1", "version + 2"),
        also=frozenset({"json.off_by_one"}),
    ),
    Defect("onupdate does not run", "sql.missing_change", sql("changed = localtimestamp,", "")),
    Defect("a PATCH writes defaults", "sql.extra_change", sql("changed =", "subtitle = NULL, changed =")),
    Defect(
        "an UPDATE without WHERE",
        "sql.extra_write",
        updating(
            UPDATE.replace("title = :title,", "title = title || '.',").replace(
                "WHERE id = :book AND", "WHERE :book > 0 AND"
            )
        ),
        also=frozenset({"sql.wrong_value", "json.value"}),
    ),
    Defect(
        "the next row is changed",
        "sql.missing_write",
        another_row,
        also=frozenset({"sql.extra_write", "json.off_by_one"}),
    ),
    Defect("rows beside are changed", "sql.wrong_value", another_audit),
    Defect(
        "cents for euros",
        "sql.wrong_value.number_scale",
        put(price=lambda row: row["price"] * 100),
        also=frozenset({"json.number_scale"}),
    ),
    Defect("a discount is added", "sql.wrong_value.number_sign", put(discount=lambda row: -row["discount"])),
    Defect("bool('False')", "sql.missing_change", put(in_print=lambda row: bool(str(row["in_print"])))),
    Defect("local time is UTC", "sql.wrong_value.datetime.zone", sql("localtimestamp", "(now() AT TIME ZONE 'UTC')")),
    Defect("a date for a time", "sql.wrong_value.datetime.value", sql("localtimestamp", "current_date")),
    Defect(
        "the state before is answered",
        "json.off_by_one",
        updating(answer=lambda row: row | {"version": row["version"] - 1}),
    ),
]

LIKE = "UPDATE books SET likes = likes + :by WHERE id = :book RETURNING likes"


def like(session: Session, book: int) -> Values:
    return {"likes": session.scalar(text(LIKE), {"book": book, "by": 1})}


def liking(sql: str = LIKE, by: int = 1) -> Callable[..., Any]:
    async def native(session: AsyncSession, book: int) -> Any:
        return {"likes": await session.scalar(text(sql), {"book": book, "by": by})}

    return native


def counting(met: asyncio.Barrier | None = None) -> Callable[..., Any]:
    async def native(session: AsyncSession, book: int) -> Any:
        likes = await session.scalar(COUNT, {"book": book})
        if met is not None:
            await others(met, session, COUNT, book)
        await session.execute(
            text("UPDATE books SET likes = :likes WHERE id = :book"), {"likes": likes + 1, "book": book}
        )
        return {"likes": likes + 1}

    return native


COUNT = text("SELECT likes FROM books WHERE id = :book")
LIKING = Operation(
    "POST",
    "/books/{book:int}/likes",
    liking(),
    {"like": Sent("/books/1/likes"), "at once": Sent("/books/1/likes", times=2)},
    legacy=like,
    options=WRITES,
)
COUNTED = frozenset({"json.off_by_one"})
LIKES = [
    Defect("counted twice", "sql.wrong_value.off_by_one", liking(by=2), also=COUNTED),
    Defect(
        "everything is liked",
        "sql.extra_write",
        liking(LIKE.replace("WHERE id = :book", "WHERE :book > 0")),
        also=frozenset({"json.value"}),
    ),
    Defect(
        "another counter",
        "sql.missing_change",
        liking("UPDATE books SET stock = stock + :by WHERE id = :book RETURNING likes + 1"),
        also=frozenset({"sql.extra_change"}),
    ),
    Defect("two callers count one", "sql.missing_write", counting(asyncio.Barrier(2)), sent=("at once",), also=COUNTED),
    Defect(
        "read, add, write",
        "sql.lost_update",
        counting(),
        missed="one caller after the other is served alike: only two at once show it",
    ),
]

TABLE = [(UPDATING, UPDATES), (LIKING, LIKES)]
