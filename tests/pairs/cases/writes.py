"""Rowcounts, batches, ``RETURNING``, upserts and MERGE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from tests.pairs.case import EVERYWHERE, POSTGRESQL, SQLITE, Case, functions
from tests.pairs.schema import Document, Item, documents_table, items_table, shelves_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_NEW: Final = [{"name": "a", "quantity": 1}, {"name": "b", "quantity": 2}, {"name": "c", "quantity": 3}]


def rowcount_of_insert(session: Session) -> object:
    return _rowcount(session, insert(shelves_table).values(id=9, name="nine"))


def rowcount_of_update(session: Session) -> object:
    return _rowcount(session, update(items_table).values(quantity=9))


def rowcount_of_update_without_rows(session: Session) -> object:
    return _rowcount(session, update(items_table).where(Item.id == 99).values(quantity=9))


def rowcount_of_delete(session: Session) -> object:
    return _rowcount(session, delete(items_table).where(Item.id > 1))


def rowcount_of_select(session: Session) -> object:
    return _rowcount(session, select(Item.id))


def rowcount_of_text_update(session: Session) -> object:
    return _rowcount(session, text("UPDATE items SET quantity = quantity + 1"))


def rowcount_of_insert_from_select(session: Session) -> object:
    source = select(Item.id + 10, Item.name)
    return _rowcount(session, insert(shelves_table).from_select(["id", "name"], source))


def rowcount_of_truncate(session: Session) -> object:
    return _rowcount(session, text("TRUNCATE documents"))


def rowcount_of_create_table_as(session: Session) -> object:
    return _rowcount(session, text("CREATE TEMPORARY TABLE copied ON COMMIT DROP AS SELECT * FROM items"))


def rowcount_of_merge(session: Session) -> object:
    statement = """
        MERGE INTO items USING (VALUES ('pen', 50), ('jar', 7)) AS new(name, quantity) ON items.name = new.name
        WHEN MATCHED THEN UPDATE SET quantity = new.quantity
        WHEN NOT MATCHED THEN INSERT (name, quantity) VALUES (new.name, new.quantity)"""
    return _rowcount(session, text(statement))


def rowcount_of_data_modifying_with(session: Session) -> object:
    return _rowcount(session, text("WITH gone AS (DELETE FROM documents RETURNING id) UPDATE items SET quantity = 8"))


def executemany_insert(session: Session) -> object:
    return _rowcount(session, insert(items_table), _NEW)


def executemany_text_insert(session: Session) -> object:
    return _rowcount(session, text("INSERT INTO items (name, quantity) VALUES (:name, :quantity)"), _NEW)


def executemany_update(session: Session) -> object:
    statement = update(items_table).where(items_table.c.id == bindparam("key")).values(quantity=bindparam("to"))
    return _rowcount(session, statement, [{"key": 1, "to": 8}, {"key": 99, "to": 9}])


def executemany_text_update(session: Session) -> object:
    statement = text("UPDATE items SET quantity = :to WHERE id = :key")
    return _rowcount(session, statement, [{"key": 1, "to": 8}, {"key": 2, "to": 9}])


def executemany_delete(session: Session) -> object:
    statement = delete(items_table).where(items_table.c.id == bindparam("key"))
    return _rowcount(session, statement, [{"key": 1}, {"key": 2}, {"key": 99}])


def executemany_of_nothing(session: Session) -> object:
    return _rowcount(session, insert(shelves_table).values(id=9, name="nine"), [])


def executemany_that_fails_in_the_middle(session: Session) -> object:
    return _rowcount(session, insert(items_table), [{"name": "a"}, {"name": "pen"}, {"name": "c"}])


def executemany_with_strings_for_integers(session: Session) -> object:
    statement = update(items_table).where(items_table.c.id == bindparam("key")).values(quantity=bindparam("to"))
    return _rowcount(session, statement, [{"key": "1", "to": "8"}, {"key": "2", "to": "9"}])


def insert_returning(session: Session) -> object:
    return session.execute(insert(items_table).values(name="a").returning(Item.id, Item.quantity)).all()


def insertmanyvalues_returning(session: Session) -> object:
    result = session.execute(insert(items_table).returning(Item.id, Item.name), _NEW)
    return sorted(result.tuples().all())


def insertmanyvalues_returning_sorted(session: Session) -> object:
    statement = insert(items_table).returning(Item.id, Item.name, sort_by_parameter_order=True)
    return session.execute(statement, _NEW).all()


def insert_values_list(session: Session) -> object:
    return _rowcount(session, insert(items_table).values(_NEW))


def inserted_primary_key(session: Session) -> object:
    result: Any = session.execute(insert(items_table).values(name="a"))
    return list(result.inserted_primary_key)


def lastrowid(session: Session) -> object:
    result: Any = session.execute(text("INSERT INTO items (name) VALUES ('a')"))
    return result.lastrowid


def update_returning(session: Session) -> object:
    statement = update(items_table).where(Item.id < 3).values(quantity=Item.quantity + 1)
    return sorted(session.execute(statement.returning(Item.id, Item.quantity)).tuples().all())


def delete_returning(session: Session) -> object:
    return session.execute(delete(items_table).where(Item.id == 1).returning(Item.name)).all()


def rowcount_of_update_returning(session: Session) -> object:
    return _rowcount(session, update(items_table).where(Item.id < 3).values(quantity=0).returning(Item.id))


def upsert_do_nothing(session: Session) -> object:
    return _rowcount(session, pg_insert(items_table).values(name="pen").on_conflict_do_nothing())


def upsert_do_update(session: Session) -> object:
    new = pg_insert(items_table).values(name="pen", quantity=50)
    statement = new.on_conflict_do_update(index_elements=["name"], set_={"quantity": new.excluded.quantity})
    return session.execute(statement.returning(Item.id, Item.quantity)).all()


def upsert_by_constraint(session: Session) -> object:
    new = pg_insert(items_table).values([{"name": "pen"}, {"name": "jar"}])
    return _rowcount(session, new.on_conflict_do_update(constraint="items_name_key", set_={"quantity": 7}))


def upsert_of_many(session: Session) -> object:
    new = pg_insert(items_table)
    statement = new.on_conflict_do_update(index_elements=["name"], set_={"quantity": new.excluded.quantity})
    return _rowcount(session, statement, [{"name": "pen", "quantity": 9}, {"name": "jar", "quantity": 7}])


def upsert_of_the_same_row_twice(session: Session) -> object:
    new = pg_insert(items_table).values([{"name": "pen"}, {"name": "pen"}])
    return _rowcount(session, new.on_conflict_do_update(index_elements=["name"], set_={"quantity": 7}))


def upsert_on_sqlite(session: Session) -> object:
    new = sqlite_insert(items_table).values(name="pen", quantity=50)
    statement = new.on_conflict_do_update(index_elements=["name"], set_={"quantity": new.excluded.quantity})
    return _rowcount(session, statement)


def delete_with_string_keys(session: Session) -> object:
    return _rowcount(session, delete(documents_table).where(Document.id.in_(["1", "2"])))


def _rowcount(session: Session, statement: Any, parameters: Any = None) -> int:
    result: Any = session.execute(statement, parameters)
    return int(result.rowcount)


CASES: tuple[Case, ...] = (
    *functions(
        "statement",
        rowcount_of_insert,
        rowcount_of_update,
        rowcount_of_update_without_rows,
        rowcount_of_delete,
        rowcount_of_text_update,
        rowcount_of_insert_from_select,
        executemany_insert,
        executemany_text_insert,
        executemany_update,
        executemany_text_update,
        executemany_delete,
        executemany_of_nothing,
        executemany_that_fails_in_the_middle,
        executemany_with_strings_for_integers,
        insert_values_list,
        inserted_primary_key,
        delete_with_string_keys,
        backends=EVERYWHERE,
    ),
    *functions(
        "statement",
        rowcount_of_select,
        rowcount_of_truncate,
        rowcount_of_create_table_as,
        rowcount_of_merge,
        rowcount_of_data_modifying_with,
        rowcount_of_update_returning,
        insertmanyvalues_returning,
        insertmanyvalues_returning_sorted,
        delete_returning,
        upsert_do_nothing,
        upsert_do_update,
        upsert_by_constraint,
        upsert_of_many,
        upsert_of_the_same_row_twice,
        backends=POSTGRESQL,
    ),
    *functions(
        "statement",
        lastrowid,
        insert_returning,
        update_returning,
        backends=POSTGRESQL | SQLITE,
    ),
    *functions(
        "statement",
        upsert_on_sqlite,
        backends=SQLITE,
    ),
)
