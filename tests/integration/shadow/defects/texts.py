"""Search, a report and an image, and what goes wrong in their ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Query
from fastapi.responses import JSONResponse, Response
from flask import make_response, request
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from werkzeug.exceptions import BadRequest

from tests.integration.shadow.defects.planting import Defect, Operation, paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

__all__ = ["TABLE"]

FOUND = r"""SELECT id, title FROM books WHERE NOT hidden AND title ILIKE :words ESCAPE '\' ORDER BY title, id LIMIT 5"""


def escaped(words: str) -> str:
    for each in ("\\", "%", "_"):
        words = words.replace(each, "\\" + each)
    return f"%{words.strip()}%"


def search_view(session: Session) -> Any:
    words = request.args.get("q", "")
    if not words.strip():
        raise BadRequest
    return {"found": [dict(row) for row in session.execute(text(FOUND), {"words": escaped(words)}).mappings()]}


def searching(
    sql: str = FOUND,
    pattern: Callable[[str], str] = escaped,
    *,
    refuses: bool = True,
    answer: Callable[[Any], Any] = dict,
) -> Callable[..., Any]:
    async def search(session: AsyncSession, q: str = "") -> Any:
        if refuses and not q.strip():
            raise BadRequest
        rows = (await session.execute(text(sql), {"words": pattern(q)})).mappings().all()
        return answer({"found": [dict(row) for row in rows]})

    return search


async def strict_search(session: AsyncSession, q: str = Query(min_length=1)) -> Any:
    return await searching()(session, q)


SEARCH = Operation(
    "GET",
    "/search",
    searching(),
    paths(
        "/search?q=100%25",
        "/search?q=e_c",
        "/search?q=e_c%25",
        "/search?q=BOOK",
        "/search?q=%20code%20",
        "/search?q=book",
        "/search?q=",
        "/search?q=%C3%B6hne",
    ),
    view=search_view,
)
SEARCHES = [
    Defect(
        "% matches everything",
        "json.extra_item",
        searching(pattern=lambda words: f"%{words}%"),
        sent=("/search?q=100%25",),
    ),
    Defect(
        "_ matches any letter",
        "json.extra_item",
        searching(pattern=lambda words: f"%{words}%"),
        sent=("/search?q=e_c",),
    ),
    Defect("LIKE for ILIKE", "json.missing_item", searching(FOUND.replace("ILIKE", "LIKE")), sent=("/search?q=BOOK",)),
    Defect(
        "no ORDER BY", "json.array_order", searching(FOUND.replace("ORDER BY title, id", "")), sent=("/search?q=book",)
    ),
    Defect(
        "blanks are searched for",
        "json.extra_item",
        searching(pattern=lambda words: "%"),
        sent=("/search?q=%20code%20",),
    ),
    Defect("no words are accepted", "status.success_for_error", searching(refuses=False), sent=("/search?q=",)),
    Defect("422 for 400", "status.422_for_400", strict_search, sent=("/search?q=",), compat={"errors": False}),
    Defect(
        "json.dumps() by hand",
        "json.escapes",
        searching(answer=JSONResponse),
        sent=("/search?q=%C3%B6hne",),
        also=frozenset({"json.trailing_newline"}),
    ),
    Defect(
        "keys as they come",
        "json.key_order",
        searching(answer=lambda it: {"found": [{"title": each["title"], "id": each["id"]} for each in it["found"]]}),
        sent=("/search?q=book",),
        compat={"json": False},
        also=frozenset({"json.trailing_newline"}),
    ),
    Defect(
        "pretty JSON",
        "json.whitespace",
        searching(answer=lambda it: Response(b'{"found": []}\n', media_type="application/json")),
        sent=("/search?q=e_c%25",),
    ),
]

LINES = text("SELECT id, tag, price FROM books WHERE NOT hidden ORDER BY id LIMIT 4")
CSV = "text/csv; charset=utf-8"
NAMED = 'attachment; filename="books.csv"'


def report(rows: Any) -> str:
    return "".join(f"{line}\r\n" for line in ["Id,Tag,Price", *(f"{row.id},{row.tag},{row.price}" for row in rows)])


def report_view(session: Session) -> Any:
    response = make_response(report(session.execute(LINES)))
    response.headers["Content-Type"], response.headers["Content-Disposition"] = CSV, NAMED
    return response


def reporting(alter: Callable[[str], str] = str, media: str = CSV, name: str = NAMED) -> Callable[..., Any]:
    async def native(session: AsyncSession) -> Any:
        content = alter(report(await session.execute(LINES)))
        return Response(content.encode(), headers={"Content-Type": media, "Content-Disposition": name})

    return native


REPORT = Operation("GET", "/report.csv", reporting(), paths("/report.csv"), view=report_view)
REPORTS = [
    Defect("LF for CR LF", "text.line_endings", reporting(lambda it: it.replace("\r", ""))),
    Defect("no header line", "text.missing_line", reporting(lambda it: it.partition("\n")[2])),
    Defect("a line of totals", "text.extra_line", reporting(lambda it: it + "total,,42\r\n")),
    Defect("the last line is open", "text.trailing_newline", reporting(str.rstrip)),
    Defect("a price with one digit", "text.line", reporting(lambda it: it.replace("12.50", "12.5"))),
    Defect("blanks behind commas", "text.whitespace", reporting(lambda it: it.replace(",", ", "))),
    Defect("headings in lower case", "text.case", reporting(lambda it: it.replace("Id,Tag,Price", "id,tag,price"))),
    Defect("a report without charset", "header.charset", reporting(media="text/csv")),
    Defect("a report of another name", "header.value", reporting(name='attachment; filename="report.csv"')),
    Defect("a report called HTML", "header.content_type", reporting(media="text/html; charset=utf-8")),
    Defect("no report", "body.missing", reporting(lambda _it: "")),
]

IMAGE = b"\x89PNG\r\n\x1a\n\x00\x01\x02\x03"


def image(content: bytes = IMAGE) -> Callable[..., Any]:
    async def native() -> Any:
        return Response(content, media_type="image/png")

    return native


COVER = Operation(
    "GET", "/cover", image(), paths("/cover"), view=lambda _session: (IMAGE, {"Content-Type": "image/png"})
)
COVERS = [
    Defect("an image is cut", "binary.length", image(IMAGE[:-4])),
    Defect("an image is decoded", "binary.content", image(IMAGE.replace(b"\r\n", b"\n\n"))),
]


TABLE = [(SEARCH, SEARCHES), (REPORT, REPORTS), (COVER, COVERS)]
