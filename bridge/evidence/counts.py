"""What is counted, of what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bridge.evidence.latency import BUCKETS, Latency
from bridge.shadow import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bridge.stages import Path

__all__ = [
    "CLIENT_ERROR",
    "EXCEPTION",
    "LATENCY",
    "LONGEST_COUNTER",
    "SERVED",
    "Counts",
    "Tally",
    "error_counter",
    "rule_counter",
]

# Where the statuses of either kind begin.
CLIENT_ERROR: Final = 400
SERVER_ERROR: Final = 500
SERVED: Final = "served"
EXCEPTION: Final = "exception"
CANCELLED: Final = "cancelled"
# The client went away or the server shut down: that says nothing of the path.
NOBODYS_ERROR: Final = frozenset({"CancelledError", "ClientDisconnected"})
LATENCY_PREFIX: Final = "latency."
RULE_PREFIX: Final = "rule."
LONGEST_COUNTER: Final = 120
LATENCY: Final = tuple(f"{LATENCY_PREFIX}{bucket}" for bucket in range(BUCKETS))


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What counts belong to.

    Attributes:
        operation: Name of the operation.
        path: The path that answered, or that was checked.
        version: Version of the operation's port, on every path: so both are counted over the same time.
    """

    operation: str
    path: Path
    version: str


@dataclass(frozen=True, slots=True)
class Counts:
    """
    What happened on one path at one version of the port.

    Attributes:
        served: Requests answered, or ended with an exception. Those whose client went away are not among them.
        cancelled: Requests whose client went away first.
        server_errors: Answers with a status of 500 or more.
        client_errors: Answers with a status from 400 to 499.
        exceptions: Requests that ended with an exception instead of an answer.
        matched: Checks in which the path did what the other did.
        excused: Checks that differed only in what an ignore rule or noise excuses.
        mismatched: Checks that differed.
        not_comparable: Checks of which nobody can tell.
        rules: Mismatched checks by each rule that named a difference.
        latency: How long the served requests took.
    """

    served: int = 0
    cancelled: int = 0
    server_errors: int = 0
    client_errors: int = 0
    exceptions: int = 0
    matched: int = 0
    excused: int = 0
    mismatched: int = 0
    not_comparable: int = 0
    rules: Mapping[str, int] = field(default_factory=dict)
    latency: Latency = field(default_factory=Latency)

    @property
    def failed(self) -> int:
        """Requests that the path failed: a status of 500 or more, or an exception."""
        return self.server_errors + self.exceptions

    @property
    def checked(self) -> int:
        """Checks with a verdict."""
        return self.matched + self.excused + self.mismatched

    @classmethod
    def of(cls, counters: Mapping[str, int]) -> Counts:
        """Read counters by name, as stores keep them; names of other releases are passed over."""
        plain = {name: counters.get(counter, 0) for name, counter in FIELDS.items()}
        rules = {
            name.removeprefix(RULE_PREFIX): count for name, count in counters.items() if name.startswith(RULE_PREFIX)
        }
        times = {
            int(name.removeprefix(LATENCY_PREFIX)): count
            for name, count in counters.items()
            if name.startswith(LATENCY_PREFIX)
        }
        return cls(**plain, rules=rules, latency=Latency(times))

    @classmethod
    def total(cls, several: Iterable[Counts]) -> Counts:
        """Add several up."""
        counters: dict[str, int] = {}
        for each in several:
            for name, count in each.counters().items():
                counters[name] = counters.get(name, 0) + count
        return cls.of(counters)

    def counters(self) -> dict[str, int]:
        """Return the counters by name, without those at 0."""
        plain = {counter: getattr(self, name) for name, counter in FIELDS.items()}
        rules = {rule_counter(rule): count for rule, count in self.rules.items()}
        times = {LATENCY[bucket]: count for bucket, count in self.latency.counts.items()}
        return {name: count for name, count in {**plain, **rules, **times}.items() if count}

    def to_json(self) -> dict[str, Any]:
        """Return the counts for people and programs to read, with quantiles in seconds instead of buckets."""
        quantiles = {f"p{round(share * 100)}_s": self.latency.quantile(share) for share in (0.5, 0.95, 0.99)}
        return {**{name: getattr(self, name) for name in FIELDS}, "rules": dict(self.rules), "latency": quantiles}


FIELDS: Final = {
    "served": SERVED,
    "cancelled": CANCELLED,
    "server_errors": "5xx",
    "client_errors": "4xx",
    "exceptions": EXCEPTION,
    **{verdict.value: verdict.value for verdict in Verdict},
}


def error_counter(status: int | None, error: str | None) -> str | None:
    """
    Return the counter of how a request ended; None for one that was answered well.

    Args:
        status: HTTP status; None without an answer.
        error: Name of the exception it ended with, if there was one.
    """
    if error in NOBODYS_ERROR or (status is None and error is None):
        return CANCELLED
    if error is not None or status is None:
        return EXCEPTION
    if status < CLIENT_ERROR:
        return None
    return "5xx" if status >= SERVER_ERROR else "4xx"


def rule_counter(rule: str) -> str:
    """Return the counter of the mismatches that *rule* names."""
    return f"{RULE_PREFIX}{rule}"[:LONGEST_COUNTER]
