"""The order in which a unit of work ends, on a session that only takes notes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bridge import async_unit_of_work, unit_of_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession
    from sqlalchemy.orm import Session


class Notes(list[str]):
    """A session whose commit may fail."""

    def __init__(self, *, failing: bool = False) -> None:
        super().__init__()
        self._failing = failing

    def commit(self) -> None:
        self.append("commit")
        if self._failing:
            raise LookupError("commit failed")

    def rollback(self) -> None:
        self.append("rollback")

    def close(self) -> None:
        self.append("close")


class AsyncNotes(Notes):
    """The same, awaited."""

    def __init__(self, *, failing: bool = False) -> None:
        super().__init__(failing=failing)
        self.committing, self.release = asyncio.Event(), asyncio.Event()
        self.release.set()
        self.info: dict[str, object] = {}

    async def commit(self) -> None:  # type: ignore[override]  # as far as the test calls it
        self.committing.set()
        await self.release.wait()
        super().commit()

    async def rollback(self) -> None:  # type: ignore[override]  # as far as the test calls it
        await asyncio.sleep(0)
        super().rollback()

    async def close(self) -> None:  # type: ignore[override]  # as far as the test calls it
        await asyncio.sleep(0)
        super().close()


async def run(notes: Notes, body: Callable[[], None]) -> None:
    if isinstance(notes, AsyncNotes):
        async with async_unit_of_work(cast("Callable[[], AsyncSession]", lambda: notes)) as session:
            assert cast("Any", session) is notes
            body()
    else:
        with unit_of_work(cast("Callable[[], Session]", lambda: notes)) as sync_session:
            assert cast("Any", sync_session) is notes
            body()


def fail(error: BaseException) -> None:
    raise error


KINDS = pytest.mark.parametrize("kind", [Notes, AsyncNotes])


@KINDS
async def test_success_is_committed_and_closed(kind: type[Notes]) -> None:
    notes = kind()
    await run(notes, lambda: None)
    assert notes == ["commit", "close"]


@KINDS
@pytest.mark.parametrize("error", [LookupError("x"), asyncio.CancelledError(), GeneratorExit()], ids=repr)
async def test_any_exception_is_rolled_back_and_raised(kind: type[Notes], error: BaseException) -> None:
    notes = kind()
    with pytest.raises(type(error)):
        await run(notes, lambda: fail(error))
    assert notes == ["rollback", "close"]


@KINDS
async def test_a_failed_commit_is_rolled_back_and_raised(kind: type[Notes]) -> None:
    notes = kind(failing=True)
    with pytest.raises(LookupError, match="commit failed"):
        await run(notes, lambda: None)
    assert notes == ["commit", "rollback", "close"]


@KINDS
async def test_a_rollback_that_fails_does_not_hide_why_there_was_one(
    kind: type[Notes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(self: Notes) -> None:
        self.append("rollback")
        raise SQLAlchemyError("the connection is gone, too")

    monkeypatch.setattr(Notes, "rollback", lost)
    notes = kind()
    with pytest.raises(LookupError):
        await run(notes, lambda: fail(LookupError()))
    assert notes == ["rollback", "close"]


async def test_a_commit_that_has_begun_is_not_interrupted() -> None:
    """Whether it took place could not be told otherwise."""
    notes = AsyncNotes()
    notes.release.clear()
    task = asyncio.create_task(run(notes, lambda: None))
    await notes.committing.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    notes.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes[0] == "commit"
    assert notes[-1] == "close"
