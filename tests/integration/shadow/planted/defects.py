"""What goes wrong in ports, and the rule that has to name it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from starlette.responses import JSONResponse, Response
from werkzeug.exceptions import BadRequest, Forbidden, NotFound, Unauthorized, UnprocessableEntity

from tests.integration.shadow.planted.shop import PORTS, written_report

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEFECTS", "REQUESTS", "Defect"]

# Method, URL and body of the request that each operation is asked with, unless a defect says otherwise.
REQUESTS: dict[str, tuple[str, str, Any]] = {
    "detail": ("GET", "/goods/2", None),
    "listing": ("GET", "/goods?page=1", None),
    "report": ("GET", "/report", None),
    "create": ("POST", "/goods", {"title": " New ", "price": "2.50"}),
    "change": ("PATCH", "/goods/3", {"title": "Changed", "price": "3.45", "version": 1}),
    "remove": ("DELETE", "/goods/4", None),
    "transfer": ("POST", "/transfer/3", None),
}


@dataclass(frozen=True)
class Defect:
    """One way to get the port of an operation wrong."""

    id: str
    operation: str
    rule: str
    port: Callable[..., Any]
    request: tuple[str, str, Any] = field(default=("", "", None))


def alters(operation: str, id_: str, rule: str, alter: Callable[[Any], Any], request: Any = ("", "", None)) -> Defect:
    """Return a defect that alters what the right port returns."""

    async def port(**arguments: Any) -> Any:
        return alter(await PORTS[operation](**arguments))

    return Defect(id_, operation, rule, port, request)


def adds(operation: str, id_: str, rule: str, *statements: str, **values: Any) -> Defect:
    """Return a defect that executes more than the right port."""

    async def port(**arguments: Any) -> Any:
        result = await PORTS[operation](**arguments)
        for statement in statements:
            await arguments["session"].execute(text(statement), values)
        return result

    return Defect(id_, operation, rule, port)


def runs(operation: str, id_: str, rule: str, returns: Any, *statements: str) -> Defect:
    """Return a defect that executes something else than the right port, and returns what it would."""

    async def port(session: Any, **arguments: Any) -> Any:
        given = {name: value for name, value in arguments.items() if not hasattr(value, "model_dump")}
        for value in arguments.values():
            given |= value.model_dump() if hasattr(value, "model_dump") else {}
        for statement in statements:
            await session.execute(text(statement), {name: given[name] for name in given if f":{name}" in statement})
        return returns

    return Defect(id_, operation, rule, port)


def lists(id_: str, rule: str, statement: str, request: Any = ("", "", None)) -> Defect:
    """Return a defect of the listing's statement."""

    async def port(session: Any, page: int, least: int) -> Any:
        values = {"least": least, "skip": 5 * (page - 1)}
        rows = await session.execute(
            text(statement), {key: value for key, value in values.items() if f":{key}" in statement}
        )
        return [dict(row) for row in rows.mappings()]

    return Defect(id_, "listing", rule, port, request)


def fails(operation: str, id_: str, rule: str, error: type[Exception], request: Any = ("", "", None)) -> Defect:
    """Return a defect that raises."""

    async def port(**_arguments: Any) -> Any:
        raise error

    return Defect(id_, operation, rule, port, request)


def flask_json(value: Any, **options: Any) -> Response:
    """Return what `json.dumps` makes of an answer whose values are plain."""
    return Response(json.dumps(value, **options), media_type="application/json")


def plain(result: dict[str, Any]) -> dict[str, Any]:
    return {**result, "price": str(result["price"]), "made_at": "Wed, 31 Jan 2024 10:20:30 GMT"}


def items(alter: Callable[[list[Any]], Any], id_: str, rule: str) -> Defect:
    return alters("listing", id_, rule, alter)


def of(key: str, value: Callable[[Any], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {**result, key: value(result[key])}


def without(key: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {name: value for name, value in result.items() if name != key}


def renamed(before: str, after: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda result: {after if name == before else name: value for name, value in result.items()}


ODD = ("GET", "/goods/1", None)
NOWHERE = ("GET", "/goods/999", None)
CHILDLESS = ("GET", "/goods/12", None)
STALE = ("PATCH", "/goods/3", {"title": "Changed", "price": "3.45", "version": 7})
LISTING = "SELECT id, title, rank FROM goods WHERE rank >= :least"

VALUES = [
    alters("detail", "iso-instead-of-http-date", "json.datetime.http_date", of("made_at", lambda at: at.isoformat())),
    alters("detail", "an-hour-late", "json.datetime.zone", of("made_at", lambda at: at + timedelta(hours=1))),
    alters(
        "detail",
        "local-time-called-utc",
        "json.datetime.zone",
        of("made_iso", lambda _: "2024-01-31T12:20:30.500000+00:00"),
    ),
    alters(
        "detail", "another-offset", "json.datetime.offset", of("made_iso", lambda _: "2024-01-31T12:20:30.500000+02:00")
    ),
    alters(
        "detail",
        "microseconds-dropped",
        "json.datetime.microseconds",
        of("made_iso", lambda at: at.replace(".500000", "")),
    ),
    alters("detail", "space-for-t", "json.datetime.format", of("made_iso", lambda at: at.replace("T", " "))),
    alters("detail", "seconds-since-1970", "json.datetime.epoch", of("made_iso", lambda _: 1706696430.5)),
    alters("detail", "date-as-datetime", "json.datetime.date_only", of("day", lambda day: f"{day}T00:00:00")),
    alters(
        "detail", "another-day", "json.datetime.value", of("made_at", lambda at: at + timedelta(days=34, minutes=7))
    ),
    alters("detail", "price-as-float", "json.decimal.digits", of("price", float)),
    alters("detail", "ratio-as-text", "json.number_as_string", of("ratio", str)),
    alters("detail", "stock-from-a-real-column", "json.float_noise", of("ratio", lambda ratio: ratio + 2.4e-8)),
    alters("detail", "ratio-rounded", "json.rounding", of("ratio", lambda ratio: round(ratio, 2))),
    alters("detail", "stock-off-by-one", "json.off_by_one", of("stock", lambda stock: stock + 1)),
    alters("detail", "stock-negative", "json.number_sign", of("stock", lambda stock: -stock)),
    alters("detail", "cents-for-euros", "json.number_scale", of("ratio", lambda ratio: ratio * 100)),
    alters("detail", "bool-as-int", "json.bool_as_int", of("active", int)),
    alters("detail", "bool-as-text", "json.bool_as_string", of("active", str)),
    alters("detail", "note-lost", "json.null_for_value", of("note", lambda _: None)),
    alters("detail", "note-made-up", "json.value_for_null", of("note", lambda _: "none"), ODD),
    alters("detail", "empty-note-for-none", "json.empty_for_null", of("note", lambda _: ""), ODD),
    alters("detail", "note-left-out", "json.missing_for_null", without("note"), ODD),
    alters("detail", "nick-added-as-null", "json.null_for_missing", lambda result: {**result, "nick": None}),
    alters("detail", "token-without-dashes", "json.uuid_dashes", of("token", lambda token: token.replace("-", ""))),
    alters("detail", "html-escaped", "json.html_escapes", of("title", lambda title: title.replace("ü", "&uuml;"))),
    alters(
        "detail", "read-as-latin-1", "json.string.encoding", of("title", lambda title: title.encode().decode("latin-1"))
    ),
    alters(
        "detail", "decomposed", "json.string.normalisation", of("title", lambda title: title.replace("ü", "u\u0308"))
    ),
    alters("detail", "title-in-capitals", "json.string.case", of("title", str.upper)),
    alters("detail", "note-stripped", "json.string.whitespace", of("note", str.strip)),
    alters("detail", "title-cut", "json.string.truncated", of("title", lambda title: title[:6])),
    alters("detail", "another-title", "json.value", of("title", lambda _: "Else")),
    alters("detail", "no-token", "json.missing_key", without("token")),
    alters("detail", "version-shown", "json.extra_key", lambda result: {**result, "secret": 7}),
    alters("detail", "camel-case", "json.key_name", renamed("made_at", "madeAt")),
    alters("detail", "parts-as-text", "json.type", of("parts", lambda parts: ",".join(part["name"] for part in parts))),
    alters("detail", "parts-encoded-twice", "json.encoded_twice", of("parts", json.dumps)),
    alters("detail", "parts-backwards", "json.array_order", of("parts", lambda parts: parts[::-1])),
    alters("detail", "a-part-missing", "json.missing_item", of("parts", lambda parts: parts[1:])),
    alters("detail", "a-part-twice", "json.duplicate_item", of("parts", lambda parts: [parts[0], *parts])),
    alters(
        "detail", "a-part-of-another", "json.extra_item", of("parts", lambda parts: [*parts, {"id": 99, "name": "x"}])
    ),
    alters("detail", "wrapped", "json.envelope", lambda result: {"data": result}),
    alters(
        "detail", "price-quantised", "json.decimal.digits", of("price", lambda price: price.quantize(Decimal("0.1")))
    ),
]
BYTES = [
    alters(
        "detail", "declared-order", "json.key_order", lambda result: flask_json(plain(result), separators=(",", ":"))
    ),
    alters(
        "detail",
        "plain-utf-8",
        "json.escapes",
        lambda result: flask_json(dict(sorted(plain(result).items())), separators=(",", ":"), ensure_ascii=False),
    ),
    alters("detail", "spaces", "json.whitespace", lambda result: flask_json(dict(sorted(plain(result).items())))),
    alters(
        "detail", "no-json", "json.not_json", lambda result: Response(str(plain(result)), media_type="application/json")
    ),
    alters(
        "detail",
        "text-for-json",
        "body.media_type",
        lambda result: Response(str(plain(result)), media_type="text/html; charset=utf-8"),
    ),
    alters("detail", "nothing", "body.missing", lambda _: Response(None, media_type="application/json")),
    items(
        lambda rows: flask_json(rows, separators=(",", ":"), sort_keys=True), "no-line-feed", "json.trailing_newline"
    ),
]
LISTS = [
    lists(
        "no-tie-breaker",
        "json.array_order",
        f"{LISTING} ORDER BY rank DESC, id DESC LIMIT 5 OFFSET :skip",
        ("GET", "/goods?page=2", None),
    ),
    lists(
        "oldest-first",
        "json.array_order",
        f"SELECT * FROM ({LISTING} ORDER BY rank DESC, id LIMIT 5 OFFSET :skip) AS page ORDER BY id",  # noqa: S608 - our own
    ),
    lists("one-too-few", "json.missing_item", f"{LISTING} ORDER BY rank DESC, id LIMIT 4 OFFSET :skip"),
    lists("one-too-many", "json.extra_item", f"{LISTING} ORDER BY rank DESC, id LIMIT 6 OFFSET :skip"),
    lists(
        "greater-for-at-least",
        "json.missing_item",
        f"{LISTING.replace('>=', '>')} ORDER BY rank DESC, id LIMIT 5 OFFSET :skip",
        ("GET", "/goods?least=4", None),
    ),
    lists(
        "inner-join",
        "json.missing_item",
        "SELECT DISTINCT goods.id, title, rank FROM goods JOIN parts ON goods_id = goods.id WHERE rank >= :least ORDER BY rank DESC, id LIMIT 5 OFFSET :skip",
        ("GET", "/goods?least=4", None),
    ),
    lists(
        "join-without-distinct",
        "json.duplicate_item",
        "SELECT goods.id, title, rank FROM goods LEFT JOIN parts ON goods_id = goods.id AND name <> 'part 1' WHERE rank >= :least ORDER BY rank DESC, goods.id OFFSET :skip",
        ("GET", "/goods?least=3", None),
    ),
    lists(
        "filter-forgotten",
        "json.extra_item",
        "SELECT id, title, rank FROM goods ORDER BY rank DESC, id LIMIT 5 OFFSET :skip",
        ("GET", "/goods?least=4", None),
    ),
    items(lambda rows: [{**row, "rank": str(row["rank"])} for row in rows], "rank-as-text", "json.number_as_string"),
    items(lambda rows: {"items": rows}, "paged", "json.envelope"),
    items(lambda _: [], "empty", "json.missing_item"),
    items(
        lambda rows: [{**row, "title": row["title"].strip() + " "} for row in rows],
        "padded-column",
        "json.string.whitespace",
    ),
]
STATUSES = [
    fails("detail", "not-found-is-422", "status.422_for_404", UnprocessableEntity, NOWHERE),
    fails("detail", "not-found-is-500", "status.500_for_404", KeyError, NOWHERE),
    alters("listing", "forbidden-for-everybody", "status.error_for_success", lambda _: Response(status_code=403)),
    fails("detail", "crash", "status.500", ZeroDivisionError),
    fails("listing", "bad-request", "status.error_for_success", BadRequest),
    fails("change", "stale-is-500", "status.500_for_409", KeyError, STALE),
    fails("change", "stale-is-not-found", "status.other_error", NotFound, STALE),
    fails("create", "needs-a-login", "status.error_for_success", Unauthorized),
    fails("remove", "not-allowed", "status.error_for_success", Forbidden),
    alters(
        "create",
        "ok-for-created",
        "status.200_for_201",
        lambda made: JSONResponse(made, headers={"Location": f"/goods/{made['id']}"}),
    ),
    alters(
        "listing",
        "accepted",
        "status.other",
        lambda _: Response(b"[]", 202, media_type="application/json"),
    ),
]


async def empty(**_arguments: Any) -> Any:
    return {}


STATUSES.append(Defect("missing-is-empty", "detail", "status.success_for_error", empty, NOWHERE))


def reported(id_: str, rule: str, alter: Callable[[Response], Any]) -> Defect:
    """Return a defect that alters the answer of the report in place."""

    def altered(answer: Response) -> Response:
        return alter(answer) or answer

    return alters("report", id_, rule, altered)


def rewritten(alter: Callable[[str], str]) -> Callable[[Response], Response]:
    def again(answer: Response) -> Response:
        made = written_report([])
        body = alter(bytes(answer.body).decode()).encode()
        return Response(body, headers={name: value for name, value in made.headers.items() if name != "content-length"})

    return again


HEADERS = [
    reported("may-be-cached", "header.missing", lambda answer: answer.headers.__delitem__("cache-control")),
    reported("cached-for-all", "header.value", lambda answer: answer.headers.__setitem__("cache-control", "public")),
    reported("varies-by-more", "header.vary", lambda answer: answer.headers.__setitem__("vary", "Cookie, Accept")),
    reported(
        "disposition", "header.extra", lambda answer: answer.headers.__setitem__("content-disposition", "attachment")
    ),
    reported("no-charset", "header.charset", lambda answer: answer.headers.__setitem__("content-type", "text/csv")),
    reported(
        "plain-text",
        "header.content_type",
        lambda answer: answer.headers.__setitem__("content-type", "text/plain; charset=utf-8"),
    ),
    reported("sets-a-cookie", "header.cookie.extra", lambda answer: answer.set_cookie("theme", "dark")),
    reported("retry", "header.extra", lambda answer: answer.headers.__setitem__("retry-after", "9")),
    reported("line-missing", "text.missing_line", rewritten(lambda body: "".join(body.splitlines(keepends=True)[:-1]))),
    reported("line-extra", "text.extra_line", rewritten(lambda body: body + "13;x;1.00\n")),
    reported("line-changed", "text.line", rewritten(lambda body: body.replace("1.10", "9.99", 1))),
    reported("crlf", "text.line_endings", rewritten(lambda body: body.replace("\n", "\r\n"))),
    reported("no-last-feed", "text.trailing_newline", rewritten(lambda body: body.rstrip("\n"))),
    reported("capital-heading", "text.case", rewritten(lambda body: body.replace("id;title", "ID;Title"))),
    reported("spaces-in-lines", "text.whitespace", rewritten(lambda body: body.replace(";", "; "))),
]
KEPT = "INSERT INTO audit (action, goods_id) SELECT 'create', max(id) FROM goods"
WRITES = [
    runs(
        "remove",
        "nothing-deleted",
        "sql.missing_write",
        None,
        "INSERT INTO audit (action, goods_id) VALUES ('remove', :goods_id)",
    ),
    runs("remove", "no-audit", "sql.missing_write", None, "DELETE FROM goods WHERE id = :goods_id"),
    runs(
        "remove",
        "soft-delete",
        "sql.other_kind",
        None,
        "INSERT INTO audit (action, goods_id) VALUES ('remove', :goods_id)",
        "DELETE FROM parts WHERE goods_id = :goods_id",
        "UPDATE goods SET active = false WHERE id = :goods_id",
    ),
    adds("remove", "a-second-row-deleted", "sql.extra_write", "DELETE FROM goods WHERE id = 5"),
    adds("remove", "audit-twice", "sql.duplicate_write", "INSERT INTO audit (action, goods_id) VALUES ('remove', 4)"),
    adds("create", "audit-doubled", "sql.duplicate_write", KEPT),
    adds("create", "another-row-touched", "sql.extra_write", "UPDATE goods SET stock = 0 WHERE id = 9"),
    adds(
        "create",
        "stock-differs",
        "sql.wrong_value",
        "UPDATE goods SET stock = 50 WHERE id = (SELECT max(id) FROM goods)",
    ),
    adds(
        "create",
        "title-stripped-in-the-row",
        "sql.wrong_value",
        "UPDATE goods SET title = trim(title) WHERE id = (SELECT max(id) FROM goods)",
    ),
    adds(
        "create",
        "price-rounded-in-the-row",
        "sql.wrong_value",
        "UPDATE goods SET price = round(price) WHERE id = (SELECT max(id) FROM goods)",
    ),
    adds("create", "part-added", "sql.extra_write", "INSERT INTO parts (goods_id, name) VALUES (1, 'free')"),
    runs(
        "change",
        "version-not-raised",
        "sql.lost_update",
        {"changed": 1},
        "UPDATE goods SET title = :title, price = CAST(CAST(:price AS text) AS numeric) WHERE id = :goods_id",
        "INSERT INTO audit (action, goods_id) VALUES ('change', :goods_id)",
    ),
    runs(
        "change",
        "price-forgotten",
        "sql.missing_change",
        {"changed": 1},
        "UPDATE goods SET title = :title, version = version + 1 WHERE id = :goods_id",
        "INSERT INTO audit (action, goods_id) VALUES ('change', :goods_id)",
    ),
    adds("change", "note-overwritten", "sql.extra_change", "UPDATE goods SET note = 'x' WHERE id = 3"),
    adds("change", "where-forgotten", "sql.extra_write", "UPDATE goods SET active = NOT active WHERE id <> 3"),
    adds("change", "raised-twice", "sql.wrong_value", "UPDATE goods SET version = version + 1 WHERE id = 3"),
    runs("change", "not-committed", "sql.missing_write", {"changed": 1}, "SELECT 1"),
    runs(
        "transfer",
        "one-side-only",
        "sql.missing_write",
        {"moved": 3},
        "UPDATE goods SET stock = stock - :amount WHERE id = 1",
    ),
    runs(
        "transfer",
        "wrong-way",
        "sql.wrong_value",
        {"moved": 3},
        "UPDATE goods SET stock = stock + :amount WHERE id = 1",
        "UPDATE goods SET stock = stock - :amount WHERE id = 2",
    ),
    runs(
        "transfer",
        "to-somebody-else",
        "sql.missing_write",
        {"moved": 3},
        "UPDATE goods SET stock = stock - :amount WHERE id = 1",
        "UPDATE goods SET stock = stock + :amount WHERE id = 6",
    ),
    adds("transfer", "audited", "sql.extra_write", "INSERT INTO audit (action, goods_id) VALUES ('transfer', 1)"),
    adds("detail", "counts-views", "sql.write_in_safe_method", "UPDATE goods SET rank = rank + 1 WHERE id = 2"),
    alters("change", "rowcount-unknown", "json.rowcount", lambda _: {"changed": -1}),
    alters(
        "create",
        "location-of-another",
        "header.location",
        lambda made: JSONResponse(made, 201, headers={"Location": "/goods/1"}),
    ),
    alters("create", "no-location", "header.missing", lambda made: JSONResponse(made, 201)),
]
DEFECTS = [*VALUES, *BYTES, *LISTS, *STATUSES, *HEADERS, *WRITES]
