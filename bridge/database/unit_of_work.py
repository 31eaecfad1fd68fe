"""
One transaction: commit on success, roll back on any exception, release always.

`Session.begin` is not enough here, because legacy functions commit in the middle and go on: the block has to stay usable
after a commit of their own.
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from bridge.offload import finish

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session

__all__ = ["async_unit_of_work", "is_committed", "unit_of_work"]

COMMITTED: Final = "bridge.committed"


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
        with suppress(SQLAlchemyError):  # a connection that cannot even roll back has: what went wrong before counts
            session.rollback()
        raise
    finally:
        session.close()


@asynccontextmanager
async def async_unit_of_work(
    factory: Callable[[], AsyncSession],
    *,
    patience: float | None = None,
    ends_on_the_server: Callable[[AsyncSession], bool] | None = None,
) -> AsyncIterator[AsyncSession]:
    """
    Do for an `AsyncSession` what `unit_of_work` does for a `Session`.

    Args:
        factory: Makes the session.
        patience: Seconds that a commit has to end after a cancellation; None is for ever.
        ends_on_the_server: Tells at the end whether the session has a transaction on the server. If not, no task is made to
            protect its end. None is that it has.

    Cancellation:
        The transaction is rolled back and the connection returned before the cancellation goes on. A commit that has begun is
        not interrupted within its *patience*, because nobody could tell whether it took place.
    """
    session = factory()
    try:
        yield session
        if ends_on_the_server is None or ends_on_the_server(session):
            await finish(_complete(session), patience=patience)
        else:
            await _complete(session)
    except BaseException:  # a cancellation, too, leaves nothing behind; it goes on
        await finish(_abandon(session))
        raise


async def _complete(session: AsyncSession) -> None:
    await session.commit()
    session.info[COMMITTED] = True
    await session.close()


async def _abandon(session: AsyncSession) -> None:
    try:
        with suppress(SQLAlchemyError):  # as above
            await session.rollback()
    finally:
        await session.close()


def is_committed(session: AsyncSession) -> bool:
    """Return whether the unit of work of *session* was committed at its end, which a cancellation may follow."""
    return bool(session.info.get(COMMITTED))
