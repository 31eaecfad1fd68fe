"""Locks, and settings of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update

from tests.pairs.case import POSTGRESQL, Case, functions
from tests.pairs.schema import Item, Shelf

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]


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


def _other(session: Session) -> Any:
    return session.get_bind().connect()  # type: ignore[union-attr]  # the bind is an engine


CASES: tuple[Case, ...] = (
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
