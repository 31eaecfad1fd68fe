"""What is shown of each measurement: on the console when it was made, and on the page of the docs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.charts import number
from benchmarks.results import load

__all__ = ["SECTIONS", "Section", "cells", "show"]

Row = Mapping[str, Any]
Column = Callable[[Row], str]
ERRORS: Final = "answers with errors"
WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Section:
    """
    One measurement.

    Attributes:
        name: Of its file of results.
        title: Its heading.
        text: What was measured, one sentence a line.
        columns: What each column shows of a row, by heading.
        pictures: What each of its pictures shows, by file name.
        where: The rows that are shown have these values; all if empty.
    """

    name: str
    title: str
    text: str
    columns: Mapping[str, Column]
    pictures: Mapping[str, str] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)


def plain(key: str, missing: str = "") -> Column:
    """Show a value as it is, a number with about three digits; *missing* if it was looked for and not found."""

    def show_value(row: Row) -> str:
        value = row.get(key, "")
        if value is None:
            return missing
        return number(value) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)

    return show_value


def times(group: str, key: str) -> Column:
    """Show a ratio."""
    return lambda row: f"{row[group][key]:.2f} x" if key in row[group] else ""


def ratio(key: str) -> Column:
    """Show a ratio, where the row has one."""
    return lambda row: f"{row[key]:.2f} x" if key in row else ""


def share(key: str) -> Column:
    """Show a share in percent."""
    return lambda row: f"{row[key]:.0%}"


SERVER: Final[Mapping[str, Column]] = {
    "server": plain("server"),
    "requests/s": plain("requests_per_second", ERRORS),
    "CPU µs per request": plain("cpu_us_per_request"),
}
SECTIONS: Final = (
    Section(
        "offload",
        "Off the event loop and back",
        "`offload` against AnyIO, whose value is 1, with forty threads each: more calls per second are better, and less of all else.\n"
        "The floor is what Python's threads can do without an event loop: jobs go to threads over one `SimpleQueue` and come back over "
        "another, as many in flight as for the others, with neither tokens nor futures nor contexts.\n"
        "It is the better of one job at a time and of taking all that is there in one go; trivial jobs go to one thread, those of 1 ms to "
        "forty.\n"
        "The lag is how late a task comes back that sleeps for 5 ms; those of all rounds are taken together.\n"
        "On one core, threads take turns, as in a container that is pinned to one; on more, they wake each other across cores, and what a "
        "call touches moves between them.\n"
        "Compare the ways on the same number of cores: the numbers of cores did not take turns.",
        {
            "cores": plain("cores"),
            "loop": plain("loop"),
            "work": plain("work"),
            "in flight": plain("in_flight"),
            "calls/s": plain("calls_per_s"),
            "throughput": times("to_anyio", "calls_per_s"),
            "CPU per call": times("to_anyio", "cpu_us_per_call"),
            "p50": times("to_anyio", "p50_ms"),
            "p99": times("to_anyio", "p99_ms"),
            "loop lag p99": times("to_anyio", "lag_p99_ms"),
            "of the floor": share("share_of_floor"),
        },
        {
            "offload-trivial.svg": "Trivial calls per second",
            "offload-trivial-p99.svg": "99th percentile of a trivial call",
            "offload-1-ms.svg": "Calls of 1 ms per second",
            "offload-1-ms-p99.svg": "99th percentile of a call of 1 ms",
        },
        {"way": "bridge.offload"},
    ),
    Section(
        "overload",
        "More requests than there is room for",
        "500 clients at a time, each request a statement of 50 ms, over a pool of twenty connections with SQLAlchemy's timeout of 30 s.\n"
        "The ideal is 400 requests per second.\n"
        "FastAPI's and AnyIO's forty threads are twice as many as there are connections.\n"
        "The floor is twenty threads alone over the same pool, which run the statement over and over in a session each time, without a "
        "server; its latencies are those of twenty at a time.",
        {
            "server": plain("server"),
            "requests/s": plain("requests_per_second"),
            "of the ideal": share("share_of_ideal"),
            "errors": plain("errors"),
            "p50 ms": plain("p50_ms", "no answer"),
            "p99 ms": plain("p99_ms", "no answer"),
            "loop lag p99 ms": plain("lag_p99_ms", "no answer"),
            "CPU µs per request": plain("cpu_us_per_request"),
        },
        {"overload.svg": "Requests per second and latency under overload"},
    ),
    Section(
        "endpoints",
        "From socket to row",
        "The same three operations on PostgreSQL over a pool of ten, served in every way.\n"
        "The peers have the engine that the existing application has, with `pool_pre_ping=True`; one of them is measured on `Database`'s "
        "engine, too.\n"
        "Raw asyncpg is hand-written SQL and no session, the least that such an answer costs.",
        {
            "connections": plain("connections"),
            "scenario": plain("scenario"),
            **SERVER,
            "bridged is": times("ratios", "bridged"),
            "bridged, read-only is": times("ratios", "bridged, read-only"),
        },
        {
            "endpoints.svg": "Requests per second with 32 connections",
            "endpoints-cpu.svg": "Processor time per request with 32 connections",
        },
    ),
    Section(
        "request",
        "Where the time of a request goes",
        "The get by key of the table above, taken apart: CPU time in one process, one request at a time and without a server, the least "
        "of forty rounds.\n"
        "Each query includes a session, the response model and JSON.",
        {"step": plain("step"), "CPU µs": plain("cpu_us")},
    ),
    Section(
        "sizing",
        "Threads against connections",
        "64 callers at a time, each call a unit of work on PostgreSQL, without HTTP.\n"
        "The pool has either as many connections as there are threads, or ten.",
        {
            "work": plain("work"),
            "pool": plain("pool"),
            "threads": plain("threads"),
            "calls/s": plain("calls_per_s"),
            "p99 ms": plain("p99_ms"),
            "CPU µs per call": plain("cpu_us_per_call"),
        },
        {
            "sizing-get-by-key.svg": "Calls per second by threads, get by key",
            "sizing-5-ms-statement.svg": "Calls per second by threads, a statement of 5 ms",
        },
    ),
    Section(
        "wsgi",
        "Flask behind ASGI",
        "The adapter against its peers under uvicorn, with ten threads and 16 connections; gunicorn's threads are the yardstick.",
        {"scenario": plain("scenario"), **SERVER, "bridge is": times("ratios", "bridge")},
        {"wsgi.svg": "Requests per second of a Flask application"},
    ),
    Section(
        "routing",
        "The facade",
        "A trivial FastAPI route without and with the facade, in process; the resolution is the part that asks Flask's URL map.",
        {
            "routes": plain("routes"),
            "FastAPI µs": plain("fastapi_us"),
            "resolution µs": plain("resolution_us"),
            "whole facade µs": plain("facade_us"),
        },
    ),
    Section(
        "stages",
        "The decision of a stage",
        "What `Stages.decide` takes with a thousand operations and ten request headers, in CPU time, since it waits for nothing.\n"
        "With the override on, each request is searched for a token; the signature of a token, or of a session, is checked when it first comes, and remembered.",
        {
            "setting": plain("setting"),
            "callers told apart by": plain("key"),
            "override": plain("override"),
            "µs": plain("decision_us"),
        },
    ),
    Section(
        "pooling",
        "Settings of the pool",
        "A unit of work on a connection of the pool over a local socket, and the median of what it takes more than the first of its kind.",
        {
            "engine": plain("engine"),
            "unit of work": plain("unit"),
            "setting": plain("setting"),
            "µs": plain("us"),
            "µs more": plain("more_us"),
        },
    ),
    Section(
        "native",
        "What lies between asyncpg and a native unit of work",
        "One row by its key, without HTTP, from the driver upwards: CPU time of the process with its threads, eight tasks at a time over ten connections.",
        {"way": plain("way"), "CPU µs": plain("cpu_us"), "times asyncpg": plain("times_asyncpg")},
    ),
    Section(
        "layers",
        "Parity layers",
        "What each layer adds on asyncpg: medians in µs of CPU time of the process, which waits for the server without using any.",
        {
            "work": plain("work"),
            "without layers": plain("none_us"),
            "`errors` adds": plain("errors_us"),
            "`rowcounts` adds": plain("rowcounts_us"),
            "`values` adds": plain("values_us"),
            "`parameters` adds": plain("parameters_us"),
            "with all": plain("all_us"),
            "all add": plain("all_added"),
        },
    ),
    Section(
        "instruments",
        "Instruments over legacy code",
        "`GET /users/3` of the example, a request of eight statements, of which seven are lazy loads and findings; CPU time of the thread that serves it, medians of forty rounds; what is added is to the request without, in the same round.",
        {"instruments": plain("instruments"), "CPU µs per request": plain("cpu_us"), "extra µs": plain("extra_us")},
    ),
    Section(
        "shadow",
        "Checks beside the callers",
        "A read of one row by key through the facade, on the bridged path, without checks and with the port checked against each read.\n"
        "At 30 % of the peak requests come at random; at saturation 32 connections ask as fast as they are answered.",
        {
            "load": plain("load"),
            "server": plain("server"),
            "p50 ms": plain("p50_ms"),
            "p99 ms": plain("p99_ms"),
            "p50": ratio("p50_ratio"),
            "p99": ratio("p99_ratio"),
            "requests/s": plain("requests_per_second"),
            "rate": ratio("rate_ratio"),
            "checked": lambda row: f"{row['checked_share']:.0%}" if "checked_share" in row else "",
        },
    ),
    Section(
        "soak",
        "A million calls",
        "Calls with random faults, cancellations, deadlines and changes of capacity, and what the process holds after each tenth of them.",
        {
            "calls": plain("calls"),
            "threads": plain("threads"),
            "open files": plain("files"),
            "objects": plain("objects"),
            "memory, KiB": plain("resident_kib"),
        },
    ),
)


def cells(section: Section, rows: list[Row]) -> list[list[str]]:
    """Return what the table of a section shows of *rows*."""
    chosen = [row for row in rows if all(row[key] == value for key, value in section.where.items())]
    return [[column(row) for column in section.columns.values()] for row in chosen]


def show(name: str, console: Console) -> None:
    """Print the table of what was measured last."""
    section = next(each for each in SECTIONS if each.name == name)
    document = load(name)
    table = Table(*section.columns, title=section.title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for line in cells(section, document["rows"] if document else []):
        table.add_row(*line)
    console.width = max(console.width, WIDTH)  # cut off, the numbers would say nothing
    console.print(table)
