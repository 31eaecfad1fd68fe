"""The tables of the SQL store."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.dialects import mysql

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

__all__ = ["StageTables"]

# MySQL indexes at most 3072 bytes, and a character may have four.
LONGEST_NAME: Final = 500
LONGEST_SETTING: Final = 60
LONGEST_WHO: Final = 200


class StageTables:
    """
    The tables of the SQL store.

    Attributes:
        metadata: Holds both, for ``create_all`` and for Alembic's ``target_metadata``.
        stages: The entry of each operation.
        changes: Every change there has been.
    """

    def __init__(self) -> None:
        self.metadata = MetaData()
        self.stages = Table(
            "bridge_stages",
            self.metadata,
            Column("operation", _name(), primary_key=True),
            Column("setting", String(LONGEST_SETTING), nullable=False),
            Column("version", Integer, nullable=False),
        )
        self.changes = Table(
            "bridge_stage_changes",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("operation", _name(), nullable=False),
            Column("version", Integer, nullable=False),
            Column("setting_before", String(LONGEST_SETTING)),
            Column("setting_after", String(LONGEST_SETTING), nullable=False),
            Column("who", String(LONGEST_WHO), nullable=False),
            Column("why", Text, nullable=False),
            Column("changed_at", _Moment(), nullable=False),
            UniqueConstraint("operation", "version"),
        )


class _Moment(TypeDecorator[datetime]):
    """A time in UTC, also where the database keeps no time zones."""

    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        if value is None:
            return None
        moment: datetime = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        return moment


def _name() -> String:
    # Names that differ in case are two, which MySQL's usual collations do not see.
    binary = mysql.VARCHAR(LONGEST_NAME, charset="utf8mb4", collation="utf8mb4_bin")
    return String(LONGEST_NAME).with_variant(binary, "mysql", "mariadb")
