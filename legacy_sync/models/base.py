"""Declarative base and the column types shared by all entities."""

from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import JSON, Dialect, Enum, MetaData, Numeric, String, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeEngine

MAX_ID: Final = 2**31 - 1
"""Largest value of the 32-bit integer columns."""


class Base(DeclarativeBase):
    """Base of all entities; constraint names are fixed so that they can be recognised in errors."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class DecimalText(TypeDecorator[Decimal]):
    """Exact decimals as text, for SQLite, whose own numbers are binary floats."""

    impl = String
    cache_ok = True

    def __init__(self, scale: int | None = None) -> None:
        """With a ``scale``, values are rounded to that many decimal places as NUMERIC would."""
        super().__init__()
        self.scale = scale

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002  the signature of TypeDecorator
        """Write the decimal's digits, trailing zeros included."""
        if value is None:
            return None
        return str(value) if self.scale is None else f"{value:.{self.scale}f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  the signature of TypeDecorator
        """Read the digits back."""
        return None if value is None else Decimal(value)


def decimal_column(precision: int | None = None, scale: int | None = None) -> TypeEngine[Decimal]:
    """Build NUMERIC, unconstrained when no precision is given; exact on SQLite too."""
    return Numeric(precision, scale).with_variant(DecimalText(scale), "sqlite")


def json_column() -> TypeEngine[Any]:
    """Build JSONB for PostgreSQL, JSON text for SQLite."""
    return JSONB().with_variant(JSON(), "sqlite")


def enum_column(members: type[StrEnum], name: str) -> Enum:
    """Build a VARCHAR(16) type for the members' values, with a CHECK constraint called ``name``."""
    return Enum(
        members,
        name=name,
        native_enum=False,
        length=16,
        create_constraint=True,
        values_callable=lambda enum: [member.value for member in enum],
    )
