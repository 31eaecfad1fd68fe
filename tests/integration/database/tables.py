"""A table with a column of every type that the drivers treat differently."""

from __future__ import annotations

# SQLAlchemy reads the annotations.
from datetime import date, datetime, time, timedelta  # noqa: TC003  SQLAlchemy reads annotations
from decimal import Decimal  # noqa: TC003  SQLAlchemy reads annotations
from typing import Any

from sqlalchemy import REAL, BigInteger, CheckConstraint, DateTime, MetaData, Numeric, SmallInteger, String
from sqlalchemy.dialects.postgresql import CIDR, INET, NUMRANGE, TSTZRANGE, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Tables of the tests, apart from those of the application."""

    metadata = MetaData(schema="parity")


class Sample(Base):
    """One value of each type."""

    __tablename__ = "samples"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    small: Mapped[int | None] = mapped_column(SmallInteger)
    whole: Mapped[int | None]
    large: Mapped[int | None] = mapped_column(BigInteger)
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    exact: Mapped[Decimal | None] = mapped_column(Numeric)
    ratio: Mapped[float | None]
    coarse: Mapped[float | None] = mapped_column(REAL)
    flag: Mapped[bool | None]
    name: Mapped[str | None] = mapped_column(String(20))
    day: Mapped[date | None]
    clock: Mapped[time | None]
    local: Mapped[datetime | None] = mapped_column(DateTime(timezone=False))
    moment: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    span: Mapped[timedelta | None]
    address: Mapped[str | None] = mapped_column(INET)
    network: Mapped[str | None] = mapped_column(CIDR)
    prices: Mapped[Range[Decimal] | None] = mapped_column(NUMRANGE)
    stay: Mapped[Range[datetime] | None] = mapped_column(TSTZRANGE)

    __table_args__ = (CheckConstraint("large <> 13", name="not_thirteen"),)


class Versioned(Base):
    """A row that knows which version of it was read."""

    __tablename__ = "versioned"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str]
    version: Mapped[int] = mapped_column()

    __mapper_args__: dict[str, Any] = {"version_id_col": version}  # noqa: RUF012 -- as SQLAlchemy wants it


SAMPLES = Base.metadata.tables["parity.samples"]
