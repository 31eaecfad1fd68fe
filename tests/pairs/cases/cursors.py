"""Cursors on the server, and results that outlive their transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, text, update
from sqlalchemy.exc import ResourceClosedError

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.schema import Item

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_MANY = "SELECT x FROM generate_series(1, 2500) AS t(x)"


def stream_results(session: Session) -> object:
    result = session.execute(text(_MANY), execution_options={"stream_results": True})
    return sum(result.scalars())


def stream_results_and_stop_early(session: Session) -> object:
    result = session.execute(text(_MANY), execution_options={"stream_results": True, "max_row_buffer": 50})
    first = result.fetchmany(3)
    result.close()
    return [first, session.scalar(text("SELECT 1"))]


def two_cursors_at_once(session: Session) -> object:
    options = {"stream_results": True, "max_row_buffer": 10}
    one, other = (session.execute(text(_MANY), execution_options=options) for _ in range(2))
    return [one.fetchmany(15)[-1], other.fetchmany(25)[-1], one.fetchmany(15)[-1]]


def statement_between_fetches(session: Session) -> object:
    result = session.execute(text(_MANY), execution_options={"stream_results": True, "max_row_buffer": 10})
    result.fetchmany(15)
    session.execute(text("UPDATE items SET quantity = 8"))
    return result.fetchmany(15)[-1]


def fetch_after_commit(session: Session) -> object:
    result = session.execute(text(_MANY), execution_options={"stream_results": True, "max_row_buffer": 10})
    result.fetchmany(5)
    session.commit()
    try:
        return len(result.all())
    except ResourceClosedError as error:
        return type(error).__name__


def fetch_after_commit_of_a_plain_result(session: Session) -> object:
    result = session.execute(text(_MANY))
    session.commit()
    return len(result.all())


def yield_per(session: Session) -> object:
    names = session.scalars(select(Item.name).order_by(Item.id), execution_options={"yield_per": 2})
    return list(names)


def yield_per_partitions(session: Session) -> object:
    result = session.execute(select(Item.id).order_by(Item.id), execution_options={"yield_per": 2})
    return [len(part) for part in result.partitions()]


def yield_per_with_error_in_the_middle(session: Session) -> object:
    statement = text("SELECT 10 / (20 - x) FROM generate_series(1, 50) AS t(x)")
    result = session.execute(statement, execution_options={"stream_results": True, "max_row_buffer": 5})
    return len(result.all())


def stream_of_dml_returning(session: Session) -> object:
    statement = update(Item).values(quantity=8).returning(Item.id)
    return sorted(session.scalars(statement, execution_options={"stream_results": True}))


def with_hold_cursor(session: Session) -> object:
    session.execute(text(f"DECLARE held CURSOR WITH HOLD FOR {_MANY}"))
    session.commit()
    rows = session.execute(text("FETCH 2 FROM held")).all()
    session.execute(text("CLOSE held"))
    return rows


CASES: tuple[Case, ...] = (
    *functions("cursor", yield_per, yield_per_partitions),
    *functions(
        "cursor",
        stream_results,
        stream_results_and_stop_early,
        two_cursors_at_once,
        statement_between_fetches,
        fetch_after_commit,
        fetch_after_commit_of_a_plain_result,
        yield_per_with_error_in_the_middle,
        stream_of_dml_returning,
        with_hold_cursor,
        backends=POSTGRESQL,
    ),
)
