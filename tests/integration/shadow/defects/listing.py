"""A list with pages and filters."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from flask import jsonify, request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bridge import lenient
from tests.integration.shadow.defects.planting import Operation, paths

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy.orm import Session

__all__ = ["LISTING", "ROWS", "TOTALS", "WHERE", "Document", "Listing", "answered", "headers", "start"]

SIZE = 5
WHERE = """FROM books AS b LEFT JOIN authors AS a ON a.id = b.author
WHERE NOT b.hidden AND (CAST(:tag AS text) IS NULL OR b.tag = CAST(:tag AS text))
AND (CAST(:printed AS boolean) IS NULL OR b.in_print = CAST(:printed AS boolean)) AND b.price >= CAST(:least AS numeric)"""
ROWS = f"""SELECT b.id, b.title, b.price, b.created, b.in_print, a.name AS author {WHERE}
ORDER BY b.price DESC, b.id LIMIT :size OFFSET :start"""
TOTALS = f"SELECT count(*) AS total, coalesce(sum(b.price), 0) AS value {WHERE}"
HEADERS = {"Cache-Control": "no-cache, private", "Vary": "Accept, Cookie"}

Document = dict[str, Any]


def shown(row: Any) -> Document:
    return dict(row)


def answered(rows: list[Any], totals: Any, values: Document) -> Document:
    return {
        "items": rows,
        "page": values["page"],
        "pages": -(-totals["total"] // values["size"]),
        "total": totals["total"],
        "value": totals["value"],
        "filters": {"tag": values["tag"], "printed": values["printed"]},
    }


def start(page: int, size: int) -> int:
    return (max(page, 1) - 1) * size


@dataclass(frozen=True, slots=True)
class Listing:
    """What a port of the list decides."""

    rows: str = ROWS
    totals: str = TOTALS
    start: Callable[[int, int], int] = start
    size: int = SIZE
    most: int = 10
    show: Callable[[Any], Document] = shown
    answer: Callable[[list[Any], Any, Document], Any] = answered

    def values(self, *, page: int, size: int | None, tag: str | None, printed: bool | None, least: str) -> Document:
        size = min(size or self.size, self.most)
        return {
            "page": page,
            "size": size,
            "start": self.start(page, size),
            "tag": tag,
            "printed": printed,
            "least": Decimal(least),
        }

    def port(self) -> Callable[..., Any]:
        async def books(
            session: AsyncSession,
            *,
            page: Annotated[int, lenient(int, 1)] = 1,
            size: Annotated[int | None, lenient(int, None)] = None,
            tag: str | None = None,
            printed: Annotated[bool | None, lenient(bool, None)] = None,
            least: str = "0",
        ) -> Any:
            values = self.values(page=page, size=size, tag=tag, printed=printed, least=least)
            rows = (await session.execute(text(self.rows), values)).mappings().all()
            totals = (await session.execute(text(self.totals), values)).mappings().one()
            return self.answer([self.show(row) for row in rows], totals, values)

        return books


def view(session: Session) -> Any:
    args = request.args
    values = Listing().values(
        page=args.get("page", 1, type=int),
        size=args.get("size", type=int),
        tag=args.get("tag"),
        printed=args.get("printed", type=bool),
        least=args.get("least", "0"),
    )
    rows = session.execute(text(ROWS), values).mappings().all()
    totals = session.execute(text(TOTALS), values).mappings().one()
    response = jsonify(answered([shown(row) for row in rows], totals, values))
    response.headers.update(HEADERS)
    return response


def headers(**values: str | None) -> dict[str, Any]:
    chosen: Mapping[str, str] = {
        name: value
        for name, value in {**HEADERS, **{each.replace("_", "-"): values[each] for each in values}}.items()
        if value
    }
    return {"headers": lambda _answer: chosen}


LISTING = Operation(
    "GET",
    "/books",
    Listing().port(),
    paths(
        "/books",
        "/books?page=2",
        "/books?page=99",
        "/books?page=x",
        "/books?size=1000",
        "/books?tag=Maths",
        "/books?tag=code",
        "/books?tag=Maths&tag=code",
        "/books?printed=false",
        "/books?least=12.50",
        "/books?least=19.99",
    ),
    view=view,
    options=headers(),
)
