"""Booleans, UUIDs, enumerations and JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import JSON, Boolean, Uuid, cast, null, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.cases.forms import bound, casts, compares, contains, inserts, literals, reads, selects
from tests.pairs.schema import Color, constants, pg_constants

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_KEY: Final = "12345678-1234-5678-1234-567812345678"
_JSON: Final = {
    "dict": {"b": [1, 2.5, None, True], "a": {"c": "é"}},
    "list": [1, "a"],
    "str": "a",
    "int": 5,
    "False": False,
    "None": None,
    "SQL NULL": null(),
    "JSON null": JSON.NULL,
    "big int": 2**70,
    "float": 1e300,
    "nan": float("nan"),
    "nul": "a\x00b",
    "Decimal": Decimal("1.1"),
    "datetime": datetime(2024, 1, 1, tzinfo=UTC),
    "int keys": {1: "a"},
}


def json_path(session: Session) -> object:
    return session.scalar(select(constants.c.data["a"][0].as_integer()))


def json_element(session: Session) -> object:
    return session.scalar(select(constants.c.data["a"]))


def jsonb_contains(session: Session) -> object:
    return session.scalars(select(pg_constants.c.id).where(pg_constants.c.document.contains({"a": 1}))).all()


def jsonb_has_key(session: Session) -> object:
    return session.scalars(select(pg_constants.c.id).where(pg_constants.c.document.has_key("a"))).all()


def jsonb_as_string(session: Session) -> object:
    return session.scalar(select(pg_constants.c.document["a"].astext))


def jsonb_cast_parameter(session: Session) -> object:
    return session.scalar(select(cast({"a": 1}, JSONB)))


def uuid_as_str(session: Session) -> object:
    return session.scalar(select(type_coerce(constants.c.key, Uuid(as_uuid=False))))


CASES: tuple[Case, ...] = (
    *inserts(
        "flag",
        {
            "True": True,
            "False": False,
            "None": None,
            "1": 1,
            "0": 0,
            "2": 2,
            "str true": "true",
            "str t": "t",
            "float": 1.0,
        },
    ),
    *compares("flag", {"True": True, "1": 1, "str": "true", "None": None}),
    *contains("flag", {"bools": [True, False], "ints": [1]}),
    *selects("flag", "key", "color", "data", "document", "pairs"),
    *literals({"False": False, "uuid": UUID(_KEY), "None": None}),
    *casts(Boolean(), "boolean", {"str": "yes", "int": 1}),
    *casts(Uuid(), "uuid", {"str": _KEY, "UUID": UUID(_KEY)}),
    *inserts("key", {"UUID": UUID(_KEY), "str": _KEY, "hex": _KEY.replace("-", ""), "str abc": "abc", "None": None}),
    *compares("key", {"UUID": UUID(_KEY), "str": _KEY, "str abc": "abc", "other": UUID(int=0)}),
    *contains("key", {"UUIDs": [UUID(_KEY)], "strs": [_KEY]}),
    *inserts("color", {"member": Color.GREEN, "name": "GREEN", "value": "green", "unknown": "BLUE", "None": None}),
    *compares("color", {"member": Color.RED, "name": "RED", "unknown": "BLUE"}),
    *contains("color", {"members": [Color.RED, Color.GREEN], "names": ["RED"]}),
    *inserts("data", _JSON),
    *inserts("document", _JSON),
    *compares("document", {"dict": {"a": 1}}),
    *inserts("pairs", {"dict": {"a": "1", "b": None}, "empty": {}, "int value": {"a": 1}}),
    *reads(
        {
            "boolean": "true",
            "uuid": f"'{_KEY}'::uuid",
            "json": "'{\"a\": [1, 1.10]}'::json",
            "jsonb": "'{\"a\": [1, 1.10]}'::jsonb",
            "jsonb null": "'null'::jsonb",
            "jsonb agg": "jsonb_agg(x) FROM (VALUES (1), (2)) AS t(x)",
            "row_to_json": "row_to_json(t) FROM (VALUES (1, 'a')) AS t(x, y)",
            "enum": "'glad'::mood",
            "hstore": "'a=>1'::hstore",
            "tsvector": "to_tsvector('simple', 'a b')",
            "xml": "'<a/>'::xml",
            "domain": "5::percent",
        }
    ),
    *bound(
        {
            "flag = int": ("SELECT id FROM constants WHERE flag = :p", {"p": 1}),
            "flag = bool": ("SELECT id FROM constants WHERE flag = :p", {"p": True}),
            "key = str": ("SELECT id FROM constants WHERE key = :p", {"p": _KEY}),
            "key = UUID": ("SELECT id FROM constants WHERE key = :p", {"p": UUID(_KEY)}),
            "enum = str": ("SELECT id FROM constants WHERE color = :p", {"p": "RED"}),
            "enum = unknown": ("SELECT id FROM constants WHERE color = :p", {"p": "BLUE"}),
            "enum type of the database": ("SELECT 'glad'::mood = :p", {"p": "glad"}),
            "set json str": ("UPDATE constants SET data = data WHERE :p::json IS NOT NULL AND id = 2", {"p": "{}"}),
            "cast json str": ("SELECT CAST(:p AS jsonb)", {"p": '{"a": 1}'}),
            "cast json dict": ("SELECT CAST(:p AS jsonb)", {"p": {"a": 1}}),
            "jsonb @> str": ("SELECT id FROM pg_constants WHERE document @> :p", {"p": '{"a": 1}'}),
            "jsonb_build_object": ("SELECT jsonb_build_object('a', :p)", {"p": 5}),
        }
    ),
    *functions("json", json_path, json_element),
    *functions("json", jsonb_contains, jsonb_has_key, jsonb_as_string, jsonb_cast_parameter, backends=POSTGRESQL),
    *functions("uuid", uuid_as_str),
)
