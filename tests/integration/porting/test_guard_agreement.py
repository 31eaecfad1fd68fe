"""The guard fails where AsyncSession fails, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from anyio import to_thread
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.ext.asyncio.exc import AsyncMethodRequired
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from bridge import LazyLoadUnderGuard
from bridge.porting import guarded
from tests.integration.porting.awaited import AwaitedSession, finished
from tests.integration.porting.guard_cases import CASES, WORKS, Case

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.testing import TemplateDatabase

FAILS = "fails"
NAMES = {MissingGreenlet.__name__, AsyncMethodRequired.__name__, LazyLoadUnderGuard.__name__}


@pytest.fixture(scope="module")
def shared_url(writers: TemplateDatabase) -> Iterator[str]:
    with writers.clone() as url:
        yield url


def outcome_of(error: Exception) -> str:
    """Pydantic wraps what it meets in a ValidationError, and keeps its name in the message."""
    return FAILS if any(name in f"{type(error).__name__} {error}" for name in NAMES) else type(error).__name__


async def on_async_session(case: Case, url: str) -> str:
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"))
    session = AsyncSession(engine, expire_on_commit=case.expire_on_commit)
    try:
        await case.run(session)
    except Exception as error:  # noqa: BLE001 - the outcome is the point
        return outcome_of(error)
    finally:
        await session.close()
        await engine.dispose()
    return WORKS


def under_guard(case: Case, url: str) -> tuple[str, list[tuple[str, str]]]:
    engine = create_engine(url, poolclass=NullPool)
    session = Session(engine)
    try:
        with guarded(expire_on_commit=case.expire_on_commit) as report:
            try:
                finished(case.run(AwaitedSession(session)))  # type: ignore[arg-type]  # stands in for a Session
            except Exception as error:  # noqa: BLE001 - the outcome is the point
                outcome = outcome_of(error)
            else:
                outcome = WORKS
    finally:
        session.close()
        engine.dispose()
    return outcome, [(finding.rule, finding.subject) for finding in report.failures()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_the_guard_agrees_with_async_session(case: Case, shared_url: str) -> None:
    """Few cases commit, and only new rows that no other case looks at: one database serves them all."""
    expected = await on_async_session(case, shared_url)
    outcome, found = await to_thread.run_sync(under_guard, case, shared_url)
    assert (outcome == expected) is not bool(case.because), f"guard: {outcome}, AsyncSession: {expected}"
    if case.rule == WORKS:
        assert found == []
    else:
        assert [rule for rule, _ in found] == [case.rule]
        assert found[0][1].startswith(case.subject)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({case.id for case in CASES}) == len(CASES)
