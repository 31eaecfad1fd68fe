"""Pictures of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from benchmarks.charts import bars, lines
from benchmarks.results import load

__all__ = ["pictures"]

Rows = Sequence[Mapping[str, Any]]


def pictures(name: str) -> dict[str, str]:
    """Return the pictures of one measurement as SVG by file name; none if it was not made yet."""
    document = load(name)
    return DRAW[name](document["rows"]) if document and name in DRAW else {}


def _grouped(
    rows: Rows, group: Callable[[Mapping[str, Any]], str], label: str, value: str
) -> dict[str, dict[str, float]]:
    groups: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.get(value) is not None:
            groups.setdefault(group(row), {})[row[label]] = row[value]
    return groups


def _offload(rows: Rows) -> dict[str, str]:
    found, most = {}, max(row["cores"] for row in rows)
    for work in ("trivial", "1 ms"):
        chosen = [row for row in rows if row["cores"] == most and row["loop"] == "asyncio" and row["work"] == work]
        for suffix, key, title in (
            ("", "calls_per_s", f"Calls per second, {work}, on asyncio, cores: {most}; more is better"),
            ("-p99", "p99_ms", f"99th percentile of a call in ms, {work}, on asyncio, cores: {most}; less is better"),
        ):
            groups = _grouped(chosen, lambda row: f"{row['in_flight']} in flight", "way", key)
            found[f"offload-{work.replace(' ', '-')}{suffix}.svg"] = bars(title, groups)
    return found


def _overload(rows: Rows) -> dict[str, str]:
    groups = {
        title: _grouped(rows, lambda _row: "", "server", key).get("", {})
        for title, key in (
            ("requests per second (400 is ideal)", "requests_per_second"),
            ("99th percentile of a request, ms (the floor: of 20 at a time)", "p99_ms"),
            ("99th percentile of the loop's lag, ms", "lag_p99_ms"),
        )
    }
    return {"overload.svg": bars("500 requests of 50 ms at a time, over twenty connections", groups)}


def _endpoints(rows: Rows) -> dict[str, str]:
    chosen = [row for row in rows if row["connections"] == 32]
    return {
        name: bars(title, _grouped(chosen, lambda row: str(row["scenario"]), "server", key))
        for name, title, key in (
            ("endpoints.svg", "Requests per second, 32 connections: more is better", "requests_per_second"),
            (
                "endpoints-cpu.svg",
                "Processor time per request in µs, 32 connections: less is better",
                "cpu_us_per_request",
            ),
        )
    }


def _sizing(rows: Rows) -> dict[str, str]:
    found = {}
    for work in dict.fromkeys(row["work"] for row in rows):
        series: dict[str, dict[float, float]] = {}
        for row in rows:
            if row["work"] == work:
                series.setdefault(f"pool {row['pool']}", {})[row["threads"]] = row["calls_per_s"]
        found[f"sizing-{work.replace(' ', '-')}.svg"] = lines(
            f"64 callers, {work}", series, x_title="threads (capacity)", y_title="calls per second"
        )
    return found


def _wsgi(rows: Rows) -> dict[str, str]:
    groups = _grouped(rows, lambda row: str(row["scenario"]), "server", "requests_per_second")
    return {"wsgi.svg": bars("Requests per second of a Flask application, 16 connections: more is better", groups)}


DRAW: Final[Mapping[str, Callable[[Rows], dict[str, str]]]] = {
    "offload": _offload,
    "overload": _overload,
    "endpoints": _endpoints,
    "sizing": _sizing,
    "wsgi": _wsgi,
}
