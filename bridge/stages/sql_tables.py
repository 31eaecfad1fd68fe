"""The tables of the SQL store."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, MetaData, String, Table, Text, UniqueConstraint

from bridge.database import UTCMoment, exact_name
from bridge.database.table_prefix import require_prefix

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

    def __init__(self, prefix: str) -> None:
        """
        Args:
            prefix: What their names begin with.

        Raises:
            ConfigurationError: No name can begin with it.
        """
        require_prefix(prefix)
        self.metadata = MetaData()
        self.stages = Table(
            f"{prefix}stages",
            self.metadata,
            Column("operation", exact_name(LONGEST_NAME), primary_key=True),
            Column("setting", String(LONGEST_SETTING), nullable=False),
            Column("version", Integer, nullable=False),
        )
        self.changes = Table(
            f"{prefix}stage_changes",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("operation", exact_name(LONGEST_NAME), nullable=False),
            Column("version", Integer, nullable=False),
            Column("setting_before", String(LONGEST_SETTING)),
            Column("setting_after", String(LONGEST_SETTING), nullable=False),
            Column("who", String(LONGEST_WHO), nullable=False),
            Column("why", Text, nullable=False),
            Column("changed_at", UTCMoment(), nullable=False),
            UniqueConstraint("operation", "version"),
        )
