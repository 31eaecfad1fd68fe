"""The names of the bridge's own tables begin as the service says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bridge import ConfigurationError, Database, SQLEvidence, SQLPublisher, SQLStageStore
from bridge.database.table_prefix import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable

KEEPERS = (SQLStageStore, SQLEvidence, SQLPublisher)
# Of an identifier, in bytes: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
LONGEST_IDENTIFIER = 63

pytestmark = pytest.mark.parametrize("keeper", KEEPERS)


@pytest.fixture
def database() -> Database:
    return Database("postgresql://unused/unused")


def names(keeper: Callable[..., Any], database: Database, **options: str) -> set[str]:
    """Return the names of the tables and indexes, of which SQLite has each only once in a file."""
    tables = keeper(database, **options).metadata.tables.values()
    indexes = {str(index.name) for table in tables for index in table.indexes}
    return {table.name for table in tables} | indexes


def test_names_begin_as_they_always_did(keeper: Callable[..., Any], database: Database) -> None:
    assert all(name.removeprefix("ix_").startswith("bridge_") for name in names(keeper, database))


def test_two_services_have_no_name_in_common(keeper: Callable[..., Any], database: Database) -> None:
    assert not names(keeper, database, prefix="shop_") & names(keeper, database, prefix="stock_")


def test_the_longest_prefix_leaves_room_for_each_name(keeper: Callable[..., Any], database: Database) -> None:
    assert max(map(len, names(keeper, database, prefix="a" * LONGEST))) <= LONGEST_IDENTIFIER


@pytest.mark.parametrize("prefix", ["", "_shop", "Shop_", "1shop_", "shop-", 'shop"', "shop.", "a" * (LONGEST + 1), "é_", "a\n"])  # fmt: skip
def test_what_no_name_can_begin_with_is_refused(keeper: Callable[..., Any], database: Database, prefix: str) -> None:
    with pytest.raises(ConfigurationError, match="names of tables begin with it"):
        keeper(database, prefix=prefix)
