"""``run_sync`` is fair: a case that only calls methods of the session comes to the same through the awaited ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.pairs.awaited import Awaited
from tests.pairs.cases import CASES
from tests.pairs.engines import PAIRS, async_engine
from tests.pairs.places import places
from tests.pairs.run import perform
from tests.pairs.stored import Reader

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from tests.pairs.case import Case
    from tests.pairs.outcome import Outcome

# What an AsyncSession offers only as a coroutine, a context manager of its own, or not at all.
ASYNC_ONLY = ("cursor: ", "savepoint: ", "lock: ", "transaction: ")
SYNC_ONLY_METHODS = {"query", "connection", "get_bind", "begin_nested", "bulk_update_mappings", "_without_the_session"}
# All of them agree; every third keeps the suite quick.
SAMPLE = 3


def portable(case: Case) -> bool:
    """Whether *case* only calls methods that both sessions have."""
    names = case.run.__code__.co_names
    return not case.id.startswith(ASYNC_ONLY) and not case.spoils and not SYNC_ONLY_METHODS.intersection(names)


async def through_awaited_methods(url: str, cases: list[Case]) -> list[tuple[Outcome, Outcome]]:
    pair = PAIRS[0]
    engine, reader = async_engine(pair, "bare", url), Reader(url)
    results = []
    for case in cases:
        both = []
        for awaits in (False, True):
            async with AsyncSession(engine) as session:

                def run(inner: Session, session: AsyncSession = session, *, awaits: bool = awaits) -> Any:
                    chosen = cast("Session", Awaited(session)) if awaits else inner
                    return perform(chosen, case)  # noqa: B023 - runs before the next turn

                both.append({**await session.run_sync(run), "stored": reader.changes()})
        results.append((both[0], both[1]))
    await engine.dispose()
    reader.close()
    return results


@pytest.mark.timeout(120)
async def test_cases_come_to_the_same_through_awaited_methods(server_url: str) -> None:
    cases = [case for case in CASES if "postgresql" in case.backends and portable(case)][::SAMPLE]
    assert len(cases) > 250
    with places("postgresql", server_url, 1) as (url,):
        results = await through_awaited_methods(url, cases)
    different = {case.id: both for case, both in zip(cases, results, strict=True) if both[0] != both[1]}
    assert different == {}
