"""Notice values on which the two drivers differ, as they pass through the synchronous engine."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Engine
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeDecorator

from bridge.porting.callsite import call_site
from bridge.porting.findings import Finding, Report
from bridge.porting.judge import judge, kind_of
from bridge.porting.listening import always, covers, listening
from bridge.porting.rules import rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import BindParameter, Connection, Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ["values_checked"]

# Object identifiers of pg_type, which never change: float4, cidr, inet and their arrays, timestamptz and its array.
READS: Final = {
    700: "value.real_read",
    1021: "value.real_read",
    650: "value.inet_read",
    651: "value.inet_read",
    869: "value.inet_read",
    1041: "value.inet_read",
}
TIMESTAMPTZ: Final = frozenset({1184, 1185})
UTC_NAMES: Final = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu"})
NUMBERED: Final = re.compile(r"_\d+$")
NUMBERED_ROW: Final = re.compile(r"_m\d+$")


@contextmanager
def values_checked(
    *engines: Engine, report: Report | None = None, active: Callable[[], bool] = always
) -> Iterator[Report]:
    """
    Report, within the block, each value that psycopg2 and asyncpg would send or read differently. Never raises.

    Parameters are judged by the types SQLAlchemy knows. Those of `text()` have none: `probed` asks the server for them.

    Args:
        engines: Look only at these; by default at every synchronous engine on PostgreSQL.
        report: Where findings go; by default a new report.
        active: Asked before each statement whether to look at it.
    """
    values = _Values(engines, report if report is not None else Report(), active)
    targets = engines or (Engine,)
    with listening(
        *((target, "before_cursor_execute", values.before) for target in targets),
        *((target, "after_cursor_execute", values.after) for target in targets),
    ):
        yield values.report


class _Values:
    def __init__(self, engines: tuple[Engine, ...], report: Report, active: Callable[[], bool]) -> None:
        self.report = report
        self._engines = engines
        self._active = active

    def before(
        self, connection: Connection, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: object
    ) -> None:
        compiled = context.compiled
        if compiled is None or not self._looks_at(connection):
            return
        binds: dict[str, BindParameter[Any]] = getattr(compiled, "binds", {})
        for parameters in context.compiled_parameters:
            for name, value in parameters.items():
                # The members of a list follow the parameter they were in: id_1 is id_1_1, id_1_2 by now.
                bind = binds.get(name, binds.get(NUMBERED.sub("", name)))
                if bind is not None:
                    self._judge(compiled, bind, name, value, connection.dialect)

    def after(self, connection: Connection, cursor: Any, _statement: str, *_: object) -> None:
        if not cursor.description or not self._looks_at(connection):
            return
        for column in cursor.description:
            name = READS.get(column[1])
            if name is None and column[1] in TIMESTAMPTZ and _zone(cursor.connection) not in UTC_NAMES:
                name = "value.timestamptz_read"
            if name is not None:
                self._found(name, column[0], "")

    def _looks_at(self, connection: Connection) -> bool:
        return connection.dialect.name == "postgresql" and self._active() and covers(self._engines, connection.engine)

    def _judge(self, compiled: Any, bind: BindParameter[Any], name: str, value: Any, dialect: Dialect) -> None:
        sql_type: TypeEngine[Any] = bind.type.dialect_impl(dialect)
        while isinstance(sql_type, TypeDecorator):
            if _overrides(sql_type, "bind_processor"):
                return
            if _overrides(sql_type, "process_bind_param"):
                value = sql_type.process_bind_param(value, dialect)
            sql_type = sql_type.impl_instance
        kind = kind_of(sql_type)
        if kind is not None and bind.expanding and isinstance(value, (list, tuple)):
            kind = f"{kind}[]"
        found = judge(kind, value) if kind else None
        if found:
            self._found(found, _subject(compiled, name), f"{type(value).__name__} into {kind}")

    def _found(self, name: str, subject: str, detail: str) -> None:
        known = rule(name)
        detail = f"{detail + ': ' if detail else ''}{known.says}; psycopg2 {known.sync}, asyncpg {known.asynchronous}"
        self.report.add(Finding.of(known, call_site(sys._getframe(1)), subject, detail=detail))  # noqa: SLF001  documented, in spite of its underscore


def _overrides(decorator: TypeDecorator[Any], name: str) -> bool:
    return getattr(type(decorator), name) is not getattr(TypeDecorator, name)


def _subject(compiled: Any, name: str) -> str:
    """Return the column where the statement tells, else the name of the parameter, which SQLAlchemy makes from the column's."""
    statement = compiled.statement
    if isinstance(statement, UpdateBase):
        table = getattr(statement, "table", None)
        # The rows of insert().values([...]) number their parameters: id_m0, id_m1.
        for column in (name, NUMBERED_ROW.sub("", name)):
            if table is not None and column in table.columns:
                return f"{table.name}.{column}"
    return NUMBERED.sub("", NUMBERED.sub("", name))


def _zone(driver: Any) -> str:
    # psycopg2 has the method itself, psycopg keeps it in `info`.
    status: Any = getattr(driver, "get_parameter_status", None) or driver.info.parameter_status
    return str(status("TimeZone"))
