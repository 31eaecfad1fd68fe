"""Objects that must not leave the thread of their session."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from bridge import LiveObjectReturned
from bridge.database import refuse_live_objects
from legacy_sync.models import Tag, User


@dataclass
class Found:
    items: list[Any]


@dataclass(slots=True)
class Slotted:
    item: Any


TAG = Tag(id=1, name="x")


@pytest.mark.parametrize(
    "result",
    [
        TAG, [TAG], (1, TAG), {TAG}, {"tag": TAG}, {"found": [TAG]}, Found([TAG]), Slotted(TAG), [[[TAG]]],
        SimpleNamespace(tag=TAG), User(username="x"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_a_mapped_instance_is_refused_wherever_it_hides(result: object) -> None:
    with pytest.raises(LiveObjectReturned, match=r"services\.find returned a live (Tag|User)"):
        refuse_live_objects(result, source="services.find")


def test_what_is_bound_to_a_connection_is_refused() -> None:
    engine = create_engine("sqlite://")
    with engine.connect() as connection, Session(connection) as session:
        result = connection.execute(select(1))
        for live in (session, connection, result, session.query(Tag), session.scalars(select(1))):
            with pytest.raises(LiveObjectReturned, match=f"a live {type(live).__name__}, which must not leave"):
                refuse_live_objects({"live": live}, source="find")
    engine.dispose()


def test_a_row_that_holds_an_entity_is_refused() -> None:
    engine = create_engine("sqlite://")
    Tag.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Tag(name="x"))
        session.flush()
        (row,) = session.execute(select(Tag, Tag.name)).all()
        with pytest.raises(LiveObjectReturned):
            refuse_live_objects([row], source="find")
        plain = session.execute(select(Tag.name)).all()
        refuse_live_objects(plain, source="find")
    engine.dispose()


@pytest.mark.parametrize(
    "result",
    [
        None,
        1,
        "text",
        b"bytes",
        1.5,
        [],
        {},
        [1, "two", None],
        {"a": {"b": [1]}},
        Found([1]),
        Slotted(1),
        Tag,
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_plain_data_passes(result: object) -> None:
    refuse_live_objects(result, source="find")


def test_a_structure_that_holds_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    refuse_live_objects(loop, source="find")


def test_a_generator_over_live_objects_is_not_consumed() -> None:
    items = (number for number in range(3))
    refuse_live_objects(items, source="find")
    assert deque(items) == deque([0, 1, 2])
