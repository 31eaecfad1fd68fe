"""Every rule of the instruments, as data. `docs/reference/porting-rules.md` lists the same."""

from __future__ import annotations

from typing import Final

from bridge.porting.findings import Rule, Severity

__all__ = ["RULES", "rule"]

MISSING_GREENLET: Final = "raises MissingGreenlet"
LOADS: Final = "emits SQL and goes on"
LAYERS: Final = "the parity layer for values makes asyncpg do what psycopg2 does"

GUARD: Final = (
    Rule(
        "guard.lazy_load",
        Severity.FAILS,
        "a relationship that is not loaded was touched",
        LOADS,
        MISSING_GREENLET,
        "load it with the query, or await session.refresh()",
    ),
    Rule(
        "guard.deferred_column",
        Severity.FAILS,
        "a deferred column was read",
        LOADS,
        MISSING_GREENLET,
        "add options(undefer(...)) to the query",
    ),
    Rule(
        "guard.subclass_column",
        Severity.FAILS,
        "a column of a subclass was read, after a query for its base",
        LOADS,
        MISSING_GREENLET,
        "add options(selectin_polymorphic(...)) to the query",
    ),
    Rule(
        "guard.expired_by_commit",
        Severity.FAILS,
        "an object was used after the commit that expired it",
        LOADS,
        MISSING_GREENLET,
        "use expire_on_commit=False, or await session.refresh() after the commit",
    ),
    Rule(
        "guard.expired_by_rollback",
        Severity.FAILS,
        "an object was used after a rollback that expired it; expire_on_commit=False does not help",
        LOADS,
        MISSING_GREENLET,
        "read what is needed before the rollback, or await session.refresh() after it",
    ),
    Rule(
        "guard.expired",
        Severity.FAILS,
        "an object was used after it was expired",
        LOADS,
        MISSING_GREENLET,
        "await session.refresh() instead of session.expire()",
    ),
    Rule(
        "guard.left_to_the_database",
        Severity.FAILS,
        "a column that the flush left for the database to fill was read",
        LOADS,
        MISSING_GREENLET,
        "set eager_defaults=True on the mapper, or await session.refresh() after the flush",
    ),
    Rule(
        "guard.dynamic_relationship",
        Severity.FAILS,
        "the query of a dynamic relationship was run",
        LOADS,
        MISSING_GREENLET,
        'use lazy="write_only", and await session.scalars(parent.children.select())',
    ),
    Rule(
        "guard.unbuffered_result",
        Severity.FAILS,
        "a result is fetched through a server-side cursor",
        "fetches rows as they are read",
        "raises AsyncMethodRequired",
        "await session.stream() instead of session.execute()",
    ),
    Rule(
        "guard.object_session",
        Severity.FAILS,
        "SQL ran on the session that object_session() gave",
        LOADS,
        MISSING_GREENLET,
        "pass the session in, or await async_object_session(...).execute() in a coroutine",
    ),
    Rule(
        "guard.unawaited_statement",
        Severity.FAILS,
        "SQL ran outside of any call that could be awaited",
        LOADS,
        MISSING_GREENLET,
        "load what is needed with an awaited call before",
    ),
    Rule(
        "guard.identity_map",
        Severity.RISK,
        "a relationship was served from the identity map, which holds an object only as long as somebody else does",
        "serves it, or emits SQL, as the garbage collector decides",
        "serves it, or raises MissingGreenlet, as the garbage collector decides",
        "load it with the query",
    ),
)
PROBE: Final = (
    Rule(
        "probe.statement",
        Severity.FAILS,
        "the statement fails on asyncpg",
        "runs it",
        "refuses it",
        "pass values of the column's type, and cast parameters whose type the server cannot tell",
    ),
    Rule(
        "probe.several_statements",
        Severity.FAILS,
        "several statements in one text",
        "runs them all",
        "refuses them: a prepared statement is one statement",
        "execute them one by one",
    ),
    Rule(
        "probe.driver_sql",
        Severity.FAILS,
        "exec_driver_sql with the placeholders of psycopg2",
        "fills %s and %(name)s",
        "knows $1 only: a syntax error",
        "write text() with :name",
    ),
    Rule(
        "probe.raw_cursor",
        Severity.FAILS,
        "a cursor of the driver was used directly",
        "has cursors",
        "has none: another interface altogether",
        "execute text() on the session or the connection",
    ),
    Rule(
        "probe.copy",
        Severity.FAILS,
        "COPY through a cursor of the driver",
        "copy_expert, copy_from, copy_to",
        "has no such methods",
        "use copy_records_to_table() and copy_from_query() of asyncpg's own connection",
    ),
    Rule(
        "probe.execute_values",
        Severity.FAILS,
        "psycopg2.extras fed a cursor of the driver",
        "writes many rows in one statement",
        "has no such function",
        "execute insert(table) with a list of rows: SQLAlchemy batches it",
    ),
    Rule(
        "probe.not_comparable",
        Severity.UNKNOWN,
        "the probe could not check the statement",
        "ran it",
        "unknown",
        "test it on the asynchronous engine by hand",
    ),
)
VALUES: Final = (
    Rule(
        "value.naive_datetime_into_timestamptz",
        Severity.DIFFERS,
        "a datetime without a zone, or a date, for a column with one",
        "takes it for a time in the session's zone",
        "takes it for a time in the process's zone",
        "use aware datetimes: datetime.now(UTC), datetime.combine(day, time.min, zone)",
        LAYERS,
    ),
    Rule(
        "value.aware_datetime_into_timestamp",
        Severity.FAILS,
        "a datetime with a zone for a column without one",
        "drops the zone",
        "refuses it",
        "use DateTime(timezone=True), or value.replace(tzinfo=None)",
        LAYERS,
    ),
    Rule(
        "value.float_into_numeric",
        Severity.DIFFERS,
        "a float for an exact number",
        "writes its shortest form: 1.1",
        "writes all its binary digits: 1.100000000000000088...",
        "use Decimal, made from a string",
        LAYERS,
    ),
    Rule(
        "value.float_into_integer",
        Severity.DIFFERS,
        "a number with a fraction for a whole number",
        "has the server round it",
        "cuts it off",
        "round it in the application",
        LAYERS,
    ),
    Rule(
        "value.bool_into_integer",
        Severity.DIFFERS,
        "a bool for a whole number",
        "is refused by the server",
        "writes 1 or 0",
        "use int(value), or a boolean column",
    ),
    Rule(
        "value.string_into_integer",
        Severity.FAILS,
        "a string for a whole number",
        "has the server convert it",
        "refuses it",
        "use int(value) where the input comes in",
        LAYERS,
    ),
    Rule(
        "value.string_into_float",
        Severity.FAILS,
        "a string for a floating-point number",
        "has the server convert it",
        "refuses it",
        "use float(value) where the input comes in",
        LAYERS,
    ),
    Rule(
        "value.string_into_date",
        Severity.FAILS,
        "a string for a date, a time or an interval",
        "has the server convert it",
        "refuses it",
        "use fromisoformat() where the input comes in",
        LAYERS,
    ),
    Rule(
        "value.integer_out_of_range",
        Severity.FAILS,
        "a number that the column's type cannot hold",
        "compares with it as a wider number, and finds nothing",
        "refuses it: what was a 404 becomes a 500",
        "check the range where the input comes in",
        LAYERS,
    ),
    Rule(
        "value.not_text_into_text",
        Severity.FAILS,
        "something other than a string for text",
        "has the server convert it",
        "refuses it",
        "use str(value)",
        LAYERS,
    ),
    Rule(
        "value.real_read",
        Severity.DIFFERS,
        "a REAL column was read",
        "gives the shortest form: 1.1",
        "gives the double next to it: 1.100000023841858",
        "use DOUBLE PRECISION or NUMERIC, or round",
        LAYERS,
    ),
    Rule(
        "value.inet_read",
        Severity.DIFFERS,
        "an INET or CIDR column was read",
        "gives a str",
        "gives an object of ipaddress",
        "use create_async_engine(native_inet_types=False), or str(value)",
        LAYERS,
    ),
    Rule(
        "value.timestamptz_read",
        Severity.DIFFERS,
        "a timestamp was read in a session whose zone is not UTC",
        "gives the session's offset",
        "gives UTC",
        "convert where it is shown: value.astimezone(zone)",
        LAYERS,
    ),
)
RULES: Final = (*GUARD, *PROBE, *VALUES)
BY_NAME: Final = {each.name: each for each in RULES}


def rule(name: str) -> Rule:
    """Return the rule called *name*."""
    return BY_NAME[name]
