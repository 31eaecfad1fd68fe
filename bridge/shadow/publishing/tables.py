"""The tables of the SQL publisher."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

from bridge.database import UTCMoment, exact_name
from bridge.database.table_prefix import require_prefix

__all__ = ["LONGEST_NAME", "LONGEST_PLACE", "LONGEST_TARGET", "CheckTables"]

LONGEST_NAME: Final = 300
LONGEST_PLACE: Final = 500
LONGEST_TARGET: Final = 2000
LONGEST_RULE: Final = 100
LONGEST_WORD: Final = 20


class CheckTables:
    """
    The tables of the SQL publisher.

    Attributes:
        metadata: Holds both, for ``create_all`` and for Alembic's ``target_metadata``.
        checks: Each check that did not match.
        differences: Where its exchanges disagree.
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
        # SQLite numbers the rows of an INTEGER by itself, and of no other type.
        key = BigInteger().with_variant(Integer, "sqlite")
        self.checks = Table(
            f"{prefix}checks",
            self.metadata,
            Column("id", key, primary_key=True),
            Column("checked_at", UTCMoment(), nullable=False, index=True),
            Column("operation", exact_name(LONGEST_NAME), nullable=False),
            Column("verdict", String(LONGEST_WORD), nullable=False),
            Column("reason", Text),
            Column("method", String(LONGEST_WORD), nullable=False),
            Column("target", Text, nullable=False),
            Column("control_path", String(LONGEST_WORD), nullable=False),
            Column("control_status", Integer),
            Column("control_s", Float, nullable=False),
            Column("candidate_path", String(LONGEST_WORD), nullable=False),
            Column("candidate_status", Integer),
            Column("candidate_s", Float, nullable=False),
        )
        self.differences = Table(
            f"{prefix}differences",
            self.metadata,
            Column("id", key, primary_key=True),
            Column("check_id", key, ForeignKey(self.checks.c.id, ondelete="CASCADE"), nullable=False, index=True),
            Column("operation", exact_name(LONGEST_NAME), nullable=False),
            Column("checked_at", UTCMoment(), nullable=False),
            Column("rule", String(LONGEST_RULE), nullable=False),
            Column("severity", String(LONGEST_WORD), nullable=False),
            Column("place", Text, nullable=False),
            Column("kind_of_place", exact_name(LONGEST_PLACE), nullable=False),
            Column("control", Text),
            Column("candidate", Text),
            Column("remedy", Text, nullable=False),
            Column("excused", Text),
            Index(f"ix_{prefix}differences_operation_rule", "operation", "rule"),
        )
