"""
Run the corpus through the drivers of a pair, and print what came of each case.

``python -m tests.pairs.run PAIR URL`` prints all outcomes as JSON; with words after the URL, it shows the cases whose id has them.
The process has a time zone of its own: start it with ``TZ`` set, as `outcomes` does.

The body of a case is the same function on both sides. The asynchronous side runs it by ``AsyncSession.run_sync``, which is what
the methods of `AsyncSession` do themselves with the methods of `Session`: the same statements reach the same adapter of the
driver. `tests.pairs.test_awaited` proves it by running cases through the awaited methods as well.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import time
import warnings
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from tests.conftest import ROOT
from tests.pairs.cases import CASES
from tests.pairs.engines import COLUMNS, PAIRS, PROCESS_ZONE, Pair, async_engine, sync_engine
from tests.pairs.outcome import Outcome, canonical, describe_error
from tests.pairs.places import places
from tests.pairs.stored import Reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.pairs.case import Case

__all__ = ["Outcomes", "outcomes", "perform"]

#: By column, then by the id of a case: what the synchronous and the asynchronous driver did.
Outcomes: TypeAlias = "dict[str, dict[str, tuple[Outcome, Outcome]]]"
TIMEOUT_S = 300


def outcomes(pair: Pair, server_url: str) -> Outcomes:
    """Run all cases of *pair* in a process with a time zone of its own."""
    command = [sys.executable, "-m", "tests.pairs.run", pair.name, server_url]
    environment = {**os.environ, "TZ": PROCESS_ZONE}
    done = subprocess.run(command, check=False, capture_output=True, cwd=ROOT, env=environment, timeout=TIMEOUT_S)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    results: Outcomes = json.loads(done.stdout)
    return results


def perform(session: Session, case: Case) -> Outcome:
    """Run *case* in a transaction of *session*; after an error, tell whether the session can go on."""
    try:
        value = case.run(session)
        session.commit()
    except Exception as error:  # noqa: BLE001 - whatever an application would have to handle
        outcome = describe_error(error)
    else:
        return {"result": canonical(value)}
    try:
        session.rollback()
        outcome["afterwards"] = canonical(session.scalar(text("SELECT 1")))
        session.rollback()
    except Exception as error:  # noqa: BLE001  whatever comes is what is compared
        outcome["afterwards"] = type(error).__name__
    return outcome


def run_sync(pair: Pair, column: str, url: str, cases: Sequence[Case]) -> list[Outcome]:
    """Run *cases* through the synchronous driver."""
    engine, reader = sync_engine(pair, column, url), Reader(url)
    results = []
    for case in cases:
        with Session(engine) as session:
            outcome = perform(session, case)
        if case.spoils:
            engine.dispose()
        results.append(_with_rows(outcome, reader))
    engine.dispose()
    reader.close()
    return results


async def run_async(pair: Pair, column: str, url: str, cases: Sequence[Case]) -> list[Outcome]:
    """Run *cases* through the asynchronous driver."""
    engine, reader = async_engine(pair, column, url), Reader(url)
    results = []
    for case in cases:
        async with AsyncSession(engine) as session:
            outcome = await session.run_sync(perform, case)
        if case.spoils:
            await engine.dispose()
        results.append(_with_rows(outcome, reader))
    await engine.dispose()
    reader.close()
    return results


def run_pair(pair: Pair, server_url: str, cases: Sequence[Case]) -> Outcomes:
    """Run *cases* through both drivers, in each column."""
    results: Outcomes = {}
    with places(pair.backend, server_url, 2 * len(COLUMNS)) as urls:
        for number, column in enumerate(COLUMNS):
            sync = run_sync(pair, column, urls[2 * number], cases)
            asynchronous = asyncio.run(run_async(pair, column, urls[2 * number + 1], cases))
            pairs = zip(cases, zip(sync, asynchronous, strict=True), strict=True)
            results[column] = {case.id: outcome for case, outcome in pairs}
    return results


def _with_rows(outcome: Outcome, reader: Reader) -> Outcome:
    changes = reader.changes(after_error="error" in outcome)
    return {**outcome, "stored": changes} if changes else outcome


def main() -> None:
    name, url, *words = sys.argv[1:]
    pair = next(pair for pair in PAIRS if pair.name == name)
    time.tzset()
    warnings.simplefilter("ignore")
    logging.disable()
    cases = [case for case in CASES if pair.backend in case.backends and all(word in case.id for word in words)]
    results = run_pair(pair, url, cases)
    sys.stdout.write(json.dumps(results, indent=1 if words else None))


if __name__ == "__main__":
    main()
