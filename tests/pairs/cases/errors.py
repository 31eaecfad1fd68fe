"""What fails, and how: the class, the SQLSTATE, the constraint, and whether the session can go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, column, insert, select, table, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.pairs.case import EVERYWHERE, POSTGRESQL, Case, functions
from tests.pairs.schema import Item, Shelf

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_STATES: Final = (
    "01000", "02000", "03000", "08000", "08003", "08006", "09000", "0A000", "0B000", "0L000", "0P000", "20000", "21000",
    "22000", "22001", "22003", "22007", "22008", "22012", "22023", "22P02", "23000", "23001", "23502", "23503", "23505",
    "23514", "23P01", "24000", "25000", "25006", "25P01", "25P02", "25P03", "26000", "27000", "28000", "28P01", "2B000",
    "2D000", "2F000", "34000", "38000", "39000", "3B000", "3D000", "3F000", "40000", "40001", "40002", "40003", "40P01",
    "42000", "42501", "42601", "42703", "42P01", "42P07", "44000", "53000", "53100", "53200", "53300", "54000", "55000",
    "55006", "55P03", "57000", "57014", "57P01", "57P03", "57P05", "58000", "58030", "72000", "F0000", "HV000", "P0000",
    "P0001", "P0002", "P0004", "XX000", "XX001", "AB123", "55P02",
)  # fmt: skip
_SQL: Final = {
    "unique": "INSERT INTO items (name) VALUES ('pen')",
    "primary key": "INSERT INTO shelves (id, name) VALUES (1, 'a')",
    "foreign key": "INSERT INTO items (name, shelf_id) VALUES ('a', 99)",
    "foreign key of a parent": "DELETE FROM shelves WHERE id = 1",
    "check": "INSERT INTO items (name, quantity) VALUES ('a', -1)",
    "not null": "INSERT INTO items (name) VALUES (NULL)",
    "undefined table": "SELECT * FROM nowhere",
    "undefined column": "SELECT nothing FROM items",
    "syntax": "SELEC 1",
    "undefined function": "SELECT no_such_function(1)",
}
_PG_SQL: Final[dict[str, str | tuple[str, ...]]] = {
    "exclusion": "INSERT INTO bookings VALUES (1, '[1,5)'), (1, '[4,6)')",
    "domain": "SELECT 101::percent",
    "division by zero": "SELECT 1 / 0",
    "numeric overflow": "SELECT 2147483647 + 1",
    "invalid text": "SELECT CAST('abc' AS integer)",
    "invalid date": "SELECT CAST('2024-02-30' AS date)",
    "string too long": "INSERT INTO shelves VALUES (9, repeat('x', 30))",
    "undefined parameter type": "SELECT CAST('a' AS no_such_type)",
    "duplicate table": "CREATE TABLE items (id integer)",
    "ambiguous column": "SELECT id FROM items, shelves",
    "no privilege": ("SET LOCAL ROLE pg_monitor", "SELECT * FROM items"),
    "no such database": "ALTER DATABASE no_such_database SET work_mem = '1MB'",
    "too many rows": "SELECT (SELECT id FROM items)",
    "raise": "DO $$ BEGIN RAISE EXCEPTION 'no'; END $$",
    "assert": "DO $$ BEGIN ASSERT false; END $$",
    "statement timeout": ("SET LOCAL statement_timeout = '20ms'", "SELECT pg_sleep(5)"),
    "own cancel": "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(1)",
    "feature not supported": "CREATE TABLE a (b integer) TABLESPACE no_such_tablespace",
}


def constraint_of_flush(session: Session) -> object:
    session.add(Item(name="pen"))
    session.flush()
    return None


def constraint_at_commit(session: Session) -> object:
    session.execute(text("ALTER TABLE items ALTER CONSTRAINT items_shelf_id_fkey DEFERRABLE INITIALLY DEFERRED"))
    try:
        with session.begin_nested():
            session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            session.execute(insert(Item).values(name="a", shelf_id=99))
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    finally:
        session.rollback()
    return None


def details_of_an_integrity_error(session: Session) -> object:
    try:
        session.execute(insert(Item).values(name="pen"))
    except DBAPIError as error:
        diag = getattr(error.orig, "diag", None)
        names = ("schema_name", "table_name", "column_name", "constraint_name", "message_primary", "message_detail")
        return {name: getattr(diag, name, None) for name in names}
    return None


def first_line_of_the_message(session: Session) -> object:
    try:
        session.execute(text("SELECT 1 / 0"))
    except DBAPIError as error:
        return str(error.orig).splitlines()[0]
    return None


def statement_after_an_error(session: Session) -> object:
    connection = session.connection()
    try:
        connection.execute(text("SELECT 1 / 0"))
    except DBAPIError:
        return connection.scalar(text("SELECT 1"))
    return None


def commit_after_an_error(session: Session) -> object:
    connection = session.connection()
    connection.execute(insert(Shelf).values(id=9, name="nine"))
    try:
        connection.execute(text("SELECT 1 / 0"))
    except DBAPIError:
        session.commit()
    return None


def retry_after_an_operational_error(session: Session) -> object:
    for attempt in range(2):
        try:
            session.execute(text("SET LOCAL statement_timeout = '20ms'"))
            return session.scalar(text("SELECT 'done' FROM pg_sleep(:s)"), {"s": 1.0 if attempt == 0 else 0.0})
        except OperationalError:
            session.rollback()
    return None


def backend_terminated(session: Session) -> object:
    return session.scalar(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def idle_in_transaction_timeout(session: Session) -> object:
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '10ms'"))
    with session.get_bind().connect() as other:  # type: ignore[union-attr]  # the bind is an engine
        other.execute(text("SELECT pg_sleep(0.1)"))
    return session.scalar(text("SELECT 1"))


def missing_parameter(session: Session) -> object:
    return session.scalar(text("SELECT :p"), {})


def parameter_of_an_unknown_class(session: Session) -> object:
    return session.scalar(select(bindparam("p", object())))


def too_many_parameters(session: Session) -> object:
    numbers = table("constants", column("integer"))
    return session.scalars(select(numbers.c.integer).where(numbers.c.integer.in_(list(range(33000))))).all()


def constraint_raised_by_a_function(session: Session) -> object:
    raised = "RAISE EXCEPTION 'x' USING ERRCODE = '23514', CONSTRAINT = 'made_up', TABLE = 'items'"
    session.execute(text(f"DO $$ BEGIN {raised}; END $$"))
    return None


def _fails(name: str, *statements: str, backends: frozenset[str] = EVERYWHERE) -> Case:
    def run(session: Session) -> object:
        for statement in statements:
            session.execute(text(statement))
        return None

    return Case(f"error: {name}", run, backends)


def _raised(state: str) -> Case:
    # A block of PL/pgSQL, because the server has no other way to raise what it should not need to raise in a test.
    sql = f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{state}'; END $$"
    return _fails(f"SQLSTATE {state}", sql, backends=POSTGRESQL)


CASES: tuple[Case, ...] = (
    *(_fails(name, sql) for name, sql in _SQL.items()),
    *(_fails(name, *([sql] if isinstance(sql, str) else sql), backends=POSTGRESQL) for name, sql in _PG_SQL.items()),
    *map(_raised, _STATES),
    *functions("error", constraint_of_flush, missing_parameter, too_many_parameters),
    *functions(
        "error",
        constraint_at_commit,
        details_of_an_integrity_error,
        first_line_of_the_message,
        statement_after_an_error,
        commit_after_an_error,
        retry_after_an_operational_error,
        constraint_raised_by_a_function,
        parameter_of_an_unknown_class,
        backends=POSTGRESQL,
    ),
    *functions("error", backend_terminated, idle_in_transaction_timeout, backends=POSTGRESQL, spoils=True),
)
