"""Ask asyncpg and the server about one statement, without executing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asyncpg import PostgresError
from sqlalchemy import Insert, TextClause, event
from sqlalchemy.exc import DBAPIError

from bridge.database import Database, ParityLayers, PoolSettings
from bridge.porting.judge import judge
from bridge.porting.redaction import reason_of

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Executable
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

__all__ = ["Question", "Verdict", "ask", "probe_engine"]

SYNTAX: Final = "42601"
# What the probe's own connection cannot see or get: tables, schemas, columns and types of the open transaction; locks; rights; time.
OUT_OF_SIGHT: Final = frozenset({"42P01", "42703", "42704", "3F000", "55P03", "57014", "42501", "3B001"})
# Long enough for a busy server to plan; short enough not to wait for a lock that the legacy transaction holds.
LIMITS: Final = "SET LOCAL lock_timeout = '200ms'; SET LOCAL statement_timeout = '2s'"

# What asyncpg does without help.
BARE: Final = ParityLayers(errors=False, rowcounts=False, values=False, parameters=False)


@dataclass(frozen=True, slots=True)
class Question:
    """
    A statement that ran on the synchronous path.

    Attributes:
        statement: As SQLAlchemy had it; a str for one that went to the driver as it was.
        parameters: As they were given.
        compiled: As the synchronous path sent them, before the driver's own conversions.
        options: Execution options that change the SQL.
    """

    statement: Executable | str
    parameters: Any
    compiled: list[dict[str, Any]]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Name of a rule, and what was seen; both empty where nothing is wrong."""

    rule: str = ""
    detail: str = ""


class _Captured(Exception):
    def __init__(self, statement: str, parameters: Any, *, many: bool) -> None:
        self.statement = statement
        self.rows: list[tuple[Any, ...]] = [tuple(row) for row in parameters] if many else [tuple(parameters or ())]


def probe_engine(url: URL, *, parity: ParityLayers = BARE) -> AsyncEngine:
    """
    Make an asynchronous engine with one connection for the probe alone, which stops each statement before it is sent.

    Args:
        url: Where to connect.
        parity: The layers that the port will have. Without any, which is the default, the probe names what asyncpg itself refuses:
            what is met at the latest when the migration is over and `Database` goes.
    """
    # A URL of psycopg would get psycopg's own asynchronous connections, which have nothing to prepare with.
    url = url.set(drivername="postgresql+psycopg2")
    engine = Database(url, pool=PoolSettings(size=1, overflow=0, pre_ping=False), parity=parity).async_engine
    event.listen(engine.sync_engine, "before_cursor_execute", _capture)
    return engine


async def ask(connection: AsyncConnection, question: Question) -> Verdict:
    """Tell what would become of *question* on *connection*, in a read-only transaction that is rolled back."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    if isinstance(question.statement, str):
        captured = _Captured(question.statement, (), many=False)
    else:
        try:
            captured = await connection.run_sync(_compile, question)
        except Exception as error:  # noqa: BLE001 - whatever SQLAlchemy raises here, it would raise there
            return Verdict("probe.statement", f"SQLAlchemy cannot send it: {type(error).__name__}")
    transaction = driver.transaction(readonly=True)
    await transaction.start()
    try:
        await driver.execute(LIMITS)
        return await _prepare(driver, captured, is_text=isinstance(question.statement, TextClause))
    finally:
        await transaction.rollback()


async def _prepare(driver: Any, captured: _Captured, *, is_text: bool) -> Verdict:
    try:
        prepared = await driver.prepare(captured.statement)
    except PostgresError as error:
        return _verdict(error, (), ())
    types = tuple(parameter.name for parameter in prepared.get_parameters())
    for row in captured.rows:
        try:
            await driver.fetch(f"EXPLAIN {captured.statement}", *row)
        except PostgresError as error:
            # It could be prepared, so this is a statement that EXPLAIN does not take: SET, DDL, COPY.
            if error.sqlstate != SYNTAX:
                return _verdict(error, row, types)
        if is_text:
            for kind, value in zip(types, row, strict=False):
                found = judge(kind, value)
                if found:
                    return Verdict(found, f"{type(value).__name__} into {kind}")
    return Verdict()


def _verdict(error: PostgresError, row: tuple[Any, ...], types: tuple[str, ...]) -> Verdict:
    reason = reason_of(error, row, types)
    if error.sqlstate in OUT_OF_SIGHT:
        return Verdict("probe.not_comparable", reason)
    several = error.sqlstate == SYNTAX and "multiple commands" in str(error)
    return Verdict("probe.several_statements" if several else "probe.statement", reason)


def _capture(_connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:  # noqa: FBT001  the event's signature
    raise _Captured(statement, parameters, many=many)


def _compile(connection: Connection, question: Question) -> _Captured:
    parameters = question.parameters
    statement = question.statement
    if isinstance(statement, Insert) and all(
        set(row) <= set(statement.table.columns.keys()) for row in question.compiled
    ):
        # They hold the column defaults too, which would be called once more.
        parameters = question.compiled
    try:
        connection.execute(statement, parameters or None, execution_options=question.options)  # type: ignore[arg-type]  # a mapping of any options
    except _Captured as captured:
        return captured
    except DBAPIError as error:
        raise error.orig or error from None
    raise AssertionError("the statement was not stopped")
