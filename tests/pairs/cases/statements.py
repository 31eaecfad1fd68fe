"""Queries, texts of several statements, and SQL written for one driver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    text,
    tuple_,
    union_all,
    values,
)

from tests.pairs.case import EVERYWHERE, POSTGRESQL, Case, functions
from tests.pairs.schema import Item, constants, items_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]


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


def _rowcount(session: Session, statement: Any, parameters: Any = None) -> int:
    result: Any = session.execute(statement, parameters)
    return int(result.rowcount)


CASES: tuple[Case, ...] = (
    *functions(
        "statement",
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
        backends=EVERYWHERE,
    ),
    *functions(
        "statement",
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
)
