"""Statements as Core and text send them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal_column,
    select,
    text,
    tuple_,
    union_all,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from tests.pairs.case import EVERYWHERE, POSTGRESQL, SQLITE, Case, functions
from tests.pairs.schema import Document, Item, constants, documents_table, items_table, shelves_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]

_NEW: Final = [{"name": "a", "quantity": 1}, {"name": "b", "quantity": 2}, {"name": "c", "quantity": 3}]


def _rowcount(session: Session, statement: Any, parameters: Any = None) -> int:
    result: Any = session.execute(statement, parameters)
    return int(result.rowcount)


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


def several_statements_in_one_text(session: Session) -> object:
    return _rowcount(session, text("UPDATE items SET quantity = 8; DELETE FROM documents"))


def several_statements_the_last_a_select(session: Session) -> object:
    return session.execute(text("UPDATE items SET quantity = 8; SELECT max(quantity) FROM items")).all()


def several_statements_with_parameters(session: Session) -> object:
    statement = text("UPDATE items SET quantity = :p WHERE id = 1; UPDATE items SET quantity = :p WHERE id = 2")
    return _rowcount(session, statement, {"p": 8})


def trailing_semicolon(session: Session) -> object:
    return session.execute(text("SELECT 1;")).all()


def empty_text(session: Session) -> object:
    return _rowcount(session, text(" "))


def only_a_comment(session: Session) -> object:
    return _rowcount(session, text("-- nothing"))


def typed_text(session: Session) -> object:
    statement = text("SELECT :p").bindparams(bindparam("p", type_=items_table.c.id.type))
    return session.scalar(statement, {"p": 5})


def expanding_text(session: Session) -> object:
    statement = text("SELECT id FROM items WHERE id IN :ids ORDER BY id").bindparams(bindparam("ids", expanding=True))
    return session.scalars(statement, {"ids": [1, 2]}).all()


def expanding_text_of_strings(session: Session) -> object:
    statement = text("SELECT id FROM items WHERE id IN :ids ORDER BY id").bindparams(bindparam("ids", expanding=True))
    return session.scalars(statement, {"ids": ["1", "2"]}).all()


def tuples_in(session: Session) -> object:
    statement = select(Item.id).where(tuple_(Item.id, Item.name).in_([(1, "pen"), (2, "cup")]))
    return session.scalars(statement).all()


def case_expression(session: Session) -> object:
    return session.execute(select(Item.id, case((Item.quantity > 3, "many"), else_="few")).order_by(Item.id)).all()


def case_of_mixed_types(session: Session) -> object:
    return session.execute(select(case((Item.quantity > 3, 1), else_="few")).order_by(Item.id)).all()


def coalesce_of_parameters(session: Session) -> object:
    return session.execute(select(func.coalesce(Item.shelf_id, 0)).order_by(Item.id)).all()


def union_of_literals(session: Session) -> object:
    return session.execute(union_all(select(literal_column("1")), select(literal_column("2")))).all()


def values_clause(session: Session) -> object:
    from_values = values(items_table.c.id, items_table.c.name, name="v").data([(1, "a"), (2, "b")])
    return session.execute(select(from_values).order_by(from_values.c.id)).all()


def group_by_parameter(session: Session) -> object:
    bucket = Item.quantity / 2
    return sorted(session.execute(select(bucket, func.count()).group_by(bucket)).tuples().all())


def order_by_parameter_expression(session: Session) -> object:
    return session.scalars(select(Item.id).order_by(Item.quantity + 1, Item.id)).all()


def exists_clause(session: Session) -> object:
    return session.scalar(select(exists().where(Item.id == 1)))


def limit_and_offset(session: Session) -> object:
    return session.scalars(select(Item.id).order_by(Item.id).limit(1).offset(1)).all()


def aggregate_types(session: Session) -> object:
    column = Item.quantity
    return session.execute(select(func.sum(column), func.avg(column), func.count(), func.max(Item.name))).all()


def generate_series(session: Session) -> object:
    return session.scalars(select(func.generate_series(1, 3))).all()


def function_of_untyped_parameters(session: Session) -> object:
    return session.scalar(select(func.concat("a", 5, None)))


def recursive_with(session: Session) -> object:
    counter = select(literal_column("1").label("n")).cte("counter", recursive=True)
    counter = counter.union_all(select(counter.c.n + 1).where(counter.c.n < 3))
    return session.scalars(select(counter.c.n)).all()


def raw_cursor(session: Session) -> object:
    cursor = session.connection().connection.cursor()
    cursor.execute("SELECT id FROM items WHERE id = %s", (1,))
    return list(cursor.fetchall())


def raw_cursor_without_parameters(session: Session) -> object:
    cursor = session.connection().connection.cursor()
    cursor.execute("SELECT id FROM items WHERE id = 1")
    return list(cursor.fetchall())


def driver_sql_with_percent_s(session: Session) -> object:
    return session.connection().exec_driver_sql("SELECT id FROM items WHERE id = %s", (1,)).all()


def driver_sql_with_names(session: Session) -> object:
    return session.connection().exec_driver_sql("SELECT id FROM items WHERE id = %(id)s", {"id": 1}).all()


def driver_sql_without_parameters(session: Session) -> object:
    return session.connection().exec_driver_sql("SELECT id, '%' FROM items WHERE id = 1").all()


def explain(session: Session) -> object:
    return session.scalar(text("EXPLAIN (COSTS OFF, FORMAT JSON) SELECT 1"))


def show(session: Session) -> object:
    return session.scalar(text("SHOW standard_conforming_strings"))


def copy_to_stdout(session: Session) -> object:
    return _rowcount(session, text("COPY items TO STDOUT"))


def function_call_with_out_of_range(session: Session) -> object:
    return session.scalar(select(func.abs(constants.c.integer - 2**40)))


def delete_with_string_keys(session: Session) -> object:
    return _rowcount(session, delete(documents_table).where(Document.id.in_(["1", "2"])))


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
        several_statements_in_one_text,
        several_statements_the_last_a_select,
        several_statements_with_parameters,
        trailing_semicolon,
        only_a_comment,
        typed_text,
        expanding_text,
        expanding_text_of_strings,
        tuples_in,
        case_expression,
        coalesce_of_parameters,
        union_of_literals,
        order_by_parameter_expression,
        exists_clause,
        limit_and_offset,
        aggregate_types,
        recursive_with,
        raw_cursor_without_parameters,
        driver_sql_without_parameters,
        driver_sql_with_percent_s,
        function_call_with_out_of_range,
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
        empty_text,
        case_of_mixed_types,
        values_clause,
        group_by_parameter,
        generate_series,
        function_of_untyped_parameters,
        raw_cursor,
        driver_sql_with_names,
        explain,
        show,
        copy_to_stdout,
        backends=POSTGRESQL,
    ),
    *functions("statement", lastrowid, insert_returning, update_returning, backends=POSTGRESQL | SQLITE),
    *functions("statement", upsert_on_sqlite, backends=SQLITE),
)
