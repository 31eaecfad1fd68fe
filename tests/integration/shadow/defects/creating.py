"""A form that creates a row beside its entry in the audit, and what goes wrong in its ports."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import jsonify, request
from pydantic import BaseModel, ValidationError
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from werkzeug.exceptions import BadRequest, Conflict

from bridge.shadow import CheckOptions
from tests.integration.shadow.defects.planting import Defect, Operation, Sent

__all__ = ["CREATING", "DEFECTS"]

INSERT = """INSERT INTO books (title, price, note, in_print, tags, blurb, created)
VALUES (:title, :price, :note, :in_print, CAST(:tags AS jsonb), :blurb, now()) RETURNING id, title, price, created, stock"""
AUDIT = "INSERT INTO audit (book, what) VALUES (:book, 'created')"


class NewBook(BaseModel):
    title: str
    price: Decimal
    note: str | None = None
    in_print: bool = False
    blurb: str = "A book."


def written(book: NewBook) -> dict[str, Any]:
    return {**book.model_dump(), "price": book.price.quantize(Decimal("0.01")), "tags": '["new", "books"]'}


def view(session: Session) -> Any:
    try:
        book = NewBook.model_validate(request.get_json())
    except ValidationError as error:
        raise BadRequest from error
    try:
        row = session.execute(text(INSERT), written(book)).mappings().one()
    except IntegrityError as error:
        raise Conflict from error
    session.execute(text(AUDIT), {"book": row["id"]})
    response = jsonify(dict(row))
    response.status_code, response.headers["Location"] = 201, f"/books/{row['id']}"
    return response


Written = dict[str, Any]


def creating(
    *,
    insert: str = INSERT,
    audit: tuple[str, ...] = (AUDIT,),
    values: Callable[[NewBook, Written], Written] = lambda _book, row: row,
    answer: Callable[[Written], Any] = dict,
    after: Callable[[AsyncSession, Written], Awaitable[object]] | None = None,
    catches: type[Exception] = IntegrityError,
) -> Callable[..., Any]:
    async def create(session: AsyncSession, body: NewBook) -> Any:
        try:
            row = (await session.execute(text(insert), values(body, written(body)))).mappings().one()
        except catches as error:
            raise Conflict from error
        for each in audit:
            await session.execute(text(each), {"book": row["id"]})
        if after is not None:
            await after(session, dict(row))
        return answer(dict(row))

    return create


def put(**columns: Callable[[NewBook], Any]) -> Callable[..., Any]:
    return creating(values=lambda book, row: row | {name: make(book) for name, make in columns.items()})


def located(make: Callable[[Written], str]) -> dict[str, Any]:
    return {"headers": lambda row: {"Location": make(row)}}


async def roll_back(session: AsyncSession, _row: Written) -> None:
    await session.rollback()


async def insert_again(session: AsyncSession, row: Written) -> None:
    await session.execute(text(AUDIT), {"book": row["id"]})


async def add_review(session: AsyncSession, row: Written) -> None:
    await session.execute(text("INSERT INTO reviews (book, stars, hidden) VALUES (:id, 5, false)"), row)


async def notify(_session: AsyncSession, _row: Written) -> None:
    await asyncio.open_connection("192.0.2.1", 443)


FULL = {"title": " A Title of some length ", "price": "12.345", "note": "", "blurb": "Words that say what it is about."}
CREATING = Operation(
    "POST",
    "/books",
    creating(),
    {
        "full": Sent("/books", {"json": FULL}),
        "least": Sent("/books", {"json": {"title": "Least", "price": "10.00"}}),
        "twice": Sent("/books", {"json": {"title": "Book 7", "price": 1}}),
        "wrong": Sent("/books", {"json": {"title": "Wrong", "price": "much"}}),
        "text": Sent("/books", {"content": b"title", "headers": {"Content-Type": "text/plain"}}),
    },
    view=view,
    options={
        "status_code": 201,
        "check": CheckOptions(writes=True, one_connection=False),
        **located(lambda row: f"/books/{row['id']}"),
    },
)
DEFECTS = [
    Defect("200 for 201", "status.200_for_201", options={"status_code": 200}),
    Defect("202 for 201", "status.other", options={"status_code": 202}),
    Defect("no Location", "header.missing", options={"headers": None}),
    Defect("Location of the list", "header.location", options=located(lambda _row: "/books")),
    Defect(
        "Location with a host",
        "header.location.absolute",
        options=located(lambda row: f"http://testserver/books/{row['id']}"),
    ),
    Defect("FastAPI's 422 for 400", "status.422_for_400", sent=("wrong",), compat={"errors": False}),
    Defect("FastAPI's 422 for 415", "status.422_for_415", sent=("text",), compat={"errors": False}),
    Defect("a conflict is not caught", "status.500_for_409", creating(catches=LookupError), sent=("twice",)),
    Defect(
        "a conflict is overwritten",
        "status.success_for_error",
        creating(
            insert=INSERT.replace("RETURNING", "ON CONFLICT (title) DO UPDATE SET price = excluded.price RETURNING")
        ),
        sent=("twice",),
        also=frozenset({"sql.extra_write"}),
    ),
    Defect(
        "no commit",
        "sql.missing_write",
        creating(after=roll_back),
        also=frozenset({"header.location", "json.off_by_one"}),
    ),
    Defect("no audit", "sql.missing_write", creating(audit=())),
    Defect("audited twice", "sql.duplicate_write", creating(after=insert_again)),
    Defect("a first review", "sql.extra_write", creating(after=add_review)),
    Defect("another default", "sql.wrong_value", put(blurb=lambda _book: "No text yet"), sent=("least",)),
    Defect("true by default", "sql.wrong_value", put(in_print=lambda _book: True), sent=("least",)),
    Defect(
        "the title is stripped",
        "sql.wrong_value.string.whitespace",
        put(title=lambda book: book.title.strip()),
        also=frozenset({"json.string.whitespace"}),
    ),
    Defect(
        "a title in lower case",
        "sql.wrong_value.string.case",
        put(title=lambda book: book.title.lower()),
        also=frozenset({"json.string.case"}),
    ),
    Defect("a blurb is cut", "sql.wrong_value.string.truncated", put(blurb=lambda book: book.blurb[:20])),
    Defect(
        "rounded half up",
        "sql.wrong_value.rounding",
        put(price=lambda _book: Decimal("12.35")),
        also=frozenset({"json.rounding"}),
    ),
    Defect("an empty note is null", "sql.wrong_value.null_for_empty", put(note=lambda book: book.note or None)),
    Defect(
        "no note is empty", "sql.wrong_value.empty_for_null", put(note=lambda book: book.note or ""), sent=("least",)
    ),
    Defect(
        "no note is a word",
        "sql.wrong_value.value_for_null",
        put(note=lambda book: book.note or "None"),
        sent=("least",),
    ),
    Defect("a note is lost", "sql.wrong_value.null_for_empty", put(note=lambda _book: None)),
    Defect("tags in JSON in JSON", "sql.wrong_value.encoded_twice", put(tags=lambda _book: r'"[\"new\", \"books\"]"')),
    Defect("tags in a set", "sql.wrong_value.array_order", put(tags=lambda _book: '["books", "new"]')),
    Defect(
        "a naive time",
        "sql.wrong_value.datetime.zone",
        creating(insert=INSERT.replace("now()", "now() AT TIME ZONE 'UTC'")),
        also=frozenset({"json.datetime.zone"}),
    ),
    Defect(
        "answered before the key is known",
        "json.null_for_value",
        creating(answer=lambda row: row | {"id": None}),
        also=frozenset({"header.location"}),
    ),
    Defect(
        "the application's clock",
        "sql.wrong_value.datetime.value",
        creating(insert=INSERT.replace("now()", ":now"), values=lambda _book, row: row | {"now": datetime.now(UTC)}),
        missed="a time of its run is taken for the control's time of its own",
    ),
    Defect(
        "a call to another host",
        "egress.blocked",
        creating(after=notify),
        also=frozenset({"status.500", "sql.missing_write"}),
    ),
]
