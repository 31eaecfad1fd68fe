"""Notice objects that only live inside the session of the thread that made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect
from sqlalchemy.engine import Connection, FilterResult, Result, Row
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import InstanceState, Query, Session

from bridge.errors import LiveObjectReturned

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["refuse_live_objects"]

BOUND_TYPES: Final = (Session, Connection, Result, FilterResult, Query)
# Deep enough for a page object that holds a list of rows; a full walk of every response would cost more than it finds.
DEPTH: Final = 3
SAMPLE: Final = 20


def refuse_live_objects(result: object, *, source: str) -> None:
    """
    Raise when *result* is, or holds, something bound to a session: it would be used on another thread after the session closed.

    Looks three containers deep and at the first twenty members of each.

    Args:
        result: What a function returned on a worker thread.
        source: The name of that function, for the message.

    Raises:
        LiveObjectReturned: A mapped instance, session, connection, result or query was found.
    """
    live = next(_live_objects(result, DEPTH), None)
    if live is not None:
        msg = (
            f"{source} returned a live {type(live).__name__}, which must not leave the thread of its session: "
            "declare a response_model for the route, or return plain data"
        )
        raise LiveObjectReturned(msg)


def _live_objects(value: object, depth: int) -> Iterator[object]:
    if value is None or isinstance(value, (str, bytes, int, float)):
        return
    if isinstance(value, BOUND_TYPES) or _is_mapped_instance(value):
        yield value
    elif depth:
        for _, member in zip(range(SAMPLE), _members(value), strict=False):
            yield from _live_objects(member, depth - 1)


def _members(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, (list, tuple, set, frozenset, Row)):
        yield from value
    else:
        slots = getattr(type(value), "__dataclass_fields__", None) or getattr(value, "__dict__", {})
        yield from (getattr(value, name, None) for name in slots)


def _is_mapped_instance(value: object) -> bool:
    try:
        return isinstance(inspect(value), InstanceState)
    except NoInspectionAvailable:
        return False
