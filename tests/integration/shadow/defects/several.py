"""Deletions, bulk statements and transfers, and what goes wrong in their ports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Body
from sqlalchemy import CursorResult, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from werkzeug.exceptions import Conflict, NotFound

from bridge.shadow import CheckOptions
from tests.integration.shadow.defects.planting import Defect, Operation, Sent

__all__ = ["TABLE"]

WRITES = {"check": CheckOptions(writes=True)}
Statements = Sequence[str]

REVIEWS = "DELETE FROM reviews WHERE book = :book"
DELETE = "DELETE FROM books WHERE id = :book RETURNING id"
NOTED = "INSERT INTO audit (book, what) VALUES (:book, 'deleted')"


def delete(session: Session, book: int) -> None:
    for each in (REVIEWS, NOTED):
        session.execute(text(each), {"book": book})
    if session.scalar(text(DELETE), {"book": book}) is None:
        raise NotFound


def deleting(
    before: Statements = (REVIEWS, NOTED), sql: str = DELETE, *, looks: bool = True, answer: Any = None
) -> Callable[..., Any]:
    async def native(session: AsyncSession, book: int) -> Any:
        for each in before:
            await session.execute(text(each), {"book": book})
        if await session.scalar(text(sql), {"book": book}) is None and looks:
            raise NotFound
        return answer

    return native


DELETING = Operation(
    "DELETE",
    "/books/{book:int}",
    deleting(),
    {"delete": Sent("/books/1"), "nothing": Sent("/books/999")},
    legacy=delete,
    options={**WRITES, "status_code": 204},
)
DELETIONS = [
    Defect("the reviews stay", "sql.missing_write", deleting((NOTED,))),
    Defect("one review goes", "sql.missing_write", deleting((f"{REVIEWS} AND id < 3", NOTED))),
    Defect("the reviews of others go", "sql.extra_write", deleting(("DELETE FROM reviews WHERE :book > 0", NOTED))),
    Defect(
        "the deletion is soft",
        "sql.other_kind",
        deleting(sql="UPDATE books SET hidden = true WHERE id = :book RETURNING id"),
    ),
    Defect(
        "the reviews are hidden",
        "sql.other_kind",
        deleting(("UPDATE reviews SET hidden = NOT hidden WHERE book = :book", NOTED)),
    ),
    Defect("the deletion is not noted", "sql.missing_write", deleting((REVIEWS,))),
    Defect(
        "the author goes too",
        "sql.extra_write",
        deleting((REVIEWS, NOTED, "UPDATE authors SET name = '' WHERE :book > 0")),
    ),
    Defect(
        "nothing is deleted twice",
        "status.success_for_error",
        deleting(looks=False),
        sent=("nothing",),
        also=frozenset({"sql.extra_write"}),
    ),
]

RAISE = (
    "UPDATE books SET price = round(price * CAST(:by AS numeric), 2) WHERE tag = :tag AND NOT hidden AND price >= 10"
)
RAISED = "INSERT INTO audit (book, what) VALUES (0, :tag)"


def reprice(session: Session, tag: str, by: str) -> dict[str, Any]:
    changed = session.execute(text(RAISE), {"tag": tag, "by": Decimal(by)})
    session.execute(text(RAISED), {"tag": tag})
    assert isinstance(changed, CursorResult)
    return {"changed": changed.rowcount}


def repricing(sql: str = RAISE, audit: Statements = (RAISED,), count: Callable[[int], int] = int) -> Callable[..., Any]:
    async def native(session: AsyncSession, tag: str, by: str) -> Any:
        changed: Any = await session.execute(text(sql), {"tag": tag, "by": Decimal(by)})
        for each in audit:
            await session.execute(text(each), {"tag": tag})
        return {"changed": count(changed.rowcount)}

    return native


REPRICING = Operation(
    "POST",
    "/reprice/{tag}",
    repricing(),
    {
        "maths": Sent("/reprice/Maths?by=1.03"),
        "code": Sent("/reprice/code?by=1.03"),
        "none": Sent("/reprice/none?by=1.03"),
    },
    legacy=reprice,
    options=WRITES,
)
BULK = [
    Defect(
        "rows are left out",
        "sql.missing_write",
        repricing(RAISE.replace(">= 10", "> 10")),
        also=frozenset({"json.off_by_one"}),
    ),
    Defect(
        "hidden rows are changed",
        "sql.extra_write",
        repricing(RAISE.replace("NOT hidden", "true")),
        sent=("code",),
        also=frozenset({"json.off_by_one"}),
    ),
    Defect(
        "every tag is changed",
        "sql.extra_write",
        repricing(RAISE.replace("tag = :tag", "tag > ''")),
        also=frozenset({"json.value"}),
    ),
    Defect("cents are cut off", "sql.wrong_value.rounding", repricing(RAISE.replace("round(", "trunc("))),
    Defect("asyncpg has no rowcount", "json.rowcount", repricing(count=lambda _rows: -1)),
    Defect("no row is one", "json.off_by_one", repricing(count=lambda rows: max(rows, 1)), sent=("none",)),
    Defect(
        "each row is noted",
        "sql.missing_write",
        repricing(audit=("INSERT INTO audit (book, what) SELECT id, title FROM books WHERE tag = :tag",)),
        also=frozenset({"sql.extra_write"}),
    ),
]

TAKE = "UPDATE accounts SET balance = balance - :amount, version = version + 1 WHERE id = :source AND balance >= :amount RETURNING balance"
GIVE = "UPDATE accounts SET balance = balance + :amount, version = version + 1 WHERE id = :target"
MOVED = "INSERT INTO movements (source, target, amount) VALUES (:source, :target, :amount)"


def transfer(session: Session, source: int, target: int, amount: Annotated[str, Body(embed=True)]) -> dict[str, Any]:
    values = {"source": source, "target": target, "amount": Decimal(amount)}
    balance = session.scalar(text(TAKE), values)
    if balance is None:
        raise Conflict
    for each in (GIVE, MOVED):
        session.execute(text(each), values)
    return {"balance": balance}


def transferring(
    take: str = TAKE, then: Statements = (GIVE, MOVED), alter: Callable[[Decimal], Decimal] = Decimal
) -> Callable[..., Any]:
    async def native(session: AsyncSession, source: int, target: int, amount: Annotated[str, Body(embed=True)]) -> Any:
        values = {"source": source, "target": target, "amount": alter(Decimal(amount))}
        balance = await session.scalar(text(take), values)
        if balance is None:
            raise Conflict
        for each in then:
            await session.execute(text(each), values)
        return {"balance": balance}

    return native


TRANSFER = Operation(
    "POST",
    "/accounts/{source:int}/to/{target:int}",
    transferring(),
    {
        "pay": Sent("/accounts/1/to/2", {"json": {"amount": "12.50"}}),
        "too much": Sent("/accounts/2/to/1", {"json": {"amount": "50.01"}}),
        "far": Sent("/accounts/1/to/3", {"json": {"amount": "1"}}),
        "all": Sent("/accounts/2/to/3", {"json": {"amount": "50"}}),
    },
    legacy=transfer,
    options=WRITES,
)
PAID = frozenset({"json.value"})
TRANSFERS = [
    Defect("money is taken, not given", "sql.missing_write", transferring(then=(MOVED,))),
    Defect("the movement is not noted", "sql.missing_write", transferring(then=(GIVE,))),
    Defect("the movement is noted twice", "sql.duplicate_write", transferring(then=(GIVE, MOVED, MOVED))),
    Defect(
        "money is given twice",
        "sql.wrong_value",
        transferring(then=(GIVE, GIVE, MOVED)),
        also=frozenset({"sql.wrong_value.off_by_one"}),
    ),
    Defect(
        "money runs backwards",
        "sql.wrong_value",
        transferring(TAKE.replace("- :amount", "+ :amount"), then=(GIVE.replace("+ :amount", "- :amount"), MOVED)),
        also=PAID,
    ),
    Defect(
        "balances below zero",
        "status.success_for_error",
        transferring(TAKE.replace("AND balance >= :amount", "")),
        sent=("too much",),
        also=frozenset({"sql.extra_write"}),
    ),
    Defect(
        "the last cent stays",
        "status.error_for_success",
        transferring(TAKE.replace(">=", ">")),
        sent=("all",),
        also=frozenset({"sql.missing_write"}),
    ),
    Defect(
        "whole euros move",
        "sql.wrong_value",
        transferring(alter=lambda amount: amount // 1),
        also=frozenset({"json.value"}),
    ),
    Defect(
        "the target keeps its version",
        "sql.lost_update",
        transferring(then=(GIVE.replace(", version = version + 1", ""), MOVED)),
    ),
    Defect(
        "source and target are exchanged",
        "sql.wrong_value",
        transferring(then=(GIVE, MOVED.replace(":source, :target,", ":target, :source,"))),
        sent=("far",),
    ),
]

TABLE = [(DELETING, DELETIONS), (REPRICING, BULK), (TRANSFER, TRANSFERS)]
