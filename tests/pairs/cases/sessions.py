"""Cursors on the server, savepoints, locks, settings, and what a transaction may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError, ResourceClosedError

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.schema import Item, Shelf

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


def for_update(session: Session) -> object:
    return session.scalars(select(Item.id).where(Item.id == 1).with_for_update()).all()


def for_update_nowait_of_a_locked_row(session: Session) -> object:
    with _other(session) as other:
        other.execute(text("SELECT 1 FROM items WHERE id = 1 FOR UPDATE"))
        return session.scalars(select(Item.id).where(Item.id == 1).with_for_update(nowait=True)).all()


def for_update_skip_locked(session: Session) -> object:
    with _other(session) as other:
        other.execute(text("SELECT 1 FROM items WHERE id = 1 FOR UPDATE"))
        statement = select(Item.id).order_by(Item.id).with_for_update(skip_locked=True)
        return session.scalars(statement).all()


def for_no_key_update_of(session: Session) -> object:
    statement = select(Item.id).join(Shelf).order_by(Item.id).with_for_update(of=Item, key_share=True)
    return session.scalars(statement).all()


def lock_timeout(session: Session) -> object:
    with _other(session) as other:
        other.execute(text("SELECT 1 FROM items WHERE id = 1 FOR UPDATE"))
        session.execute(text("SET LOCAL lock_timeout = '20ms'"))
        session.execute(update(Item).where(Item.id == 1).values(quantity=9))
    return None


def lock_table(session: Session) -> object:
    session.execute(text("LOCK TABLE items IN ACCESS EXCLUSIVE MODE"))
    return None


def advisory_lock(session: Session) -> object:
    return session.scalar(select(func.pg_try_advisory_xact_lock(7)))


def advisory_lock_that_another_holds(session: Session) -> object:
    with _other(session) as other:
        other.execute(select(func.pg_advisory_xact_lock(7)))
        return session.scalar(select(func.pg_try_advisory_xact_lock(7)))


def advisory_lock_with_a_large_key(session: Session) -> object:
    return session.scalar(select(func.pg_try_advisory_xact_lock(2**40)))


def advisory_lock_of_two_keys(session: Session) -> object:
    return session.scalar(text("SELECT pg_try_advisory_xact_lock(:a, :b)"), {"a": 1, "b": 2})


def session_advisory_lock(session: Session) -> object:
    session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": 9})
    session.commit()
    return session.scalar(text("SELECT pg_advisory_unlock(:key)"), {"key": 9})


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


def set_local(session: Session) -> object:
    session.execute(text("SET LOCAL work_mem = '8MB'"))
    inside = session.scalar(text("SHOW work_mem"))
    session.commit()
    return [inside, session.scalar(text("SHOW work_mem"))]


def set_and_roll_back(session: Session) -> object:
    session.execute(text("SET work_mem = '8MB'"))
    session.rollback()
    return session.scalar(text("SHOW work_mem"))


def set_with_a_parameter(session: Session) -> object:
    session.execute(text("SET LOCAL work_mem = :value"), {"value": "8MB"})
    return session.scalar(text("SHOW work_mem"))


def set_config_with_a_parameter(session: Session) -> object:
    session.execute(text("SELECT set_config('app.user', :value, true)"), {"value": "7"})
    return session.scalar(text("SELECT current_setting('app.user')"))


def set_config_with_an_int(session: Session) -> object:
    session.execute(text("SELECT set_config('app.user', :value, true)"), {"value": 7})
    return session.scalar(text("SELECT current_setting('app.user')"))


def search_path(session: Session) -> object:
    session.execute(text("SET LOCAL search_path TO pg_catalog"))
    return session.scalar(text("SELECT to_regclass('items') IS NULL"))


def role(session: Session) -> object:
    session.execute(text("SET LOCAL ROLE pg_monitor"))
    return session.scalar(text("SELECT current_user::text"))


def time_zone_of_the_session(session: Session) -> object:
    return session.scalar(text("SHOW TimeZone"))


def client_encoding(session: Session) -> object:
    return session.scalar(text("SHOW client_encoding"))


def temporary_table(session: Session) -> object:
    session.execute(text("CREATE TEMPORARY TABLE mine (id integer) ON COMMIT DROP"))
    session.execute(text("INSERT INTO mine VALUES (1)"))
    return session.scalar(text("SELECT count(*) FROM mine"))


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
    with session.get_bind().connect() as connection:  # type: ignore[union-attr]
        transaction = connection.begin_twophase("pairs")
        connection.execute(insert(Shelf).values(id=9, name="nine"))
        transaction.prepare()
        transaction.commit()
    return None


def _other(session: Session) -> Any:
    return session.get_bind().connect()  # type: ignore[union-attr]


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
    *functions(
        "lock",
        for_update,
        for_update_nowait_of_a_locked_row,
        for_update_skip_locked,
        for_no_key_update_of,
        lock_timeout,
        lock_table,
        advisory_lock,
        advisory_lock_that_another_holds,
        advisory_lock_with_a_large_key,
        advisory_lock_of_two_keys,
        session_advisory_lock,
        backends=POSTGRESQL,
    ),
    *functions(
        "setting",
        set_local,
        set_and_roll_back,
        set_with_a_parameter,
        set_config_with_a_parameter,
        set_config_with_an_int,
        search_path,
        role,
        time_zone_of_the_session,
        client_encoding,
        temporary_table,
        backends=POSTGRESQL,
    ),
)
