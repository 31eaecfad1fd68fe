"""Arrays, ranges, network addresses, composites and the other types that only PostgreSQL has."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING

from sqlalchemy import Integer, Text, any_, func, select
from sqlalchemy.dialects.postgresql import ARRAY, BitString, Range, array

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.cases.forms import bound, casts, compares, contains, inserts, reads, selects
from tests.pairs.schema import constants, pg_constants

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]


def array_overlap(session: Session) -> object:
    return session.scalars(select(pg_constants.c.id).where(pg_constants.c.integers.overlap([2, 3]))).all()


def array_contains_str(session: Session) -> object:
    return session.scalars(select(pg_constants.c.id).where(pg_constants.c.integers.contains(["2"]))).all()


def any_of_array(session: Session) -> object:
    return session.scalars(select(constants.c.id).where(constants.c.integer == any_(array([5, 6])))).all()


def array_agg(session: Session) -> object:
    return session.scalar(select(func.array_agg(constants.c.price)))


def array_element(session: Session) -> object:
    return session.scalar(select(pg_constants.c.integers[1]))


def range_contains_int(session: Session) -> object:
    return session.scalars(select(pg_constants.c.id).where(pg_constants.c.ints.contains(3))).all()


def range_overlaps(session: Session) -> object:
    return session.scalars(select(pg_constants.c.id).where(pg_constants.c.ints.overlaps(Range(4, 9)))).all()


def address_in_network(session: Session) -> object:
    return session.scalar(select(pg_constants.c.address.op("<<")(pg_constants.c.network)))


_NAIVE = datetime(2024, 1, 1)  # noqa: DTZ001 - that is the case
_AWARE = datetime(2024, 1, 1, tzinfo=UTC)

CASES: tuple[Case, ...] = (
    *inserts(
        "integers",
        {
            "list": [1, 2],
            "empty": [],
            "None inside": [1, None],
            "nested": [[1, 2], [3, 4]],
            "strs": ["1", "2"],
            "floats": [1.0, 2.7],
            "tuple": (1, 2),
            "str literal": "{1,2}",
            "None": None,
        },
    ),
    *inserts("texts", {"list": ["a", 'b"c', "d,e", ""], "ints": [1], "NULL text": ["NULL", None]}),
    *inserts("numbers", {"Decimals": [Decimal("1.10")], "floats": [1.1], "strs": ["1.1"]}),
    *compares("integers", {"list": [1, 2], "strs": ["1", "2"]}),
    *casts(ARRAY(Integer), "integer[]", {"list": [1, 2], "strs": ["1"], "str literal": "{1,2}"}),
    *casts(ARRAY(Text), "text[]", {"list": ["a"], "empty": []}),
    *inserts(
        "address",
        {
            "str": "10.0.0.1",
            "str with mask": "10.0.0.1/8",
            "v6": "::1",
            "object": ip_address("10.0.0.1"),
            "interface": ip_interface("10.0.0.1/8"),
            "str abc": "abc",
        },
    ),
    *inserts("network", {"str": "10.0.0.0/8", "host bits": "10.0.0.1/8", "object": ip_network("10.0.0.0/8")}),
    *inserts("hardware", {"str": "08:00:2b:01:02:03", "other spelling": "08002b010203", "str abc": "abc"}),
    *compares("address", {"str": "10.0.0.1", "object": ip_address("10.0.0.1"), "str abc": "abc"}),
    *compares("network", {"str": "10.0.0.0/8"}),
    *contains("address", {"strs": ["10.0.0.1", "10.0.0.2"]}),
    *inserts(
        "ints",
        {
            "Range": Range(1, 5),
            "closed": Range(1, 5, bounds="[]"),
            "unbounded": Range(None, 5),
            "empty": Range(empty=True),
            "str": "[1,5)",
            "None": None,
        },
    ),
    *inserts("nums", {"Range": Range(Decimal("1.5"), Decimal("2.5")), "floats": Range(1.1, 2.5)}),
    *inserts("days", {"Range": Range(date(2024, 1, 1), date(2024, 2, 1)), "str": "[2024-01-01,2024-02-01)"}),
    *inserts("period", {"aware": Range(_AWARE, None), "naive": Range(_NAIVE, None)}),
    *inserts("multi", {"list": [Range(1, 2), Range(5, 6)]}),
    *compares("ints", {"Range": Range(1, 5), "str": "[1,5)"}),
    *inserts("bits", {"BitString": BitString("101"), "str": "101", "too long": "1011"}),
    *inserts("words", {"str": "a b"}),
    *inserts("object", {"int": 42, "str": "42"}),
    *selects(
        "integers",
        "texts",
        "numbers",
        "address",
        "network",
        "hardware",
        "ints",
        "nums",
        "days",
        "period",
        "multi",
        "bits",
        "words",
        "object",
    ),
    *reads(
        {
            "array of integer": "array[1, 2, NULL]",
            "array of numeric": "array[1.10]",
            "array of text": "array['a', 'b']::text[]",
            "array of uuid": "array['12345678-1234-5678-1234-567812345678'::uuid]",
            "array of enum": "array['glad'::mood]",
            "array of inet": "array['10.0.0.1'::inet]",
            "array of json": "array['{}'::jsonb]",
            "array of date": "array['2024-02-29'::date]",
            "nested array": "array[array[1, 2], array[3, 4]]",
            "empty array": "'{}'::integer[]",
            "array_agg": "array_agg(x) FROM (VALUES (1), (2)) AS t(x)",
            "inet": "'10.0.0.1'::inet",
            "inet with mask": "'10.0.0.1/8'::inet",
            "cidr": "'10.0.0.0/8'::cidr",
            "macaddr": "'08:00:2b:01:02:03'::macaddr",
            "int4range": "'[1,5)'::int4range",
            "int4range empty": "'empty'::int4range",
            "tstzrange": "'[2024-01-01 00:00+00,)'::tstzrange",
            "int4multirange": "'{[1,2),[5,6)}'::int4multirange",
            "composite": "ROW(1, 1.10, 'a')::point3",
            "array of composite": "array[ROW(1, 1.10, 'a')::point3]",
            "record": "ROW(1, 'a')",
            "whole row": "shelves FROM shelves ORDER BY id LIMIT 1",
            "point": "point(1, 2)",
            "box": "box(point(0, 0), point(1, 1))",
            "circle": "circle(point(0, 0), 1)",
            "bit": "B'101'",
            "varbit": "B'101'::varbit",
            "pg_lsn": "'16/B374D848'::pg_lsn",
            "tid": "ctid FROM constants",
            "xid": "'5'::xid",
            "vector of oids": "'1 2'::oidvector",
            "jsonpath": "'$.a'::jsonpath",
            "array of char": "array['a'::\"char\"]",
        }
    ),
    *bound(
        {
            "array = list": ("SELECT id FROM pg_constants WHERE integers = :p", {"p": [1, 2]}),
            "= any list": ("SELECT id FROM constants WHERE integer = ANY(:p)", {"p": [5, 6]}),
            "= any strs": ("SELECT id FROM constants WHERE integer = ANY(:p)", {"p": ["5"]}),
            "unnest": ("SELECT * FROM unnest(CAST(:p AS integer[]))", {"p": [1, 2]}),
            "cardinality untyped": ("SELECT cardinality(:p)", {"p": [1, 2]}),
            "address = str": ("SELECT id FROM pg_constants WHERE address = :p", {"p": "10.0.0.1"}),
            "address << str": ("SELECT id FROM pg_constants WHERE address << CAST(:p AS inet)", {"p": "10.0.0.0/8"}),
            "range @> int": ("SELECT id FROM pg_constants WHERE ints @> :p", {"p": 3}),
            "range = str": ("SELECT id FROM pg_constants WHERE ints = CAST(:p AS int4range)", {"p": "[1,5)"}),
            "row of tuple": ("SELECT id FROM items WHERE (id, quantity) = (:a, :b)", {"a": 1, "b": 5}),
            "composite str": ("SELECT CAST(:p AS point3)", {"p": "(1,1.1,a)"}),
        }
    ),
    *functions(
        "collection",
        array_overlap,
        array_contains_str,
        any_of_array,
        array_agg,
        array_element,
        range_contains_int,
        range_overlaps,
        address_in_network,
        backends=POSTGRESQL,
    ),
)
