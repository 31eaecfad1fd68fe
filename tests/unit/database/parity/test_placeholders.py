"""Parameters are found where they are, and nowhere else."""

from __future__ import annotations

import pytest

from bridge.database.parity.literals import Family
from bridge.database.parity.placeholders import LONG, families, recast, split_tests

CASTS = {
    "SMALLINT": Family.SMALLINT,
    "smallint": Family.SMALLINT,
    "timestamp with time zone": Family.TIMESTAMPTZ,
    "INTEGER": Family.INTEGER,
    "BIGINT": Family.BIGINT,
    "NUMERIC": Family.NUMERIC,
    "NUMERIC(10, 2)": Family.NUMERIC,
    "FLOAT": Family.FLOAT,
    "FLOAT(24)": Family.FLOAT,
    "DOUBLE PRECISION": Family.FLOAT,
    "REAL": Family.FLOAT,
    "VARCHAR": Family.STRING,
    "VARCHAR(20)": Family.STRING,
    "CHAR(2)": Family.STRING,
    "TEXT": Family.STRING,
    "BOOLEAN": Family.BOOLEAN,
    "DATE": Family.DATE,
    "INTERVAL": Family.INTERVAL,
    "TIME WITHOUT TIME ZONE": Family.TIME,
    "TIMESTAMP WITHOUT TIME ZONE": Family.TIMESTAMP,
    "TIMESTAMP(3) WITHOUT TIME ZONE": Family.TIMESTAMP,
    "TIMESTAMP WITH TIME ZONE": Family.TIMESTAMPTZ,
    "INTEGER[]": Family.OTHER,
    "TIMESTAMP WITH TIME ZONE[]": Family.OTHER,
    "NUMERIC(10, 2)[]": Family.OTHER,
    "INTERVAL DAY TO SECOND(2)": Family.INTERVAL,
    "UUID": Family.OTHER,
    "JSONB": Family.OTHER,
    "mood": Family.OTHER,
    "INTEGERS": Family.OTHER,
    "DATERANGE": Family.OTHER,
}


@pytest.mark.parametrize("cast", CASTS)
def test_a_cast_tells_what_a_parameter_is_declared_as(cast: str) -> None:
    assert families(f"a = $1::{cast} AND b = $2") == (CASTS[cast], Family.NONE)


@pytest.mark.parametrize("hidden", ["'it''s $9'", '"$9"', "-- $9\n", "/* $9\n$9 */", "'$9::INTEGER'"])
def test_what_looks_like_a_parameter_in_quotes_or_comments_is_none(hidden: str) -> None:
    statement = f"SELECT {hidden}, $1::INTEGER, {hidden}"
    assert families(statement) == (Family.INTEGER,)
    assert recast(statement, ["BIGINT"]) == f"SELECT {hidden}, $1::BIGINT, {hidden}"


def test_parameters_are_in_the_order_of_their_numbers() -> None:
    assert families("$2::DATE $1::INTEGER $3") == (Family.INTEGER, Family.DATE, Family.NONE)
    assert families("SELECT 1") == ()
    assert families("$10::DATE")[9] is Family.DATE


def test_uses_that_disagree_are_left_to_the_driver() -> None:
    assert families("$1::INTEGER $1::DATE") == (Family.OTHER,)


@pytest.mark.parametrize(
    ("statement", "family"),
    [
        ("$1 IS NULL", Family.NULL_TEST),
        ("$1 is not null OR $1 IS NULL", Family.NULL_TEST),
        ("$1 IS NULL OR a = $1", Family.TESTED),
        ("$1::INTEGER IS NULL", Family.INTEGER),
        ("$1 IS DISTINCT FROM a", Family.NONE),
    ],
)
def test_a_test_for_null_tells_no_type(statement: str, family: Family) -> None:
    assert families(statement) == (family,)


def test_a_test_for_null_gets_a_parameter_of_its_own() -> None:
    statement = "($1 IS NULL OR a = $1) AND ($2 IS NOT NULL OR b > $2) AND $3 IS NULL"
    expected = "($4::TEXT IS NULL OR a = $1) AND ($5::TEXT IS NOT NULL OR b > $2) AND $3 IS NULL"
    assert split_tests(statement) == (expected, (0, 1))


def test_casts_are_replaced_or_preceded() -> None:
    statement = "a = $1::INTEGER AND b = $2 AND c = $3::DATE AND d = $4::DATE AND $5 IS NULL"
    expected = "a = $1::BIGINT AND b = $2::NUMERIC AND c = $3::VARCHAR::DATE AND d = $4::DATE AND $5::TEXT IS NULL"
    assert recast(statement, ["BIGINT", "NUMERIC", "+VARCHAR", None, "TEXT"]) == expected


def test_a_long_statement_is_read_and_written_as_a_short_one() -> None:
    many = LONG // 10
    statement = ", ".join(f"($1::INTEGER, ${number}::DATE)" for number in range(2, many))
    assert len(statement) > LONG
    assert set(families(statement)) == {Family.INTEGER, Family.DATE}
    assert "INTEGER" not in recast(statement, ["BIGINT", *([None] * many)])
