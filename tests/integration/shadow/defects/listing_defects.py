"""What goes wrong in ports of a list with pages and filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import NotFound

from tests.integration.shadow.defects.listing import ROWS, TOTALS, WHERE, Document, Listing, answered, headers, start
from tests.integration.shadow.defects.planting import Defect

__all__ = ["DEFECTS"]


def like(**changes: Any) -> Callable[..., Any]:
    return replace(Listing(), **changes).port()


def rows(old: str, new: str) -> Callable[..., Any]:
    assert old in ROWS
    return like(rows=ROWS.replace(old, new))


def everywhere(old: str, new: str) -> Callable[..., Any]:
    assert old in WHERE
    return like(rows=ROWS.replace(old, new), totals=TOTALS.replace(old, new))


def empty_is_an_error(items: list[Any], totals: Any, values: Document) -> Document:
    if not items:
        raise NotFound
    return answered(items, totals, values)


def also(**keys: Callable[[list[Any], Any, Document], Any]) -> Callable[..., Any]:
    def answer(items: list[Any], totals: Any, values: Document) -> Document:
        return answered(items, totals, values) | {key: make(items, totals, values) for key, make in keys.items()}

    return like(answer=answer)


async def strict_page(session: AsyncSession, page: int = 1, size: int | None = None) -> Any:
    return await Listing().port()(session, page=page, size=size)


async def strict_flag(session: AsyncSession, printed: bool | None = None) -> Any:
    return await Listing().port()(session, printed=printed)


ITEMS = frozenset({"json.missing_item", "json.extra_item"})
COUNTED = frozenset({"json.value", "json.off_by_one"})
DEFECTS = [
    Defect(
        "the second page is the first",
        "json.missing_item",
        like(start=lambda page, size: max(page - 2, 0) * size),
        sent=("/books?page=2",),
        also=frozenset({"json.extra_item"}),
    ),
    Defect(
        "a page begins one row late",
        "json.missing_item",
        like(start=lambda page, size: start(page, size) + 1),
        sent=("/books",),
        also=frozenset({"json.extra_item"}),
    ),
    Defect(
        "a page too far is an error",
        "status.error_for_success",
        like(answer=empty_is_an_error),
        sent=("/books?page=99",),
    ),
    Defect(
        "< for <=",
        "json.missing_item",
        everywhere("b.price >= CAST", "b.price > CAST"),
        sent=("/books?least=12.50",),
        also=frozenset({"json.value"}),
    ),
    Defect(
        "no tie-breaker",
        "json.array_order",
        rows("b.price DESC, b.id", "b.price DESC"),
        sent=("/books?size=1000",),
        also=ITEMS,
    ),
    Defect("ascending", "json.array_order", rows("b.price DESC", "b.price"), sent=("/books?tag=Maths",)),
    Defect(
        "inner join", "json.missing_item", everywhere("LEFT JOIN", "JOIN"), sent=("/books?tag=Maths",), also=COUNTED
    ),
    Defect(
        "hidden rows are shown",
        "json.extra_item",
        everywhere("NOT b.hidden AND", ""),
        sent=("/books?tag=code",),
        also=COUNTED | {"json.missing_item"},
    ),
    Defect(
        "a join repeats rows",
        "json.duplicate_item",
        rows(
            "LEFT JOIN authors AS a ON a.id = b.author",
            "LEFT JOIN authors AS a ON a.id = b.author LEFT JOIN reviews AS r ON r.book = b.id",
        ),
        sent=("/books?least=19.99",),
    ),
    Defect(
        "the total ignores the filter",
        "json.value",
        like(totals=TOTALS.replace(WHERE, "FROM books AS b WHERE NOT b.hidden")),
        sent=("/books?tag=Maths",),
    ),
    Defect("the total is that of the page", "json.value", also(total=lambda items, _totals, _values: len(items))),
    Defect(
        "pages are rounded down",
        "json.off_by_one",
        also(pages=lambda _items, totals, values: totals["total"] // values["size"]),
    ),
    Defect(
        "pages count from 0",
        "json.off_by_one",
        also(page=lambda _items, _totals, values: values["page"] - 1),
        sent=("/books?page=2",),
    ),
    Defect(
        "the sum is a float", "json.decimal.digits", also(value=lambda _items, totals, _values: float(totals["value"]))
    ),
    Defect(
        "floats are summed",
        "json.float_noise",
        like(totals=TOTALS.replace("sum(b.price)", "sum(b.price::float8 * 1.1 / 1.1)")),
    ),
    Defect(
        "the default size is 10",
        "json.extra_item",
        like(size=10),
        sent=("/books",),
        also=frozenset({"json.off_by_one"}),
    ),
    Defect(
        "the size has no limit",
        "json.extra_item",
        like(most=1000),
        sent=("/books?size=1000",),
        also=frozenset({"json.off_by_one"}),
    ),
    Defect(
        "null for no rows",
        "json.null_for_empty",
        also(items=lambda items, _totals, _values: items or None),
        sent=("/books?page=99",),
    ),
    Defect("the list is bare", "json.type", like(answer=lambda items, _totals, _values: items)),
    Defect(
        "the last query value counts",
        "query.last_value_wins",
        compat={"requests": False},
        sent=("/books?tag=Maths&tag=code",),
    ),
    Defect("?printed=false is false", "query.bool", strict_flag, sent=("/books?printed=false",), also=COUNTED | ITEMS),
    Defect("?page=x is refused", "status.422_for_200", strict_page, compat={"errors": False}, sent=("/books?page=x",)),
    Defect("no Cache-Control", "header.missing", options=headers(Cache_Control=None)),
    Defect("another Cache-Control", "header.value", options=headers(Cache_Control="public")),
    Defect("Vary without Cookie", "header.vary", options=headers(Vary="Accept")),
    Defect("a header more", "header.extra", options=headers(Content_Disposition="inline")),
    Defect(
        "Pydantic writes the body",
        "json.datetime.http_date",
        compat={"json": False},
        sent=("/books",),
        also=frozenset({"json.escapes", "json.key_order", "json.trailing_newline"}),
    ),
]
