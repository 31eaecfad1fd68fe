"""Text, its encodings, and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from sqlalchemy import LargeBinary, String, func, select

from tests.pairs.case import Case, functions
from tests.pairs.cases.forms import bound, casts, compares, contains, inserts, literals, reads, selects
from tests.pairs.schema import Color, constants

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_KEY: Final = "12345678-1234-5678-1234-567812345678"


def like_with_escape(session: Session) -> object:
    return session.scalars(select(constants.c.id).where(constants.c.text.contains("5%", autoescape=True))).all()


def like_with_percent(session: Session) -> object:
    return session.scalars(select(constants.c.id).where(constants.c.text.like("5%"))).all()


def concatenation_with_int(session: Session) -> object:
    return session.scalar(select(constants.c.text + "-" + func.coalesce(constants.c.string, "x")))


CASES: tuple[Case, ...] = (
    *inserts(
        "string",
        {
            "ascii": "abc",
            "empty": "",
            "accents": "Grüße, Ωmega",
            "emoji": "👩‍🚀",
            "quotes": 'it\'s "so" \\ %s %(x)s :y $1 ?',
            "too long": "x" * 21,
            "int": 5,
            "float": 1.5,
            "True": True,
            "bytes": b"abc",
            "enum member": Color.RED,
            "uuid": UUID(_KEY),
            "nul": "a\x00b",
            "surrogate": "a\ud800",
            "None": None,
        },
    ),
    *inserts("text", {"long": "é" * 3000, "newline and tab": "a\r\n\tb", "int": 5}),
    *inserts("fixed", {"short": "ab", "trailing spaces": "ab  "}),
    *inserts("folded", {"str": "ÄB"}),
    *compares("string", {"str": "5", "int": 5, "None": None, "True": True}),
    *compares("fixed", {"short": "abc", "with spaces": "abc  "}),
    *compares("folded", {"other case": "STRASSE", "same": "strAße"}),
    *contains("string", {"strs": ["5", "6"], "ints": [5], "many": [str(number) for number in range(2000)]}),
    *selects("string", "text", "fixed", "folded"),
    *literals({"str": "abc", "bytes": b"\x00\xff"}),
    *casts(String(), "varchar", {"int": 5, "str": "5", "True": True}),
    *reads(
        {
            "text": "'abc'::text",
            "char": "'ab'::char(4)",
            "name": "current_database()::name IS NULL",
            "catalogue char": "relkind FROM pg_class WHERE relname = 'items'",
            "unknown": "'abc'",
            "bytea": r"'\x00ff'::bytea",
            "regclass": "'items'::regclass",
            "void": "pg_advisory_xact_lock(1)",
        }
    ),
    *bound(
        {
            "untyped str": ("SELECT :p", {"p": "abc"}),
            "untyped int": ("SELECT :p", {"p": 5}),
            "untyped float": ("SELECT :p", {"p": 1.5}),
            "untyped None": ("SELECT :p", {"p": None}),
            "untyped bool": ("SELECT :p", {"p": True}),
            "is null str": ("SELECT id FROM constants WHERE :p IS NULL OR text = :p", {"p": "5"}),
            "is null None": ("SELECT id FROM constants WHERE :p IS NULL OR text = :p", {"p": None}),
            "is null int": ("SELECT id FROM constants WHERE :p IS NULL OR integer = :p", {"p": 5}),
            "cast is null": ("SELECT id FROM constants WHERE CAST(:p AS text) IS NULL OR text = :p", {"p": None}),
            "in tuple": ("SELECT id FROM constants WHERE text IN :p", {"p": ("5", "6")}),
            "any list": ("SELECT id FROM constants WHERE text = ANY(:p)", {"p": ["5", "6"]}),
            "text = int": ("SELECT id FROM constants WHERE text = :p", {"p": 5}),
            "concat str": ("SELECT 'a' || :p", {"p": "b"}),
            "concat int": ("SELECT 'a' || :p", {"p": 5}),
            "coalesce": ("SELECT coalesce(:p, 'x')", {"p": None}),
            "case": ("SELECT CASE WHEN :p THEN 'a' ELSE :q END", {"p": True, "q": "b"}),
            "same name twice": ("SELECT id FROM constants WHERE text = :p OR integer::text = :p", {"p": "5"}),
            "two types": ("SELECT id FROM constants WHERE text = :p OR integer = :p", {"p": "5"}),
            "set None": ("UPDATE items SET shelf_id = :p WHERE id = 1", {"p": None}),
            "insert values": ("INSERT INTO shelves VALUES (:a, :b)", {"a": 9, "b": "nine"}),
            "percent sign": ("SELECT 5 % 3, '%s', '%'", {}),
            "colons": (r"SELECT '\:a', 5::text, array[1,2][1\:2]", {}),
            "json operator ?": ("""SELECT '{"a": 1}'::jsonb ? 'a'""", {}),
            "comment": ("/* :no */ SELECT 1 -- :neither", {}),
            "function int": ("SELECT repeat('a', :n)", {"n": 3}),
            "function str": ("SELECT repeat('a', :n)", {"n": "3"}),
        }
    ),
    *inserts(
        "blob",
        {
            "bytes": b"\x00\xff'\\",
            "empty": b"",
            "bytearray": bytearray(b"a"),
            "memoryview": memoryview(b"a"),
            "str": "abc",
            "None": None,
        },
    ),
    *compares("blob", {"bytes": b"\x00\xff", "str": "abc"}),
    *selects("blob"),
    *casts(LargeBinary(), "bytea", {"bytes": b"\x00", "str": "abc"}),
    *functions("text", like_with_escape, like_with_percent, concatenation_with_int),
)
