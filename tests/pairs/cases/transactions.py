"""Savepoints, isolation, and what a transaction may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.schema import Item, Shelf

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]


def savepoint(session: Session) -> object:
    with session.begin_nested():
        session.execute(insert(Shelf).values(id=9, name="nine"))
    return None


def savepoint_after_an_error(session: Session) -> object:
    try:
        with session.begin_nested():
            session.execute(insert(Item).values(name="pen"))
    except IntegrityError:
        session.execute(insert(Item).values(name="jar"))
    return session.scalar(select(func.count(Item.id)))


def nested_savepoints(session: Session) -> object:
    with session.begin_nested():
        session.execute(insert(Shelf).values(id=8, name="eight"))
        inner = session.begin_nested()
        session.execute(insert(Shelf).values(id=9, name="nine"))
        inner.rollback()
    return None


def savepoint_by_text(session: Session) -> object:
    session.execute(text("SAVEPOINT mine"))
    session.execute(insert(Shelf).values(id=9, name="nine"))
    session.execute(text("ROLLBACK TO SAVEPOINT mine"))
    return None


def commit_by_text(session: Session) -> object:
    session.execute(insert(Shelf).values(id=9, name="nine"))
    session.execute(text("COMMIT"))
    session.rollback()
    return None


def begin_by_text(session: Session) -> object:
    session.execute(text("BEGIN"))
    session.execute(insert(Shelf).values(id=9, name="nine"))
    return None


def rollback_by_text(session: Session) -> object:
    session.execute(insert(Shelf).values(id=9, name="nine"))
    session.execute(text("ROLLBACK"))
    return None


def commit_in_the_middle(session: Session) -> object:
    session.execute(insert(Shelf).values(id=8, name="eight"))
    session.commit()
    session.execute(insert(Shelf).values(id=9, name="nine"))
    session.rollback()
    return None


def serialization_failure(session: Session) -> object:
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    session.scalars(select(Item.quantity)).all()
    with _other(session) as other:
        other.execute(text("UPDATE items SET quantity = 9"))
        other.commit()
    session.execute(update(Item).where(Item.id == 1).values(quantity=8))
    return None


def isolation_level(session: Session) -> object:
    session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
    return session.scalar(text("SHOW transaction_isolation"))


def autocommit(session: Session) -> object:
    session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    session.execute(insert(Shelf).values(id=9, name="nine"))
    session.rollback()
    return None


def vacuum_in_autocommit(session: Session) -> object:
    session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    session.execute(text("VACUUM items"))
    return None


def vacuum_in_a_transaction(session: Session) -> object:
    session.execute(text("VACUUM items"))
    return None


def read_only_transaction(session: Session) -> object:
    session.connection(execution_options={"postgresql_readonly": True})
    session.execute(insert(Shelf).values(id=9, name="nine"))
    return None


def deferrable_transaction(session: Session) -> object:
    options: dict[str, Any] = {
        "isolation_level": "SERIALIZABLE",
        "postgresql_readonly": True,
        "postgresql_deferrable": True,
    }
    session.connection(execution_options=options)
    return session.scalar(text("SHOW transaction_deferrable"))


def ddl_in_a_transaction(session: Session) -> object:
    session.execute(text("CREATE TABLE passing (id integer)"))
    session.rollback()
    return session.scalar(text("SELECT to_regclass('passing') IS NULL"))


def column_added_under_a_cached_statement(session: Session) -> object:
    for name in ("one", "two"):
        session.execute(text("SELECT * FROM documents")).all()
        session.execute(text(f"ALTER TABLE documents ADD COLUMN {name} integer"))
    found = len(session.execute(text("SELECT * FROM documents")).keys())
    session.rollback()
    return found


def notify(session: Session) -> object:
    session.execute(text("NOTIFY channel, 'payload'"))
    return session.execute(text("SELECT pg_notify('channel', :payload)"), {"payload": "more"}).all()


def two_phase(session: Session) -> object:
    session.close()
    with session.get_bind().connect() as connection:  # type: ignore[union-attr]  # the bind is an engine
        transaction = connection.begin_twophase("pairs")
        connection.execute(insert(Shelf).values(id=9, name="nine"))
        transaction.prepare()
        transaction.commit()
    return None


def _other(session: Session) -> Any:
    return session.get_bind().connect()  # type: ignore[union-attr]  # the bind is an engine


CASES: tuple[Case, ...] = (
    *functions("savepoint", savepoint, savepoint_after_an_error, nested_savepoints, savepoint_by_text),
    *functions("transaction", commit_in_the_middle, autocommit),
    *functions(
        "transaction",
        commit_by_text,
        begin_by_text,
        rollback_by_text,
        serialization_failure,
        isolation_level,
        vacuum_in_autocommit,
        vacuum_in_a_transaction,
        read_only_transaction,
        deferrable_transaction,
        ddl_in_a_transaction,
        column_added_under_a_cached_statement,
        notify,
        two_phase,
        backends=POSTGRESQL,
        spoils=True,
    ),
)
