"""What the database needs to show which rows a transaction writes, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.base import PGDialect

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CAPTURE", "TAKE", "TRIGGER", "UNSEEN", "install_sql", "table_name", "uninstall_sql"]

QUOTES: Final = PGDialect().identifier_preparer  # type: ignore[no-untyped-call]  # SQLAlchemy's, not typed
TRIGGER: Final = "bridge_row_writes"
# Both begin what is captured; see the WHEN of the triggers. It ends with the transaction, or the savepoint.
CAPTURE: Final = (
    "SELECT to_regprocedure('bridge.take_row_writes(text)') IS NOT NULL "
    "FROM set_config('bridge.capture', 'on', true) AS capturing"
)
# The server counts writes also of transactions before this one, for a second or so.
UNSEEN: Final = "SELECT table_name, 'UNSEEN', NULL::text[], NULL, writes::text FROM bridge.unseen_writes()"
TAKE: Final = f"SELECT * FROM bridge.take_row_writes(current_schema()) UNION ALL {UNSEEN}"  # noqa: S608 - no word of it comes from outside

# Unlogged, because nothing in it outlives its transaction. The functions run as their owner, so that the application needs no right to the
# table, and can only ever see what its own transaction wrote.
OBJECTS: Final = (
    "CREATE SCHEMA IF NOT EXISTS bridge",
    "GRANT USAGE ON SCHEMA bridge TO PUBLIC",
    """CREATE UNLOGGED TABLE IF NOT EXISTS bridge.row_writes (
    transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
    position bigint GENERATED ALWAYS AS IDENTITY,
    relation oid NOT NULL,
    operation text NOT NULL,
    before jsonb,
    after jsonb,
    PRIMARY KEY (transaction, position)
)""",
    """CREATE OR REPLACE FUNCTION bridge.note_row_write() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
    INSERT INTO bridge.row_writes (relation, operation, before, after) VALUES (
        TG_RELID,
        TG_OP,
        CASE WHEN TG_OP IN ('UPDATE', 'DELETE') THEN to_jsonb(OLD) END,
        CASE WHEN TG_OP IN ('INSERT', 'UPDATE') THEN to_jsonb(NEW) END
    );
    RETURN NULL;
END $$""",
    # PL/pgSQL keeps the plans of what it runs, other languages would plan anew at each call.
    """CREATE OR REPLACE FUNCTION bridge.take_row_writes(default_schema text)
RETURNS TABLE (table_name text, operation text, key text[], before text, after text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY WITH taken AS (
        DELETE FROM bridge.row_writes WHERE transaction = pg_current_xact_id_if_assigned() RETURNING *
    ), located AS (
        SELECT DISTINCT relation, coalesce(pg_partition_root(relation), relation) AS root FROM taken
    ), named AS (
        SELECT located.relation, CASE nspname WHEN default_schema THEN relname::text ELSE nspname || '.' || relname END AS name,
            (SELECT array_agg(attname::text ORDER BY attnum) FROM pg_index JOIN pg_attribute ON attrelid = indrelid
             AND attnum = ANY (indkey) WHERE indrelid = root AND indisprimary) AS columns
        FROM located JOIN pg_class ON pg_class.oid = root JOIN pg_namespace ON pg_namespace.oid = relnamespace
    )
    SELECT named.name, taken.operation, named.columns, taken.before::text, taken.after::text
    FROM taken JOIN named ON named.relation = taken.relation ORDER BY taken.position;
END $$""",
    # Of all tables that are not the server's own, whose numbers are below 16384.
    """CREATE OR REPLACE FUNCTION bridge.unseen_writes() RETURNS TABLE (table_name text, writes bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT nspname || '.' || relname, written.writes
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace CROSS JOIN LATERAL (
        SELECT pg_stat_get_xact_tuples_inserted(pg_class.oid) + pg_stat_get_xact_tuples_updated(pg_class.oid)
        + pg_stat_get_xact_tuples_deleted(pg_class.oid) AS writes
    ) AS written
    WHERE pg_class.oid >= 16384 AND relkind = 'r' AND written.writes > 0 AND pg_class.oid <> 'bridge.row_writes'::regclass
    AND NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = 'bridge_row_writes' AND tgenabled IN ('O', 'A')
    );
END $$""",
)
NO_OBJECTS: Final = ("DROP SCHEMA IF EXISTS bridge CASCADE",)


def install_sql(tables: Iterable[str | Table]) -> tuple[str, ...]:
    """
    Return the statements that have the rows of *tables* captured, for the team's migrations.

    They may be run again. Those of each table wait for transactions that write it, and have others wait meanwhile.

    Args:
        tables: Names as SQL has them, or tables.
    """
    return (*OBJECTS, *(statement for table in tables for statement in _triggers(table_name(table))))


def uninstall_sql(tables: Iterable[str | Table]) -> tuple[str, ...]:
    """
    Return the statements that take everything away again.

    Args:
        tables: As for `install_sql`; a trigger on a table that is not among them goes as well, with the function that it calls.
    """
    names = map(table_name, tables)
    kinds = (TRIGGER, f"{TRIGGER}_truncate")
    return (*(f"DROP TRIGGER IF EXISTS {kind} ON {name}" for name in names for kind in kinds), *NO_OBJECTS)


def table_name(table: str | Table) -> str:
    """Return the name of *table* as SQL has it."""
    return QUOTES.format_table(table) if isinstance(table, Table) else table


def _triggers(table: str) -> tuple[str, ...]:
    # An ordinary transaction pays for the evaluation of the condition, once for each row.
    condition = "WHEN (current_setting('bridge.capture', true) = 'on') EXECUTE FUNCTION bridge.note_row_write()"
    return (
        f"CREATE OR REPLACE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW {condition}",
        f"CREATE OR REPLACE TRIGGER {TRIGGER}_truncate AFTER TRUNCATE ON {table} FOR EACH STATEMENT {condition}",
    )
