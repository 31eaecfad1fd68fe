"""
One transaction: commit on success, roll back on any exception, release always.

`Session.begin` is not enough here, because legacy functions commit in the middle and go on: the block has to stay usable
after a commit of their own.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from bridge.offload import finish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

__all__ = ["async_unit_of_work", "unit_of_work"]


@contextmanager
def unit_of_work(factory: Callable[[], Session]) -> Iterator[Session]:
    """
    Open a session of *factory*, commit it when the block ends, roll it back when the block raises, close it always.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The commit failed; the transaction is rolled back.
    """
    session = factory()
    try:
        yield session
        session.commit()
    except BaseException:  # a cancellation, too, leaves nothing behind; it goes on
        session.rollback()
        raise
    finally:
        session.close()


@asynccontextmanager
async def async_unit_of_work(factory: Callable[[], AsyncSession]) -> AsyncIterator[AsyncSession]:
    """
    Do for an `AsyncSession` what `unit_of_work` does for a `Session`.

    Cancellation:
        The transaction is rolled back and the connection returned before the cancellation goes on. A commit that has begun is
        not interrupted, because nobody could tell whether it took place.
    """
    session = factory()
    try:
        yield session
        await finish(session.commit())
    except BaseException:  # a cancellation, too, leaves nothing behind; it goes on
        await finish(session.rollback())
        raise
    finally:
        await finish(session.close())
