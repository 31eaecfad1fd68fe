"""Values and types, with the rule that names what the two drivers do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    Uuid,
)
from sqlalchemy.dialects.postgresql import CIDR, INET, JSONB

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["VALUES", "ValueCase"]


@dataclass(frozen=True, slots=True)
class ValueCase:
    """*outcome* is what asyncpg does beside psycopg2: ``fails``, ``differs``, ``same``, ``only psycopg2 fails`` or ``both fail``."""

    column: TypeEngine[Any]
    value: Any
    rule: str = ""
    outcome: str = "same"

    @property
    def id(self) -> str:
        return f"{self.column!r}-{type(self.value).__name__}-{self.rule.partition('.')[2] or 'same'}".replace(" ", "")


YES: Final = True
STAMP: Final = DateTime(timezone=True)
VALUES: Final = (
    ValueCase(STAMP, datetime(2024, 7, 1, 12), "value.naive_datetime_into_timestamptz", "differs"),  # noqa: DTZ001  naive on purpose
    ValueCase(STAMP, date(2024, 7, 1), "value.naive_datetime_into_timestamptz", "differs"),
    ValueCase(ARRAY(STAMP), [datetime(2024, 7, 1, 12, tzinfo=UTC)], "value.timestamptz_read"),
    ValueCase(STAMP, datetime(2024, 7, 1, 12, tzinfo=UTC), "value.timestamptz_read"),
    ValueCase(STAMP, "2024-07-01 12:00+00", "value.string_into_date", "fails"),
    ValueCase(DateTime(), datetime(2024, 7, 1, 12, tzinfo=UTC), "value.aware_datetime_into_timestamp", "fails"),
    ValueCase(DateTime(), datetime(2024, 7, 1, 12)),  # noqa: DTZ001  naive on purpose
    ValueCase(DateTime(), "2024-07-01", "value.string_into_date", "fails"),
    ValueCase(Date(), "2024-07-01", "value.string_into_date", "fails"),
    ValueCase(Date(), date(2024, 7, 1)),
    ValueCase(Time(), "12:30", "value.string_into_date", "fails"),
    ValueCase(Time(), time(12, 30)),
    ValueCase(Interval(), "1 day", "value.string_into_date", "fails"),
    ValueCase(Interval(), timedelta(days=1)),
    ValueCase(Numeric(), 1.1, "value.float_into_numeric", "differs"),
    ValueCase(Numeric(10, 2), 1.005, "value.float_into_numeric", "differs"),
    ValueCase(Numeric(10, 2), Decimal("1.01")),
    ValueCase(Numeric(10, 2), "1.01"),
    ValueCase(Integer(), 5.7, "value.float_into_integer", "differs"),
    ValueCase(Integer(), 5.0),
    ValueCase(Integer(), Decimal("5.5"), "value.float_into_integer", "differs"),
    ValueCase(Integer(), Decimal(5)),
    ValueCase(Integer(), YES, "value.bool_into_integer", "only psycopg2 fails"),
    ValueCase(Integer(), "5", "value.string_into_integer", "fails"),
    ValueCase(Integer(), 5),
    ValueCase(Integer(), 2**40, "value.integer_out_of_range", "both fail"),
    ValueCase(SmallInteger(), "5", "value.string_into_integer", "fails"),
    ValueCase(BigInteger(), "5", "value.string_into_integer", "fails"),
    ValueCase(BigInteger(), 2**40),
    ValueCase(ARRAY(Integer), ["5"], "value.string_into_integer", "fails"),
    ValueCase(ARRAY(Integer), [5, 6]),
    ValueCase(Double(), "1.5", "value.string_into_float", "fails"),
    ValueCase(Double(), 1.1),
    ValueCase(String(), 5, "value.not_text_into_text", "fails"),
    ValueCase(Text(), 1.5, "value.not_text_into_text", "fails"),
    ValueCase(Text(), "text"),
    ValueCase(REAL(), 1.1, "value.real_read", "differs"),
    ValueCase(ARRAY(REAL), [1.1], "value.real_read", "differs"),
    ValueCase(ARRAY(INET), ["10.0.0.1"], "value.inet_read", "differs"),
    ValueCase(ARRAY(CIDR), ["10.0.0.0/8"], "value.inet_read", "differs"),
    ValueCase(INET(), "10.0.0.1", "value.inet_read", "differs"),
    ValueCase(CIDR(), "10.0.0.0/8", "value.inet_read", "differs"),
    ValueCase(Boolean(), YES),
    ValueCase(LargeBinary(), b"\x00"),
    ValueCase(JSONB(), {"a": [1, None]}),
    ValueCase(Uuid(), UUID(int=1)),
)
