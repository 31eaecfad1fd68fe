"""
What code does with a session, each case once: as it is written for `AsyncSession`.

The same function runs on an `AsyncSession`, and, with calls that are awaited at once, on a guarded `Session`.
"""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, event, func, insert, inspect, select, text, update
from sqlalchemy.orm import (
    defer,
    joinedload,
    load_only,
    noload,
    object_session,
    selectin_polymorphic,
    selectinload,
    subqueryload,
    undefer,
    undefer_group,
)

from tests.integration.porting.models import Account, Book, Country, Event, Genre, Manager, Person, Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["CASES", "Case"]

WORKS: Final = "works"


@dataclass(frozen=True, slots=True)
class Case:
    """*rule* is what the guard names, or ``works``; *because* is why the two sides disagree, if they do."""

    run: Callable[[Any], Awaitable[object]]
    rule: str = WORKS
    subject: str = ""
    expire_on_commit: bool = False
    because: str = ""

    @property
    def id(self) -> str:
        return self.run.__name__ + ("_expiring" if self.expire_on_commit else "")


async def writer(s: Any, *options: Any) -> Any:
    return (await s.scalars(select(Writer).where(Writer.id == 1).options(*options))).one()


async def book(s: Any, *options: Any) -> Any:
    return (await s.scalars(select(Book).where(Book.id == 1).options(*options))).one()


# Relationships


async def collection(s: Any) -> object:
    return len((await writer(s)).books)


async def collection_iterated(s: Any) -> object:
    return [each.title for each in (await writer(s)).books]


async def collection_selectin(s: Any) -> object:
    return len((await writer(s, selectinload(Writer.books))).books)


async def collection_subquery(s: Any) -> object:
    return len((await writer(s, subqueryload(Writer.books))).books)


async def collection_joined(s: Any) -> object:
    found = (await s.scalars(select(Writer).options(joinedload(Writer.books)))).unique().all()
    return len(found[0].books)


async def collection_of_mapper(s: Any) -> object:
    return len((await writer(s)).eager_books)


async def collection_noload(s: Any) -> object:
    return len((await writer(s, noload(Writer.books))).books)


async def nested_collection(s: Any) -> object:
    return (await writer(s, selectinload(Writer.books))).books[0].genres


async def nested_collection_loaded(s: Any) -> object:
    return (await writer(s, selectinload(Writer.books).selectinload(Book.genres))).books[0].genres


async def many_to_one(s: Any) -> object:
    return (await book(s)).writer


async def many_to_one_joined(s: Any) -> object:
    return (await book(s, joinedload(Book.writer))).writer


async def many_to_one_without_key(s: Any) -> object:
    return (await s.scalars(select(Book).where(Book.title == "anonymous"))).one().writer


async def many_to_one_held_by_the_session(s: Any) -> object:
    held = await writer(s)
    return (await book(s)).writer is held


async def many_to_one_no_longer_held(s: Any) -> object:
    await writer(s)
    gc.collect()
    return (await book(s)).writer


async def many_to_one_got_first(s: Any) -> object:
    found = await book(s)
    held = await s.get(Writer, found.writer_id)
    return found.writer is held


async def one_to_one(s: Any) -> object:
    return (await writer(s)).account


async def one_to_one_loaded(s: Any) -> object:
    return (await writer(s, joinedload(Writer.account))).account


async def backref_of_loaded_collection(s: Any) -> object:
    return (await writer(s, selectinload(Writer.books))).books[0].writer


async def backref_of_held_writer(s: Any) -> object:
    found = await writer(s, selectinload(Writer.books))
    return found.books[0].writer is found


async def many_to_many(s: Any) -> object:
    return (await book(s)).genres


async def hybrid(s: Any) -> object:
    return (await writer(s)).has_books


async def proxy(s: Any) -> object:
    return list((await writer(s)).titles)


async def proxy_loaded(s: Any) -> object:
    return list((await writer(s, selectinload(Writer.books))).titles)


async def truth_of_collection(s: Any) -> object:
    return not (await writer(s)).books


async def pydantic_model(s: Any) -> object:
    class Shape(BaseModel):
        model_config = ConfigDict(from_attributes=True)
        name: str
        books: list[Any]

    return Shape.model_validate(await writer(s))


async def getattr_with_default(s: Any) -> object:
    return getattr(await writer(s), "books", None)


async def load_history(s: Any) -> object:
    found = await writer(s)
    return inspect(found).attrs.books.load_history()


async def plain_history(s: Any) -> object:
    found = await writer(s)
    return inspect(found).attrs.books.history


async def refreshed_relationship(s: Any) -> object:
    found = await writer(s)
    await s.refresh(found, ["books"])
    return found.books


# Writing to what is not loaded


async def append(s: Any) -> object:
    return (await writer(s)).books.append(Book(title="new"))


async def append_loaded(s: Any) -> object:
    (await writer(s, selectinload(Writer.books))).books.append(Book(title="new"))
    return await s.flush()


async def contains(s: Any) -> object:
    known = await book(s)
    return known in (await writer(s)).books


async def replace_collection(s: Any) -> object:
    (await writer(s)).books = []
    return None


async def replace_one_to_one(s: Any) -> object:
    (await writer(s)).account = Account(iban="new")
    return None


async def set_many_to_one(s: Any) -> object:
    found = await writer(s)
    (await s.scalars(select(Book).where(Book.title == "anonymous"))).one().writer = found
    return await s.flush()


async def delete_many_to_one(s: Any) -> object:
    del (await book(s)).writer
    return await s.flush()


async def set_column(s: Any) -> object:
    (await writer(s)).name = "renamed"
    return await s.flush()


async def set_deferred_column(s: Any) -> object:
    (await writer(s)).biography = "short"
    return await s.flush()


async def add_child_by_key(s: Any) -> object:
    s.add(Book(title="new", writer_id=1))
    return await s.commit()


async def delete_with_cascade(s: Any) -> object:
    found = await s.get(Account, 1)
    await s.delete(found)
    return await s.flush()


async def merge_with_cascade(s: Any) -> object:
    return await s.merge(Writer(id=1, name="merged", books=[Book(id=1, title="merged")]))


# Columns


async def deferred_column(s: Any) -> object:
    return (await writer(s)).biography


async def deferred_column_undeferred(s: Any) -> object:
    return (await writer(s, undefer(Writer.biography))).biography


async def deferred_group(s: Any) -> object:
    return (await writer(s, undefer_group("long"))).photo


async def deferred_by_query(s: Any) -> object:
    return (await book(s, defer(Book.title))).title


async def left_out_by_load_only(s: Any) -> object:
    return (await book(s, load_only(Book.title))).pages


async def sql_expression(s: Any) -> object:
    return (await writer(s)).book_count


async def subclass_column(s: Any) -> object:
    return (await s.scalars(select(Person))).one().budget


async def subclass_column_loaded(s: Any) -> object:
    return (await s.scalars(select(Person).options(selectin_polymorphic(Person, [Manager])))).one().budget


async def refreshed_column(s: Any) -> object:
    found = await writer(s)
    await s.refresh(found, ["biography"])
    return found.biography


async def deferred_column_after_refresh(s: Any) -> object:
    found = await writer(s)
    await s.refresh(found)
    return found.biography


# Flush and new objects


async def key_after_flush(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    await s.flush()
    return new.id


async def key_before_flush(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    return new.id


async def server_default_after_flush(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    await s.flush()
    return new.created_at


async def onupdate_after_flush(s: Any) -> object:
    found = await writer(s)
    found.name = "renamed"
    await s.flush()
    return found.updated_at


async def onupdate_with_eager_defaults(s: Any) -> object:
    found = (await s.scalars(select(Event))).one()
    found.name = "renamed"
    await s.flush()
    return found.changed_at


async def expression_after_flush(s: Any) -> object:
    found = await writer(s)
    found.visits = Writer.visits + 1
    await s.flush()
    return found.visits


async def collection_of_new_object(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    await s.flush()
    return new.books


async def collection_of_pending_object(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    return new.books


async def collection_given_to_new_object(s: Any) -> object:
    new = Writer(name="new", books=[])
    s.add(new)
    await s.flush()
    return new.books


async def many_to_one_of_new_object(s: Any) -> object:
    new = Book(title="new", writer_id=2)
    s.add(new)
    await s.flush()
    return new.writer


async def deferred_expression_of_new_object(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    await s.flush()
    return new.book_count


# Expiry


async def after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    return found.name


async def key_after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    return found.id


async def new_object_after_commit(s: Any) -> object:
    new = Writer(name="new")
    s.add(new)
    await s.commit()
    return new.id


async def collection_after_commit(s: Any) -> object:
    found = await writer(s, selectinload(Writer.books))
    await s.commit()
    return found.books


async def refreshed_after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    await s.refresh(found)
    return found.name


async def queried_again_after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    await s.scalars(select(Writer).where(Writer.id == 1))
    return found.name


async def got_again_after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    await s.get(Writer, 1)
    return found.name


async def set_after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    found.name = "renamed"
    return found.name


async def representation_after_commit(s: Any) -> object:
    found = await writer(s)
    await s.commit()
    return repr(found)


async def after_rollback(s: Any) -> object:
    found = await writer(s)
    await s.rollback()
    return found.name


async def key_after_rollback(s: Any) -> object:
    found = await writer(s)
    await s.rollback()
    return found.id


async def identity_after_rollback(s: Any) -> object:
    found = await writer(s)
    await s.rollback()
    return inspect(found).identity


async def after_savepoint_rollback(s: Any) -> object:
    found = await writer(s)
    nested = await s.begin_nested()
    found.name = "renamed"
    await s.flush()
    await nested.rollback()
    return found.name


async def untouched_after_savepoint_rollback(s: Any) -> object:
    found = await writer(s)
    nested = await s.begin_nested()
    await nested.rollback()
    return found.name


async def after_savepoint_commit(s: Any) -> object:
    found = await writer(s)
    nested = await s.begin_nested()
    await nested.commit()
    return found.name


async def after_expire(s: Any) -> object:
    found = await writer(s)
    s.expire(found)
    return found.name


async def after_expire_of_one_column(s: Any) -> object:
    found = await writer(s)
    s.expire(found, ["name"])
    return found.name


async def after_expire_all(s: Any) -> object:
    found = await writer(s)
    s.expire_all()
    return found.name


async def after_bulk_update(s: Any) -> object:
    found = await writer(s)
    await s.execute(update(Writer).values(name="all"))
    return found.name


async def after_bulk_update_with_expression(s: Any) -> object:
    found = await writer(s)
    await s.execute(update(Writer).values(created_at=func.now()))
    return found.created_at


async def after_close(s: Any) -> object:
    found = await writer(s)
    await s.close()
    return found.name


async def collection_after_close(s: Any) -> object:
    found = await writer(s)
    await s.close()
    return found.books


async def collection_after_expunge(s: Any) -> object:
    found = await writer(s)
    s.expunge(found)
    return found.books


# Dynamic, write-only and unbuffered


async def dynamic_all(s: Any) -> object:
    return (await writer(s)).shelf.all()


async def dynamic_iterated(s: Any) -> object:
    return list((await writer(s)).shelf)


async def dynamic_count(s: Any) -> object:
    return (await writer(s)).shelf.count()


async def dynamic_first(s: Any) -> object:
    return (await writer(s)).shelf.first()


async def dynamic_item(s: Any) -> object:
    return (await writer(s)).shelf[0]


async def dynamic_filtered(s: Any) -> object:
    return (await writer(s)).shelf.filter(Book.pages > 1).all()


async def dynamic_filtered_count(s: Any) -> object:
    return (await writer(s)).shelf.filter(Book.pages > 1).count()


async def dynamic_aggregate(s: Any) -> object:
    return (await writer(s)).shelf.order_by(None).with_entities(func.count()).scalar()


async def dynamic_deleted(s: Any) -> object:
    return (await writer(s)).shelf.order_by(None).filter(Book.pages > 5000).delete()


async def dynamic_as_statement(s: Any) -> object:
    return (await s.scalars((await writer(s)).shelf.filter(Book.pages > 1).statement)).all()


async def write_only(s: Any) -> object:
    return (await s.scalars((await writer(s)).written.select())).all()


async def unbuffered(s: Any) -> object:
    return (await s.scalars(select(Writer).execution_options(yield_per=1))).all()


async def unbuffered_by_option(s: Any) -> object:
    return (await s.execute(select(Writer), execution_options={"stream_results": True})).all()


async def partly_read_result(s: Any) -> object:
    result = await s.scalars(select(Writer).options(selectinload(Writer.books)))
    first = result.first()
    return first.books


async def rows_read_after_another_statement(s: Any) -> object:
    result = await s.execute(select(Writer.id))
    await s.execute(text("SELECT 1"))
    return result.all()


# Statements that are awaited


async def core_select(s: Any) -> object:
    return (await s.execute(select(Writer.name, Country.name).join(Country))).all()


async def session_of_the_object(s: Any) -> object:
    session = object_session(await writer(s))
    assert session is not None
    return session.scalars(select(Book)).all()


async def query_of_the_objects_session(s: Any) -> object:
    session = object_session(await writer(s))
    assert session is not None
    return session.query(Book).count()


async def flush_of_the_objects_session(s: Any) -> object:
    found = await writer(s)
    found.name = "renamed"
    session = object_session(found)
    assert session is not None
    session.flush()
    return None


async def object_session_in_a_hook(s: Any) -> object:
    def count(_mapper: object, _connection: object, target: object) -> None:
        session = object_session(target)
        assert session is not None
        assert session.scalar(select(func.count(Genre.id)))

    event.listen(Genre, "after_insert", count)
    try:
        s.add(Genre(name="new"))
        return await s.flush()
    finally:
        event.remove(Genre, "after_insert", count)


async def core_connection(s: Any) -> object:
    return (await (await s.connection()).execute(text("SELECT 1"))).scalar()


async def scalar(s: Any) -> object:
    return await s.scalar(select(func.count()).select_from(Genre))


async def bulk_insert(s: Any) -> object:
    return (await s.scalars(insert(Genre).returning(Genre.id), [{"name": "a"}, {"name": "b"}])).all()


async def bulk_delete(s: Any) -> object:
    return await s.execute(delete(Account).where(Account.id == 1))


async def commit_with_autoflush(s: Any) -> object:
    (await writer(s)).name = "renamed"
    return (await s.scalars(select(Writer.name))).all()


async def lazy_load_that_would_flush(s: Any) -> object:
    found = await writer(s)
    s.add(Genre(name="pending"))
    return found.books


async def no_autoflush(s: Any) -> object:
    s.add(Genre(name="pending"))
    with s.no_autoflush:
        return (await s.scalars(select(Genre))).all()


LAZY: Final = "guard.lazy_load"
BORROWED: Final = "guard.object_session"
COMMIT, ROLLBACK = "guard.expired_by_commit", "guard.expired_by_rollback"
EXPIRED, LEFT = "guard.expired", "guard.left_to_the_database"
DEFERRED, DYNAMIC, UNBUFFERED = "guard.deferred_column", "guard.dynamic_relationship", "guard.unbuffered_result"

CASES: Final = (
    Case(collection, LAZY, "Writer.books"),
    Case(collection_iterated, LAZY, "Writer.books"),
    Case(collection_selectin),
    Case(collection_subquery),
    Case(collection_joined),
    Case(collection_of_mapper),
    Case(collection_noload),
    Case(nested_collection, LAZY, "Book.genres"),
    Case(nested_collection_loaded),
    Case(many_to_one, LAZY, "Book.writer"),
    Case(many_to_one_joined),
    Case(many_to_one_without_key),
    Case(many_to_one_held_by_the_session),
    Case(many_to_one_no_longer_held, LAZY, "Book.writer"),
    Case(many_to_one_got_first),
    Case(one_to_one, LAZY, "Writer.account"),
    Case(one_to_one_loaded),
    Case(backref_of_loaded_collection, LAZY, "Book.writer"),
    Case(backref_of_held_writer),
    Case(many_to_many, LAZY, "Book.genres"),
    Case(hybrid, LAZY, "Writer.books"),
    Case(proxy, LAZY, "Writer.books"),
    Case(proxy_loaded),
    Case(truth_of_collection, LAZY, "Writer.books"),
    Case(pydantic_model, LAZY, "Writer.books"),
    Case(getattr_with_default, LAZY, "Writer.books"),
    Case(load_history, "guard.unawaited_statement"),
    Case(plain_history),
    Case(refreshed_relationship),
    Case(append, LAZY, "Writer.books"),
    Case(append_loaded),
    Case(contains, LAZY, "Writer.books"),
    Case(replace_collection, LAZY, "Writer.books"),
    Case(replace_one_to_one),
    Case(set_many_to_one),
    Case(delete_many_to_one),
    Case(set_column),
    Case(set_deferred_column),
    Case(add_child_by_key),
    Case(delete_with_cascade),
    Case(merge_with_cascade),
    Case(deferred_column, DEFERRED, "Writer.biography"),
    Case(deferred_column_undeferred),
    Case(deferred_group),
    Case(deferred_by_query, DEFERRED, "Book.title"),
    Case(left_out_by_load_only, DEFERRED, "Book.pages"),
    Case(sql_expression, DEFERRED, "Writer.book_count"),
    Case(subclass_column, "guard.subclass_column", "Manager.budget"),
    Case(subclass_column_loaded),
    Case(refreshed_column),
    Case(deferred_column_after_refresh, DEFERRED, "Writer.biography"),
    Case(key_after_flush),
    Case(key_before_flush),
    Case(server_default_after_flush),
    Case(onupdate_after_flush, LEFT, "Writer.updated_at"),
    Case(onupdate_with_eager_defaults),
    Case(expression_after_flush, LEFT, "Writer.visits"),
    Case(collection_of_new_object, LAZY, "Writer.books"),
    Case(collection_of_pending_object),
    Case(collection_given_to_new_object),
    Case(many_to_one_of_new_object, LAZY, "Book.writer"),
    Case(deferred_expression_of_new_object, DEFERRED, "Writer.book_count"),
    Case(after_commit),
    Case(after_commit, COMMIT, "Writer.name", expire_on_commit=True),
    Case(key_after_commit, COMMIT, "Writer.id", expire_on_commit=True),
    Case(new_object_after_commit),
    Case(new_object_after_commit, COMMIT, "Writer.id", expire_on_commit=True),
    Case(collection_after_commit, COMMIT, "Writer.books", expire_on_commit=True),
    Case(refreshed_after_commit, expire_on_commit=True),
    Case(queried_again_after_commit, expire_on_commit=True),
    Case(got_again_after_commit, expire_on_commit=True),
    Case(set_after_commit, expire_on_commit=True),
    Case(representation_after_commit, expire_on_commit=True),
    Case(after_rollback, ROLLBACK, "Writer.name"),
    Case(key_after_rollback, ROLLBACK, "Writer.id"),
    Case(identity_after_rollback),
    Case(after_savepoint_rollback, ROLLBACK, "Writer.name"),
    Case(untouched_after_savepoint_rollback),
    Case(after_savepoint_commit),
    Case(after_savepoint_commit, expire_on_commit=True),
    Case(after_expire, EXPIRED, "Writer.name"),
    Case(after_expire_of_one_column, LEFT, "Writer.name"),
    Case(after_expire_all, EXPIRED, "Writer.name"),
    Case(after_bulk_update),
    Case(after_bulk_update_with_expression, LEFT, "Writer.created_at"),
    Case(after_close),
    Case(collection_after_close),
    Case(collection_after_expunge),
    Case(dynamic_all, DYNAMIC, "Writer.shelf"),
    Case(dynamic_iterated, DYNAMIC, "Writer.shelf"),
    Case(dynamic_count, DYNAMIC, "Writer.shelf"),
    Case(dynamic_first, DYNAMIC, "Writer.shelf"),
    Case(dynamic_item, DYNAMIC, "Writer.shelf"),
    Case(dynamic_filtered, DYNAMIC, "Writer.shelf"),
    Case(dynamic_filtered_count, DYNAMIC, "Writer.shelf"),
    Case(dynamic_aggregate, DYNAMIC, "Writer.shelf"),
    Case(dynamic_deleted, DYNAMIC, "Writer.shelf"),
    Case(dynamic_as_statement),
    Case(write_only),
    Case(unbuffered, UNBUFFERED, "select(Writer)"),
    Case(unbuffered_by_option, UNBUFFERED, "select(Writer)"),
    Case(partly_read_result),
    Case(rows_read_after_another_statement),
    Case(core_select),
    Case(session_of_the_object, BORROWED),
    Case(query_of_the_objects_session, BORROWED),
    Case(flush_of_the_objects_session, BORROWED),
    Case(object_session_in_a_hook),
    Case(core_connection),
    Case(scalar),
    Case(bulk_insert),
    Case(bulk_delete),
    Case(commit_with_autoflush),
    Case(lazy_load_that_would_flush, LAZY, "Writer.books"),
    Case(no_autoflush),
)
