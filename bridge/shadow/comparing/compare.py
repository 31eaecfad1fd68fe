"""Compare what two paths made of one request."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.bodies import compare_bodies
from bridge.shadow.comparing.found import Enough, Found
from bridge.shadow.comparing.headers import compare_headers
from bridge.shadow.comparing.hints import Hints
from bridge.shadow.comparing.noise import QUIET, Noise
from bridge.shadow.comparing.options import CompareOptions
from bridge.shadow.comparing.row_pairs import pair_rows
from bridge.shadow.comparing.rows import compare_rows
from bridge.shadow.comparing.run import Runs
from bridge.shadow.comparing.statuses import ending_rule, status_rule

if TYPE_CHECKING:
    from bridge.shadow.difference import Difference
    from bridge.shadow.exchange import Exchange, RecordedResponse

__all__ = ["compare", "noise"]

DEFAULT: Final = CompareOptions()
# Places of noise are patterns, so there are few; a control that has more of them is noise altogether.
LIMIT_OF_NOISE: Final = 1000


def compare(
    control: Exchange,
    candidate: Exchange,
    *,
    options: CompareOptions = DEFAULT,
    noise: Noise = QUIET,
    today: date | None = None,
) -> tuple[Difference, ...]:
    """
    Return where two exchanges disagree, excused or not, in the order of status, headers, body and rows.

    What each run makes up is no difference: times of the run, the keys of rows that it inserted, salted password hashes.
    An answer with another status is not compared further, unless the other status is excused.
    Never waits. Two bodies of 1 MiB take some 50 ms, and up to 300 where they are nothing but numbers, or where nearly every value
    differs and is excused: for those of more than 100 KiB or so, run it on a worker thread.

    Args:
        control: What the path did that served.
        candidate: What the path did that is checked.
        options: What is compared, and what is excused.
        noise: What the control disagrees with itself on, from `noise`.
        today: The day that expiry dates are compared with; by default the present one, in UTC.
    """
    found = Found(options, noise, Hints.of(control.request), today or datetime.now(UTC).date())
    _compare(control, candidate, found)
    return found.differences()


def noise(control: Exchange, control_again: Exchange, *, options: CompareOptions = DEFAULT) -> Noise:
    """
    Return where two runs of the control disagree, to be given to `compare`.

    Args:
        control: One run.
        control_again: Another run of the same request on the same data.
        options: What is compared; ignore rules play no part.
    """
    everything = replace(options, ignore=(), limit=LIMIT_OF_NOISE)
    found = Found(everything, QUIET, Hints.of(control.request), date.max, looks_further=True)
    _compare(control, control_again, found)
    return Noise.of(found.differences())


def _compare(control: Exchange, candidate: Exchange, found: Found) -> None:
    runs = Runs.of(control, candidate)
    with suppress(Enough):
        pairs = None
        if control.writes is not None and candidate.writes is not None:
            pairs = pair_rows(control.writes, candidate.writes)
            runs = replace(runs, keys=frozenset(pairs.keys()), key_names=pairs.key_names())
        if control.response is None or candidate.response is None:
            _compare_endings(control, candidate, found)
        else:
            _compare_responses(control.response, candidate.response, found, runs, raised=candidate.raised)
        for address in (each for each in candidate.blocked if each not in control.blocked):
            found.add("egress.blocked", "egress", None, address)
        if pairs is not None:
            compare_rows(pairs, control.request.method, found, runs)


def _compare_endings(control: Exchange, candidate: Exchange, found: Found) -> None:
    ours, theirs = _ending(control), _ending(candidate)
    if ours != theirs:
        rule = "control.crashed" if candidate.response is not None else ending_rule(candidate.error)
        found.add(rule, "status", ours, theirs)


def _compare_responses(
    control: RecordedResponse, candidate: RecordedResponse, found: Found, runs: Runs, *, raised: str | None
) -> None:
    if control.status != candidate.status:
        rule = found.hints.rename(status_rule(control.status, candidate.status, found.hints, raised), None, None)
        if not found.add(rule, "status", str(control.status), str(candidate.status)):
            return  # headers and body go with the status: one cause is one difference
    compare_headers(control, candidate, found, runs)
    compare_bodies(control, candidate, found, runs)


def _ending(exchange: Exchange) -> str:
    return exchange.error or "no answer" if exchange.response is None else str(exchange.response.status)
