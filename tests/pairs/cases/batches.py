"""Batches of the ORM, version counters, and rows that are gone or stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from tests.pairs.case import Case, functions
from tests.pairs.schema import Document, Item, documents_table, items_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]


def update_of_a_row_that_is_gone(session: Session) -> object:
    item = session.get_one(Item, 1)
    _without_the_session(session, delete(items_table).where(Item.id == 1))
    item.quantity = 9
    session.flush()
    return None


def batched_update(session: Session) -> object:
    for item in session.scalars(select(Item).order_by(Item.id)):
        item.quantity += 1
    session.flush()
    return None


def batched_update_with_a_row_gone(session: Session) -> object:
    items = session.scalars(select(Item).order_by(Item.id)).all()
    _without_the_session(session, delete(items_table).where(Item.id == 2))
    for item in items:
        item.quantity += 1
    session.flush()
    return None


def batched_delete(session: Session) -> object:
    for item in session.scalars(select(Item)).all():
        session.delete(item)
    session.flush()
    return None


def delete_of_a_row_that_is_gone(session: Session) -> object:
    item = session.get_one(Item, 1)
    _without_the_session(session, delete(items_table).where(Item.id == 1))
    session.delete(item)
    session.flush()
    return None


def batched_delete_with_a_row_gone(session: Session) -> object:
    items = session.scalars(select(Item)).all()
    _without_the_session(session, delete(items_table).where(Item.id == 1))
    for item in items:
        session.delete(item)
    session.flush()
    return None


def versioned_update(session: Session) -> object:
    document = session.get_one(Document, 1)
    document.title = "changed"
    session.flush()
    return document.version


def versioned_update_of_a_stale_row(session: Session) -> object:
    document = session.get_one(Document, 1)
    _without_the_session(session, update(documents_table).where(Document.id == 1).values(version=5))
    document.title = "changed"
    session.flush()
    return None


def versioned_batched_update(session: Session) -> object:
    documents = session.scalars(select(Document).order_by(Document.id)).all()
    for document in documents:
        document.title = "changed"
    session.flush()
    return [document.version for document in documents]


def versioned_batched_update_with_a_stale_row(session: Session) -> object:
    documents = session.scalars(select(Document).order_by(Document.id)).all()
    _without_the_session(session, update(documents_table).where(Document.id == 2).values(version=5))
    for document in documents:
        document.title = "changed"
    session.flush()
    return None


def versioned_delete_of_a_stale_row(session: Session) -> object:
    document = session.get_one(Document, 1)
    _without_the_session(session, update(documents_table).where(Document.id == 1).values(version=5))
    session.delete(document)
    session.flush()
    return None


def versioned_batched_delete_with_a_stale_row(session: Session) -> object:
    documents = session.scalars(select(Document).order_by(Document.id)).all()
    _without_the_session(session, update(documents_table).where(Document.id == 2).values(version=5))
    for document in documents:
        session.delete(document)
    session.flush()
    return None


def versioned_batched_delete_with_a_row_gone(session: Session) -> object:
    documents = session.scalars(select(Document).order_by(Document.id)).all()
    _without_the_session(session, delete(documents_table).where(Document.id == 2))
    for document in documents:
        session.delete(document)
    session.flush()
    return None


def bulk_insert(session: Session) -> object:
    session.execute(insert(Item), [{"name": "a"}, {"name": "b", "quantity": 2}])
    return None


def bulk_insert_returning(session: Session) -> object:
    items = session.scalars(insert(Item).returning(Item), [{"name": "a"}, {"name": "b"}])
    return sorted(item.name for item in items)


def bulk_update_by_key(session: Session) -> object:
    session.execute(update(Item), [{"id": 1, "quantity": 8}, {"id": 2, "quantity": 9}])
    return None


def bulk_update_by_key_with_a_row_gone(session: Session) -> object:
    session.execute(update(Item), [{"id": 1, "quantity": 8}, {"id": 99, "quantity": 9}])
    return None


def bulk_update_by_string_key(session: Session) -> object:
    session.execute(update(Item), [{"id": "1", "quantity": 8}, {"id": "2", "quantity": 9}])
    return None


def legacy_bulk_update_mappings(session: Session) -> object:
    session.bulk_update_mappings(Item, [{"id": 1, "quantity": 8}, {"id": 99, "quantity": 9}])
    return None


def refresh_of_a_row_that_is_gone(session: Session) -> object:
    item = session.get_one(Item, 1)
    _without_the_session(session, delete(items_table).where(Item.id == 1))
    session.refresh(item)
    return None


def _without_the_session(session: Session, statement: Any) -> None:
    session.connection().execute(statement)


CASES: tuple[Case, ...] = (
    *functions(
        "object",
        update_of_a_row_that_is_gone,
        batched_update,
        batched_update_with_a_row_gone,
        batched_delete,
        delete_of_a_row_that_is_gone,
        batched_delete_with_a_row_gone,
        versioned_update,
        versioned_update_of_a_stale_row,
        versioned_batched_update,
        versioned_batched_update_with_a_stale_row,
        versioned_delete_of_a_stale_row,
        versioned_batched_delete_with_a_stale_row,
        versioned_batched_delete_with_a_row_gone,
        bulk_insert,
        bulk_insert_returning,
        bulk_update_by_key,
        bulk_update_by_key_with_a_row_gone,
        bulk_update_by_string_key,
        legacy_bulk_update_mappings,
        refresh_of_a_row_that_is_gone,
    ),
)
