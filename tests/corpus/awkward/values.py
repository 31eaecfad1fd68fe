"""What views return, and how they read the query."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from flask import Flask, Response, jsonify, make_response, redirect, request


class Fruit(Enum):
    APPLE = "apple"


JSON: dict[str, Any] = {
    "unsorted": {"b": 1, "a": 2, "B": 3},
    "unicode": {"é": "日本 \u2028 😀 </script>"},
    "not-a-number": [math.nan, math.inf, -math.inf],
    "floats": [1.0, 1e22, 1e-7, 0.1 + 0.2, -0.0],
    "datetime": datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    "naive": datetime(2024, 2, 29, 12),  # noqa: DTZ001  naive on purpose
    "offset": datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    "date": date(1900, 1, 1),
    "decimal": [Decimal("1.10"), Decimal("1E+3"), Decimal("NaN")],
    "uuid": UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    "keys": {2: "two", 10: "ten"},
    "null": [None, True, False, [], {}, ""],
    "long": 2**70,
}
REFUSED: dict[str, Any] = {
    "set": {"b", "a"},
    "enum": Fruit.APPLE,
    "time": time(12, 30),
    "timedelta": timedelta(1),
    "bytes": b"bytes",
    "mixed-keys": {1: "a", "b": 2},
    "complex": 1j,
}


def encoded(kind: str) -> Any:
    return {"value": (JSON | REFUSED)[kind]}


def top_level(kind: str) -> Any:
    return jsonify({"string": "x", "number": 1, "null": None, "list": [1, 2]}[kind])


def shaped(kind: str) -> Any:
    """Every shape a view may return."""
    results: dict[str, Any] = {
        "str": "<b>é</b>",
        "bytes": b"\xff\x00\n",
        "empty": "",
        "list": [3, 1, 2],
        "status": ("made", 201),
        "headers": ("text", {"X-One": "1", "Content-Type": "text/plain"}),
        "pairs": ("text", 202, [("X-One", "1"), ("X-One", "2")]),
        "status-text": ("text", "299 Odd But Fine"),
        "json-status": ({"b": 1, "a": 2}, 418),
        "response": Response("plain", 203, mimetype="text/plain"),
        "generator": (part for part in ("one,", "two,", "three")),
        "none": None,
        "number": 7,
        "204": ("", 204),
        "204-with-body": ("ignored", 204),
        "304": ("ignored", 304, {"ETag": '"x"', "Content-Length": "7", "Content-Language": "de"}),
        "205": ("", 205),
        "no-type": typeless(),
        "charset": Response("é".encode("latin-1"), content_type="text/plain; charset=iso-8859-1"),
        "latin-header": ("x", 200, {"X-Latin": "caf\xe9"}),
        "long-header": ("x", 200, {"X-Long": "y" * 4000}),
    }
    return results[kind]


def typeless() -> Response:
    response = make_response("text")
    del response.headers["Content-Type"]
    return response


def moved(code: int) -> Any:
    return redirect(request.args.get("to", "/words/here"), code)


def searched() -> Any:
    read = request.args
    return {
        "q": read.get("q"),
        "all": read.getlist("q"),
        "page": read.get("page", 1, type=int),
        "ratio": read.get("ratio", 0.5, type=float),
        "on": read.get("on", default=False, type=bool),
        "names": sorted(read),
    }


def add_rules(app: Flask) -> None:
    app.add_url_rule("/json/<kind>", "encoded", encoded)
    app.add_url_rule("/top/<kind>", "top_level", top_level)
    app.add_url_rule("/shape/<kind>", "shaped", shaped, methods=["GET", "POST"])
    app.add_url_rule("/redirect/<int:code>", "redirected", moved, methods=["GET", "POST"])
    app.add_url_rule("/search", "searched", searched)
