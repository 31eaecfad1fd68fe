"""Write the page of the docs from what was measured: ``python -m benchmarks.report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PAGE", "render"]

PAGE: Final = Path(__file__).parent.parent / "docs" / "reference" / "benchmarks.md"
TABLES: Final[tuple[tuple[str, str, str, Mapping[str, str], Mapping[str, str]], ...]] = (
    (
        "wsgi",
        "Flask behind ASGI",
        "The adapter against its peers under uvicorn, with ten threads and 16 connections; gunicorn's threads are the yardstick.",
        {"scenario": "", "server": "", "requests_per_second": "requests/s", "cpu_us_per_request": "CPU µs per request"},
        {"bridge_to_this": "bridge is"},
    ),
    (
        "routing",
        "The facade",
        "A trivial FastAPI route without and with the facade, in process; the resolution is the part that asks Flask's URL map.",
        {
            "routes": "routes",
            "fastapi_us": "FastAPI µs",
            "resolution_us": "resolution µs",
            "facade_us": "whole facade µs",
        },
        {},
    ),
    (
        "endpoints",
        "From socket to row",
        "The same session code on PostgreSQL over a pool of ten, served in every way.",
        {
            "connections": "connections",
            "scenario": "",
            "server": "",
            "requests_per_second": "requests/s",
            "cpu_us_per_request": "CPU µs per request",
        },
        {"bridged_to_this": "bridged is"},
    ),
    (
        "pooling",
        "Settings of the pool",
        "A unit of work on a connection of the pool over a local socket, and the median of what it takes more than the first of its kind.",
        {"engine": "", "unit": "unit of work", "setting": "", "us": "µs", "more_us": "µs more"},
        {},
    ),
    (
        "layers",
        "Parity layers",
        "What each layer adds on asyncpg: medians in µs of CPU time of the process, which waits for the server without using any.",
        {
            "work": "",
            "none_us": "without layers",
            "errors_us": "`errors` adds",
            "rowcounts_us": "`rowcounts` adds",
            "values_us": "`values` adds",
            "parameters_us": "`parameters` adds",
            "all_us": "with all",
            "all_added": "all add",
        },
        {},
    ),
    (
        "instruments",
        "Instruments over legacy code",
        "`GET /users/3` of the example, a request of eight statements, of which seven are lazy loads and findings; CPU time of the thread that serves it, the least of nine rounds.",
        {"instruments": "instruments", "cpu_us": "CPU µs per request", "extra_us": "extra µs"},
        {},
    ),
)
HEAD: Final = """# Benchmarks

<!-- Written by `python -m benchmarks.report`; a test fails when it is out of date. -->

`make bench` measures these on your machine.
The servers take turns, round by round, and each number is a median; a ratio compares within a round.
They were measured on two noisy cores, so trust the ratios more than the rates, and neither to the second digit.
"""


def render() -> str:
    """Return the page for the results that are kept."""
    return HEAD + "".join(_section(*table) for table in TABLES)


def _section(name: str, title: str, text: str, columns: Mapping[str, str], ratios: Mapping[str, str]) -> str:
    document = load(name)
    packages = ", ".join(f"{package} {version}" for package, version in document["packages"].items())
    rows = [[_cell(row[key]) for key in columns] + [_ratio(row[key]) for key in ratios] for row in document["rows"]]
    table = _table([*columns.values(), *ratios.values()], rows)
    return f"\n## {title}\n\n{text}\nMeasured on {document['measured']} with Python {document['python']}, {packages}.\n\n{table}"


def _cell(value: Any) -> str:
    if value is None:
        return "answers with errors"
    return f"{value:,.0f}" if isinstance(value, float) and value >= 100 else str(value)


def _ratio(value: float | None) -> str:
    return "" if value is None else f"{value:.2f} x"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
