"""Tell what an `AsyncSession` would have awaited from what it could not."""

from __future__ import annotations

import dis
import inspect
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import result
from sqlalchemy.engine.util import TransactionalContext
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import (
    AppenderQuery,
    InstrumentedAttribute,
    Query,
    Session,
    SessionTransaction,
    attributes,
    collections,
    dynamic,
    loading,
    object_session,
    scoped_session,
    state,
    strategies,
)

from bridge.porting.callsite import in_application, in_sqlalchemy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType, FrameType

__all__ = ["Access", "query_of", "runs_for_rows", "unawaited"]


@dataclass(frozen=True, slots=True)
class Access:
    """
    SQL that runs where nothing could be awaited.

    Attributes:
        attribute: The mapped attribute that was read or written; None if it was something else.
        instance: The object it was read from.
        dynamic: Whether it is the query of a dynamic relationship.
        borrowed: Whether it ran on what `object_session` gave, which is a `Session` under an `AsyncSession`, too.
    """

    attribute: InstrumentedAttribute[Any] | None = None
    instance: object = None
    dynamic: bool = False
    borrowed: bool = False


def _codes(owner: type, names: Iterable[str]) -> set[CodeType]:
    functions = (inspect.unwrap(getattr(owner, name)) for name in names if hasattr(owner, name))
    return {function.__code__ for function in functions if hasattr(function, "__code__")}


def _coroutines(owner: type) -> set[str]:
    return {name for name, member in inspect.getmembers(owner) if inspect.iscoroutinefunction(member)}


# `session.begin()` and the `with` blocks are awaited too, though they are no coroutine functions; bulk operations and queries have no
# asynchronous twin, and are awaited once they are rewritten or run in `run_sync`.
SESSION: Final = _coroutines(AsyncSession) | {"begin", "begin_nested", "__enter__", "__exit__", "close_all", "prepare"}
BULK: Final = {"bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
QUERY: Final = {
    "all",
    "first",
    "one",
    "one_or_none",
    "scalar",
    "count",
    "get",
    "delete",
    "update",
    "__iter__",
    "__getitem__",
}
AWAITED: Final = frozenset(
    _codes(Session, SESSION | BULK)
    | _codes(scoped_session, SESSION | BULK)
    | _codes(SessionTransaction, {"commit", "rollback", "close", "prepare"})
    | _codes(TransactionalContext, {"__enter__", "__exit__"})
    | _codes(Connection, _coroutines(AsyncConnection) | {"begin", "begin_nested", "__enter__", "__exit__"})
    | _codes(Engine, {"begin", "connect"})
)
QUERIES: Final = frozenset(_codes(Query, QUERY))
TOUCHES: Final = frozenset(_codes(InstrumentedAttribute, {"__get__", "__set__", "__delete__"}))
# SQLAlchemy has no public word for "this statement was not asked for": its modules that load when something is touched are known by
# their files. What leaves one of them for the application's code was not awaited there.
ON_TOUCH: Final = frozenset(module.__file__ for module in (attributes, collections, state, strategies))

BORROWING: Final = object_session.__name__
ROWS: Final = (loading.__file__, "chunks")


def unawaited(frame: FrameType | None) -> Access | None:
    """
    Tell what led to the SQL that *frame* is about to run, or None if an `AsyncSession` would have awaited it.

    The stack is read from the inside. A stretch of SQLAlchemy's frames that was entered through a call like `Session.execute` is awaited; one
    that was entered by touching an attribute is not, unless all of it happens inside a call that is, such as a hook in a flush.
    """
    access: Access | None = None
    while frame is not None:
        frame = _next_stretch(frame)
        if frame is None:
            break
        found, frame = _entry(frame)
        if found is None:
            return None
        access = access or found
    return access


def query_of(frame: FrameType | None) -> Query[Any] | None:
    """Return the `Query` whose method asked for the SQL that *frame* is about to run; None if none did."""
    queries = [each.f_locals.get("self") for each in _stretch(frame) if each.f_code in QUERIES]
    return queries[-1] if queries else None


def runs_for_rows(frame: FrameType | None) -> bool:
    """Tell whether the SQL that *frame* is about to run completes the rows of another statement."""
    return any(_reads_rows(each.f_code) for each in _stretch(frame))


def _stretch(frame: FrameType | None) -> Iterator[FrameType]:
    frame = _next_stretch(frame)
    while frame is not None and not in_application(frame):
        yield frame
        frame = frame.f_back


def _reads_rows(code: CodeType) -> bool:
    return code.co_filename == result.__file__ or (code.co_filename, code.co_name) == ROWS


def _next_stretch(frame: FrameType | None) -> FrameType | None:
    while frame is not None and not in_sqlalchemy(frame):
        frame = frame.f_back
    return frame


def _entry(frame: FrameType | None) -> tuple[Access | None, FrameType | None]:
    """Read one stretch of SQLAlchemy's frames; return what touched it, and the frame outside of it."""
    awaited = False
    access = Access()
    while frame is not None and not in_application(frame):
        code = frame.f_code
        if code in AWAITED:
            awaited = True
        elif code in QUERIES or code.co_filename == dynamic.__file__:
            query = frame.f_locals.get("self")
            awaited = not isinstance(query, AppenderQuery)
            if isinstance(query, AppenderQuery):
                access = Access(getattr(type(query.instance), query.attr.key), query.instance, dynamic=True)
        elif _reads_rows(code):
            # Loaders that run while rows are read belong to the statement of those rows, which has been judged.
            return None, None
        elif code.co_filename in ON_TOUCH:
            awaited = False
            if code in TOUCHES:
                names = frame.f_locals
                access = Access(names.get("self"), names.get("instance"))
        frame = frame.f_back
    if awaited and frame is not None and frame.f_lasti > _borrowed_at(frame.f_code):
        return Access(borrowed=True), frame
    return (None if awaited else access), frame


@lru_cache(maxsize=4096)
def _borrowed_at(code: CodeType) -> float:
    """Return the first place in *code* that names `object_session`; infinity if it does not."""
    if BORROWING not in code.co_names:
        return math.inf
    return min((each.offset for each in dis.get_instructions(code) if each.argval == BORROWING), default=math.inf)
