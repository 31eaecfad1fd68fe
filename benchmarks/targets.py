"""What was aimed at, and whether the measurements that are kept meet it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from benchmarks.results import load

__all__ = ["Target", "targets"]

Rows = Sequence[Mapping[str, Any]]
# Of AnyIO's throughput, by the number of trivial calls in flight.
THROUGHPUT: Final = {1: 2.7, 16: 7.0, 64: 10.0, 256: 12.0}
LATENCY: Final = 0.5
LAG: Final = {1: 1.0, 16: 0.5, 64: 0.5, 256: 0.5}
SHARE_OF_FLOOR: Final = 0.93
SHARE_OF_IDEAL: Final = 0.95
LAG_UNDER_OVERLOAD_MS: Final = 20.0
# Of the throughput of each peer, by the number of connections.
ENDPOINTS: Final = {
    ("FastAPI def + yield session", 32): 1.7,
    ("FastAPI def + yield session", 1): 1.0,
    ("hand-written anyio.to_thread", 32): 1.2,
    ("Flask under gunicorn gthread", 32): 1.2,
}
# Of the same requests unchecked.
CHECKED_P50, CHECKED_P99, CHECKED_RATE = 1.10, 1.25, 0.95
STAGE_DECISION_US: Final = 10.0
FACADE: Final = 1.05
READ, BUSY = "get by key", 32
READ_ONLY_TO_RAW: Final = 3.0
NATIVE_TO_BRIDGED: Final = 1.0
PARITY_LAYERS: Final = 1.05


@dataclass(frozen=True, slots=True)
class Target:
    """
    One aim, and what was measured.

    Attributes:
        aim: What is compared, and where.
        limit: The number aimed at.
        measured: The number that was measured.
        at_least: The limit is the least, not the most.
        unit: Follows both numbers.
    """

    aim: str
    limit: float
    measured: float
    at_least: bool = True
    unit: str = " x"

    @property
    def met(self) -> bool:
        """Whether the measurement is on the right side of the limit."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def cells(self) -> list[str]:
        """Return what the table of the page shows of it."""
        bound = "at least" if self.at_least else "at most"
        return [
            self.aim,
            f"{bound} {self.limit:g}{self.unit}",
            f"{self.measured:.3g}{self.unit}",
            "yes" if self.met else "**no**",
        ]


def targets() -> list[Target]:
    """Return every aim whose measurement is kept."""
    found: list[Target] = []
    for name, judge in JUDGES.items():
        document = load(name)
        if document is not None:
            found += judge(document["rows"])
    return found


def _offload(rows: Rows) -> Iterator[Target]:
    for row in (row for row in rows if row["way"] == "bridge.offload"):
        cores = "1 core" if row["cores"] == 1 else f"{row['cores']} cores"
        ratios, where = row["to_anyio"], f"{row['loop']} on {cores}, {row['in_flight']} in flight"
        if row["work"] == "trivial" and row["in_flight"] in THROUGHPUT:
            at = row["in_flight"]
            yield Target(f"throughput to AnyIO's: trivial calls, {where}", THROUGHPUT[at], ratios["calls_per_s"])
            yield Target(f"p99 to AnyIO's: trivial calls, {where}", LATENCY, ratios["p99_ms"], at_least=False)
            yield Target(
                f"loop lag p99 to AnyIO's: trivial calls, {where}", LAG[at], ratios["lag_p99_ms"], at_least=False
            )
        elif row["in_flight"] == 64:
            yield Target(
                f"share of the batched floor: calls of 1 ms, {where}",
                SHARE_OF_FLOOR,
                row["share_of_batched_floor"],
                unit="",
            )


def _overload(rows: Rows) -> Iterator[Target]:
    for row in (row for row in rows if row["server"].startswith("bridged")):
        name = row["server"]
        yield Target(f"errors under overload: {name}", 0, row["errors"], at_least=False, unit="")
        yield Target(f"share of the ideal under overload: {name}", SHARE_OF_IDEAL, row["share_of_ideal"], unit="")
        yield Target(
            f"loop lag p99 under overload: {name}", LAG_UNDER_OVERLOAD_MS, row["lag_p99_ms"], at_least=False, unit=" ms"
        )


def _endpoints(rows: Rows) -> Iterator[Target]:
    for (peer, connections), limit in ENDPOINTS.items():
        for row in (row for row in rows if (row["server"], row["connections"]) == (peer, connections)):
            for bridged, ratio in row["ratios"].items():
                if bridged == "bridged" or row["scenario"] != "insert":  # an insert is not read-only
                    yield Target(f"{bridged} to {peer}: {row['scenario']}, {connections} connections", limit, ratio)


def _cpu(rows: Rows) -> Iterator[Target]:
    cost = {
        row["server"]: row["cpu_us_per_request"]
        for row in rows
        if row["scenario"] == READ and row["connections"] == BUSY
    }
    yield Target(
        f"CPU of a native {READ} to the bridged one's, both read-only",
        NATIVE_TO_BRIDGED,
        cost["native, read-only"] / cost["bridged, read-only"],
        at_least=False,
    )
    yield Target(
        f"CPU of a native {READ} to the bridged one's",
        NATIVE_TO_BRIDGED,
        cost["native"] / cost["bridged"],
        at_least=False,
    )
    yield Target(
        f"CPU of a native, read-only {READ} to raw asyncpg's",
        READ_ONLY_TO_RAW,
        cost["native, read-only"] / cost["raw asyncpg"],
        at_least=False,
    )


def _layers(rows: Rows) -> Iterator[Target]:
    for row in (row for row in rows if row["work"].startswith("request")):
        yield Target(
            f"{row['work']}, with all parity layers to without",
            PARITY_LAYERS,
            row["all_us"] / row["none_us"],
            at_least=False,
        )


def _request(rows: Rows) -> Iterator[Target]:
    cost = {row["step"]: row["cpu_us"] for row in rows}
    plain = cost["FastAPI async def + yield session"]
    yield Target(
        "CPU of a native route behind the facade to a plain FastAPI route's",
        FACADE,
        cost["native route behind the facade"] / plain,
        at_least=False,
    )


def _stages(rows: Rows) -> Iterator[Target]:
    dearest = max(row["decision_us"] for row in rows)
    yield Target("stage decision, the dearest setting", STAGE_DECISION_US, dearest, at_least=False, unit=" µs")


def _shadow(rows: Rows) -> Iterator[Target]:
    for row in (row for row in rows if row["server"] == "each read checked"):
        if "p50_ratio" in row:
            yield Target(f"p50 with checks to without, {row['load']}", CHECKED_P50, row["p50_ratio"], at_least=False)
            yield Target(f"p99 with checks to without, {row['load']}", CHECKED_P99, row["p99_ratio"], at_least=False)
        else:
            yield Target(f"throughput with checks to without, {row['load']}", CHECKED_RATE, row["rate_ratio"])


JUDGES: Final[Mapping[str, Callable[[Rows], Iterator[Target]]]] = {
    "offload": _offload,
    "overload": _overload,
    "endpoints": lambda rows: chain(_endpoints(rows), _cpu(rows)),
    "layers": _layers,
    "request": _request,
    "stages": _stages,
    "shadow": _shadow,
}
