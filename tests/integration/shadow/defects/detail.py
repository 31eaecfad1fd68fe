"""One row with a value of every kind, and what goes wrong in its ports."""

from __future__ import annotations

import asyncio
import html
import json
import unicodedata
from datetime import UTC, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from ipaddress import ip_interface
from typing import TYPE_CHECKING, Any

from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import NotFound

from tests.integration.shadow.defects.planting import Defect, Operation, paths
from tests.integration.shadow.defects.schema import Book

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

__all__ = ["DEFECTS", "DETAIL"]

BOOK = text("""SELECT b.*, a.name AS author_name, a.email AS author_email FROM books AS b LEFT JOIN authors AS a ON a.id = b.author
WHERE b.id = :id AND NOT b.hidden""")
REVIEWS = text("SELECT id, stars, words FROM reviews WHERE book = :id AND NOT hidden ORDER BY stars DESC, id")
CENT = Decimal("0.01")

Document = dict[str, Any]


class Status(Enum):
    DRAFT = "draft"
    ON_SALE = "on_sale"


def shown(row: Any, reviews: list[Document]) -> Document:
    stars = [each["stars"] for each in reviews]
    deal = {"deal": row["note"]} if row["note"] else {}
    return deal | {
        **{name: row[name] for name in ("id", "title", "subtitle", "price", "discount", "weight", "score", "created")},
        **{name: row[name] for name in ("in_print", "token", "tags", "isbn", "note", "blurb", "status", "stock")},
        "author": {"name": row["author_name"], "email": row["author_email"]} if row["author"] else None,
        "host": str(row["host"]),
        "at": row["created"].isoformat(),
        "changed": row["changed"] and row["changed"].isoformat(),
        "published": row["published"] and row["published"].isoformat(),
        "reviews": reviews,
        "count": len(reviews),
        "mean": (Decimal(sum(stars)) / max(len(stars), 1) / 4).quantize(CENT, ROUND_HALF_UP),
    }


def view(session: Session, book: int) -> Document:
    row = session.execute(BOOK, {"id": book}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return shown(row, [dict(each) for each in session.execute(REVIEWS, {"id": book}).mappings()])


async def port(session: AsyncSession, book: int) -> Document:
    row = (await session.execute(BOOK, {"id": book})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return shown(row, [dict(each) for each in (await session.execute(REVIEWS, {"id": book})).mappings()])


ONE, BARE, GONE, BEYOND = "/books/1", "/books/2", "/books/5", "/books/99999999999"
DETAIL = Operation(
    "GET",
    "/books/{book:int}",
    port,
    paths(ONE, BARE, "/books/3", "/books/4", "/books/7", GONE, BEYOND),
    view=view,
    rule="/books/<int:book>",
)


def answering(make: Callable[[Document], Any]) -> Callable[..., Any]:
    async def native(session: AsyncSession, book: int) -> Any:
        return make(await port(session, book))

    return native


def put(name: str, make: Callable[[Document], Any]) -> Callable[..., Any]:
    return answering(lambda document: document | {name: make(document)})


def without(*names: str) -> Callable[..., Any]:
    return answering(lambda document: {name: value for name, value in document.items() if name not in names})


async def none_is_ok(session: AsyncSession, book: int) -> Any:
    try:
        return await port(session, book)
    except NotFound:
        return None


async def exactly_one(session: AsyncSession, book: int) -> Any:
    (await session.execute(BOOK, {"id": book})).one()
    return await port(session, book)


async def lazy(session: AsyncSession, book: int) -> Any:
    found = await session.get_one(Book, book)
    return await port(session, book) | {"title": found.title, "writer": found.writer.name if found.writer else None}


async def counts_views(session: AsyncSession, book: int) -> Any:
    await session.execute(text("UPDATE books SET likes = likes + 1 WHERE id = :id"), {"id": book})
    return await port(session, book)


async def hangs(session: AsyncSession, book: int) -> Any:
    await asyncio.Event().wait()


async def by_asc(session: AsyncSession, book: int) -> Any:
    rows = await session.execute(text(REVIEWS.text.replace("ORDER BY stars DESC, id", "ORDER BY id")), {"id": book})
    return await port(session, book) | {"reviews": [dict(each) for each in rows.mappings()]}


async def counts_hidden(session: AsyncSession, book: int) -> Any:
    count = await session.scalar(text("SELECT count(*) FROM reviews WHERE book = :id"), {"id": book})
    return await port(session, book) | {"count": count}


def camel(document: Document) -> Document:
    return {name.replace("in_print", "inPrint"): value for name, value in document.items()}


def nothing_left_out(document: Document) -> Document:
    return {name: value for name, value in document.items() if value is not None}


def python_text(document: Document) -> Response:
    return Response(str(document), media_type="application/json")


async def float_mean(session: AsyncSession, book: int) -> Any:
    document = await port(session, book)
    stars = [each["stars"] for each in document["reviews"]]
    return document | {"mean": str(round(sum(stars) / max(len(stars), 1) / 4, 2))}


async def one_by_one(session: AsyncSession, book: int) -> Any:
    document = await port(session, book)
    for each in document["reviews"]:
        words = text("SELECT words FROM reviews WHERE id = :id")
        each["words"] = await session.scalar(words, {"id": each["id"]})
    return document


DEFECTS = [
    Defect(
        "a statement for each row",
        "json.value",
        one_by_one,
        missed="the answer is the same, only later: the latencies of the evidence tell",
    ),
    Defect("an HTTP date is ISO", "json.datetime.http_date", put("created", lambda it: it["created"].isoformat())),
    Defect("the zone is dropped", "json.datetime.zone", put("created", lambda it: it["created"].replace(tzinfo=None))),
    Defect(
        "local time is called UTC",
        "json.datetime.zone",
        put("at", lambda it: it["created"].replace(tzinfo=UTC).isoformat()),
    ),
    Defect(
        "Z for an offset",
        "json.datetime.offset",
        put("at", lambda it: it["created"].astimezone(UTC).isoformat().replace("+00:00", "Z")),
    ),
    Defect("no microseconds", "json.datetime.microseconds", put("changed", lambda it: it["changed"][:19])),
    Defect("a blank for T", "json.datetime.format", put("changed", lambda it: it["changed"].replace("T", " "))),
    Defect("a date with a time", "json.datetime.date_only", put("published", lambda it: f"{it['published']}T{time()}")),
    Defect("seconds since 1970", "json.datetime.epoch", put("at", lambda it: int(it["created"].timestamp()))),
    Defect("now for a stored time", "json.datetime.value", put("at", lambda _it: datetime.now(UTC).isoformat())),
    Defect("a price as a float", "json.decimal.digits", put("price", lambda it: float(it["price"]))),
    Defect("a price of one digit", "json.decimal.digits", put("price", lambda it: str(it["price"].normalize()))),
    Defect("a price in cents", "json.number_scale", put("price", lambda it: int(it["price"] * 100))),
    Defect("a discount below zero", "json.number_sign", put("discount", lambda it: -it["discount"])),
    Defect("banker's rounding", "json.rounding", float_mean, sent=("/books/7",)),
    Defect("a REAL read as a double", "json.float_noise", put("weight", lambda it: 0.30000001192092896)),
    Defect("a number as a string", "json.number_as_string", put("stock", lambda it: str(it["stock"]))),
    Defect("a string as a number", "json.string_as_number", put("isbn", lambda it: int(it["isbn"]))),
    Defect("hidden reviews are counted", "json.off_by_one", counts_hidden),
    Defect("1 for true", "json.bool_as_int", put("in_print", lambda it: int(it["in_print"]))),
    Defect("the word True", "json.bool_as_string", put("in_print", lambda it: str(it["in_print"]))),
    Defect("null for NaN", "json.nan", put("score", lambda it: None), sent=(BARE,)),
    Defect("the author is not loaded", "json.null_for_value", put("author", lambda it: None)),
    Defect("a default for null", "json.value_for_null", put("note", lambda it: it["note"] or "n/a"), sent=(BARE,)),
    Defect("an empty string for null", "json.empty_for_null", put("note", lambda it: it["note"] or ""), sent=(BARE,)),
    Defect("null for an empty string", "json.null_for_empty", put("subtitle", lambda it: it["subtitle"] or None)),
    Defect("null for a missing key", "json.null_for_missing", put("deal", lambda it: it.get("deal")), sent=(BARE,)),
    Defect("a missing key for null", "json.missing_for_null", answering(nothing_left_out), sent=(BARE,)),
    Defect("a key is missing", "json.missing_key", without("blurb")),
    Defect("a secret key", "json.extra_key", put("password_hash", lambda _it: "$1$x")),
    Defect("camel case", "json.key_name", answering(camel)),
    Defect("a UUID without dashes", "json.uuid_dashes", put("token", lambda it: it["token"].hex)),
    Defect("an address with a prefix", "json.inet_prefix", put("host", lambda it: str(ip_interface(it["host"])))),
    Defect("the name of an Enum", "json.enum_name", put("status", lambda it: str(Status(it["status"])))),
    Defect("HTML in JSON", "json.html_escapes", put("title", lambda it: html.escape(it["title"]))),
    Defect("JSON in JSON", "json.encoded_twice", put("tags", lambda it: json.dumps(it["tags"]))),
    Defect("tags in one string", "json.type", put("tags", lambda it: ",".join(it["tags"]))),
    Defect("tags without order", "json.array_order", put("tags", lambda it: it["tags"][::-1])),
    Defect("a tag is lost", "json.missing_item", put("tags", lambda it: it["tags"][:-1])),
    Defect(
        "UTF-8 read as Latin-1", "json.string.encoding", put("title", lambda it: it["title"].encode().decode("latin-1"))
    ),
    Defect(
        "composed anew", "json.string.normalisation", put("title", lambda it: unicodedata.normalize("NFC", it["title"]))
    ),
    Defect(
        "an address in lower case",
        "json.string.case",
        put("author", lambda it: it["author"] | {"email": it["author"]["email"].lower()}),
        sent=("/books/3",),
    ),
    Defect("trailing blanks are cut", "json.string.whitespace", put("title", lambda it: it["title"].strip())),
    Defect("a text is cut", "json.string.truncated", put("blurb", lambda it: it["blurb"][:40])),
    Defect("a value in an object", "json.envelope", put("author", lambda it: {"author": it["author"]})),
    Defect("another column", "json.value", put("title", lambda it: it["blurb"])),
    Defect("reviews by age", "json.array_order", by_asc),
    Defect("nothing instead of 404", "status.success_for_error", none_is_ok, sent=(GONE,)),
    Defect("500 instead of 404", "status.500_for_404", exactly_one, sent=(GONE,)),
    Defect("a lazy load", "candidate.lazy_load", lazy),
    Defect("a GET that writes", "sql.write_in_safe_method", counts_views),
    Defect("no end", "candidate.timeout", hangs),
    Defect("Python instead of JSON", "json.not_json", answering(python_text)),
    Defect(
        "JSON called text",
        "header.content_type",
        answering(lambda it: PlainTextResponse("{}")),
        also=frozenset({"body.media_type"}),
    ),
]
