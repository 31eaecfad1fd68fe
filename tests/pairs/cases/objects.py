"""The ORM's own statements, and keys of other types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import delete, select, update

from tests.pairs.case import Case, functions
from tests.pairs.schema import Document, Item, Label, Shelf

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["CASES"]


def get_string_key_by_int(session: Session) -> object:
    label = session.get(Label, 5)
    return label and label.code


def get_string_key_by_str(session: Session) -> object:
    label = session.get(Label, "5")
    return label and [label.code, label.mark]


def get_twice_by_str_and_int(session: Session) -> object:
    return session.get(Item, "1") is session.get(Item, 1)


def filter_by_string(session: Session) -> object:
    return session.scalars(select(Item.name).filter_by(id="1")).all()


def filter_by_string_foreign_key(session: Session) -> object:
    return session.scalars(select(Item.name).filter_by(shelf_id="1").order_by(Item.id)).all()


def attribute_of_another_type(session: Session) -> object:
    item = session.get_one(Item, 1)
    item.quantity = "7"  # type: ignore[assignment]  # of another type on purpose
    session.flush()
    session.refresh(item)
    return item.quantity


def attribute_rounded_by_the_database(session: Session) -> object:
    item = session.get_one(Item, 1)
    item.quantity = 7.6  # type: ignore[assignment]  # of another type on purpose
    session.flush()
    session.refresh(item)
    return item.quantity


def int_for_a_string_attribute(session: Session) -> object:
    session.add(Shelf(id=9, name=123))
    session.flush()
    return None


def add_one(session: Session) -> object:
    item = Item(name="a")
    session.add(item)
    session.flush()
    return [item.id, item.quantity]


def add_many(session: Session) -> object:
    items = [Item(name=f"new {number}", quantity=number) for number in range(150)]
    session.add_all(items)
    session.flush()
    return [items[0].id, items[-1].id]


def add_many_that_clash(session: Session) -> object:
    session.add_all([Item(name="a"), Item(name="pen"), Item(name="c")])
    session.flush()
    return None


def add_with_a_missing_parent(session: Session) -> object:
    session.add(Item(name="a", shelf_id=99))
    session.flush()
    return None


def merge_a_new_and_a_known_object(session: Session) -> object:
    session.merge(Item(id=1, name="pencil", quantity=1))
    session.merge(Shelf(id=9, name="nine"))
    session.flush()
    return None


def update_one(session: Session) -> object:
    session.get_one(Item, 1).quantity = 9
    session.flush()
    return None


def update_where(session: Session) -> object:
    result: Any = session.execute(update(Item).where(Item.quantity > 3).values(quantity=0))
    return result.rowcount


def update_where_with_objects_loaded(session: Session) -> object:
    item = session.get_one(Item, 1)
    session.execute(update(Item).where(Item.id == "1").values(quantity=Item.quantity + 1))
    return item.quantity


def delete_where_fetching(session: Session) -> object:
    session.scalars(select(Item)).all()
    result: Any = session.execute(delete(Item).where(Item.id < 3), execution_options={"synchronize_session": "fetch"})
    return [result.rowcount, len(session.scalars(select(Item)).all())]


def key_by_uuid_string(session: Session) -> object:
    return session.scalars(select(Label.code).filter_by(mark="12345678-1234-5678-1234-567812345678")).all()


def key_by_uuid(session: Session) -> object:
    key = UUID("12345678-1234-5678-1234-567812345678")
    return session.scalars(select(Label.code).where(Label.mark == key)).all()


def query_api(session: Session) -> object:
    query = session.query(Item)
    return [query.count(), query.filter(Item.id == "1").one().name, query.filter(Item.id > 50).first()]


def query_update(session: Session) -> object:
    return session.query(Item).filter(Item.quantity > 0).update({"quantity": 9})


def query_delete(session: Session) -> object:
    return session.query(Document).delete()


def _get(key: Any, name: str) -> Case:
    def run(session: Session) -> object:
        item = session.get(Item, key)
        return item and item.name

    return Case(f"get: integer key {name}", run)


CASES: tuple[Case, ...] = (
    _get(1, "int"),
    _get("1", "str"),
    _get("abc", "str abc"),
    _get(1.0, "float"),
    _get(True, "True"),  # noqa: FBT003 - that is the case
    _get(2**40, "out of range"),
    _get(2**70, "beyond bigint"),
    *functions(
        "object",
        get_string_key_by_int,
        get_string_key_by_str,
        get_twice_by_str_and_int,
        filter_by_string,
        filter_by_string_foreign_key,
        attribute_of_another_type,
        attribute_rounded_by_the_database,
        int_for_a_string_attribute,
        add_one,
        add_many,
        add_many_that_clash,
        add_with_a_missing_parent,
        merge_a_new_and_a_known_object,
        update_one,
        update_where,
        update_where_with_objects_loaded,
        delete_where_fetching,
        key_by_uuid_string,
        key_by_uuid,
        query_api,
        query_update,
        query_delete,
    ),
)
