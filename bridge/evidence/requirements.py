"""What each step of a promotion needs."""

from __future__ import annotations

from math import inf, sqrt
from typing import TYPE_CHECKING, Final

from bridge.evidence.assessment import Requirement
from bridge.evidence.confidence import rate_difference, trials_needed, upper_bound
from bridge.evidence.latency import latency_ratio
from bridge.stages import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bridge.evidence.assessment import Observed
    from bridge.evidence.counts import Counts
    from bridge.evidence.policy import PromotionPolicy
    from bridge.stages import StageSetting

__all__ = ["is_promotion", "requirements_of"]

ORDER: Final = tuple(Stage)
QUANTILES: Final = {"latency_median": 0.5, "latency_p95": 0.95}
# Nobody waits for more than this many times as many requests.
MOST_SCALE: Final = 10_000.0
CLOSE_ENOUGH: Final = 1.1


def is_promotion(before: StageSetting, to: StageSetting) -> bool:
    """Tell whether *to* gives the port more than *before*."""
    return (ORDER.index(to.stage), to.percent) > (ORDER.index(before.stage), before.percent)


def requirements_of(
    policy: PromotionPolicy,
    before: StageSetting,
    to: StageSetting,
    observed: Observed,
    *,
    hooks: Sequence[str],
    hold: float = 0.0,
) -> tuple[Requirement, ...]:
    """
    Return what a step needs, and whether it is there; nothing for a step back.

    To shadow: the hooks. Further, the checks of the port as well. Past the first canary, also the requests that it has served, beside
    those of the legacy path. From verify, the checks made there as well.

    Args:
        policy: The limits.
        before: The setting now.
        to: The setting asked for.
        observed: What was counted for this version of the port.
        hooks: Names of the Flask hooks that the operation leaves behind undeclared.
        hold: Seconds for which the guard still holds the operation, after it was rolled back.
    """
    if not is_promotion(before, to):
        return ()
    found: list[Requirement] = []
    if policy.require_hooks:
        found.append(_hooks(hooks))
    if to.stage is Stage.SHADOW:
        return tuple(found)
    found.append(_hold(hold))
    found += _checks(policy, observed.native, "checked", "")
    first_canary = to.stage is Stage.CANARY and before.stage is not Stage.CANARY
    if not first_canary:
        found += _service(policy, observed)
    if before.stage is Stage.VERIFY:
        found += _checks(policy, observed.legacy, "verified", " at stage verify")
    return tuple(found)


def _hooks(hooks: Sequence[str]) -> Requirement:
    missing = f"declare {', '.join(hooks)} with HookDeclarations" if hooks else ""
    return Requirement("hooks", not hooks, len(hooks), 0, f"{len(hooks)} undeclared Flask hooks", missing)


def _hold(hold: float) -> Requirement:
    found = f"held for {hold:.0f} s after a roll-back" if hold > 0 else "not held by the guard"
    return Requirement(
        "hold", hold <= 0, max(hold, 0.0), 0.0, found, "find out why it was rolled back, and wait" if hold > 0 else ""
    )


def _checks(policy: PromotionPolicy, counts: Counts, name: str, where: str) -> Iterator[Requirement]:
    checked, mismatched = counts.checked, counts.mismatched
    bound = upper_bound(mismatched, checked, policy.confidence)
    needed = max(trials_needed(policy.max_mismatch_rate, mismatched, policy.confidence), policy.min_checked)
    more = f"{needed - checked:,} more checked exchanges{where} without a {'further ' if mismatched else ''}mismatch"
    rules = ", ".join(
        f"{rule} {count:,} times" for rule, count in sorted(counts.rules.items(), key=lambda item: -item[1])[:3]
    )
    by_rule = f"; first mend {rules}" if rules else ""
    yield Requirement(
        name,
        checked >= policy.min_checked,
        checked,
        policy.min_checked,
        f"{checked:,} exchanges checked{where}, at least {policy.min_checked:,} wanted",
        more if checked < policy.min_checked else "",
    )
    yield Requirement(
        f"{name}_mismatch_rate",
        bound <= policy.max_mismatch_rate,
        bound,
        policy.max_mismatch_rate,
        f"{mismatched:,} of them differ, so at most {_share(bound)} do, and {_share(policy.max_mismatch_rate)} may",
        more + by_rule if bound > policy.max_mismatch_rate else "",
    )
    attempted = checked + counts.not_comparable
    share = counts.not_comparable / attempted if attempted else 0.0
    yield Requirement(
        f"{name}_not_comparable",
        share <= policy.max_not_comparable,
        share,
        policy.max_not_comparable,
        f"{_share(share)} of the checks have no verdict, and {_share(policy.max_not_comparable)} may",
        "find out from their reasons why" if share > policy.max_not_comparable else "",
    )


def _service(policy: PromotionPolicy, observed: Observed) -> Iterator[Requirement]:
    native, legacy = observed.native, observed.legacy
    served = min(native.served, legacy.served)
    lacking = [
        f"{policy.min_served - counts.served:,} more requests served on the {name} path"
        for name, counts in (("native", native), ("legacy", legacy))
        if counts.served < policy.min_served
    ]
    yield Requirement(
        "served",
        not lacking,
        served,
        policy.min_served,
        f"{native.served:,} requests served by the port and {legacy.served:,} by the legacy path, {policy.min_served:,} wanted",
        " and ".join(lacking),
    )
    yield _errors(policy, "error_rate", observed, lambda counts: counts.failed, policy.max_error_rate_increase)
    yield _errors(
        policy,
        "client_error_rate",
        observed,
        lambda counts: counts.client_errors,
        policy.max_client_error_increase,
    )
    for name, share in QUANTILES.items():
        yield _latency(policy, name, share, native, legacy)


def _errors(
    policy: PromotionPolicy, name: str, observed: Observed, count: Callable[[Counts], int], limit: float
) -> Requirement:
    native, legacy = observed.native, observed.legacy

    def bound(scale: float) -> float:
        failed, served = round(count(native) * scale), round(native.served * scale)
        base_failed, base_served = round(count(legacy) * scale), round(legacy.served * scale)
        return rate_difference(failed, served, base_failed, base_served, policy.confidence)[1]

    rates = [count(each) / each.served if each.served else 0.0 for each in (native, legacy)]
    found = (
        f"the port fails {_share(rates[0])} of its requests and the legacy path {_share(rates[1])}, so at most {_share(bound(1.0))} "
        f"more, and {_share(limit)} more may be"
    )
    if name == "client_error_rate":
        found = found.replace("fails", "refuses")
    wanted = "a port that fails less" if rates[0] - rates[1] > limit else _more(bound, limit, native, legacy)
    return Requirement(name, bound(1.0) <= limit, bound(1.0), limit, found, wanted if bound(1.0) > limit else "")


def _latency(policy: PromotionPolicy, name: str, share: float, native: Counts, legacy: Counts) -> Requirement:
    def bound(scale: float) -> float:
        tolerance, confidence = policy.latency_tolerance, policy.confidence
        return latency_ratio(
            share, native.latency, legacy.latency, tolerance=tolerance, confidence=confidence, scale=scale
        )[1]

    limit, number = policy.max_latency_ratio, bound(1.0)
    times = [each.latency.quantile(share) * 1000 for each in (native, legacy)]
    at_most = f"at most {number:.2f} times" if number < inf else "any number of times"
    so = (
        f"so it takes {at_most} as long"
        if number > 0
        else f"within the {policy.latency_tolerance * 1000:g} ms that do not count"
    )
    found = f"{times[0]:.1f} ms against {times[1]:.1f} ms, {so}, and {limit:g} times may be"
    return Requirement(
        name, number <= limit, number, limit, found, _more(bound, limit, native, legacy) if number > limit else ""
    )


def _more(bound: Callable[[float], float], limit: float, native: Counts, legacy: Counts) -> str:
    """Say how many more requests it takes until *bound* holds, if they turn out as the ones before did."""
    if not native.served or not legacy.served:
        return "requests on both paths to compare"
    low, high = 1.0, MOST_SCALE
    if bound(high) > limit:
        return "a better port: more requests like these would not do"
    while high / low > CLOSE_ENOUGH:
        middle = sqrt(low * high)
        low, high = (middle, high) if bound(middle) > limit else (low, middle)
    return f"about {round(native.served * (high - 1.0)):,} more requests served by the port, and as many times as many by the legacy path"


def _share(share: float) -> str:
    return f"{share * 100:.3g} %"
