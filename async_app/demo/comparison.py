"""Compare what the paths answered, and show it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE
from rich.table import Table

if TYPE_CHECKING:
    from async_app.demo.traffic import Reply
    from bridge.testing import Canonical

__all__ = ["Run", "comparison_table", "differences"]


@dataclass(frozen=True, slots=True)
class Run:
    """
    One path's replies and what they left in the database.

    Attributes:
        mode: The path that the ported operations were served on.
        replies: In the order sent.
        canonical: Names the values this run made up.
        state: Every row afterwards, canonical.
    """

    mode: str
    replies: list[Reply]
    canonical: Canonical
    state: dict[str, list[dict[str, Any]]]

    def answer(self, number: int) -> tuple[int, str]:
        """Return status and canonical body of a reply."""
        reply = self.replies[number]
        return reply.status, self.canonical.text(reply.body.decode())


def differences(control: Run, candidate: Run) -> dict[str, str]:
    """Return the first difference of each operation by name, and that of the database as ``rows``."""
    found: dict[str, str] = {}
    if len(control.replies) != len(candidate.replies):
        found["requests"] = f"{len(control.replies)} against {len(candidate.replies)}"
    for number, reply in enumerate(control.replies[: len(candidate.replies)]):
        expected, actual = control.answer(number), candidate.answer(number)
        if expected != actual:
            found.setdefault(reply.operation, f"{_shown(expected)} became {_shown(actual)}")
    for table, rows in control.state.items():
        if rows != candidate.state.get(table):
            found["rows"] = f"table {table} differs"
    return found


def comparison_table(control: Run, candidates: list[Run]) -> Table:
    """Return a table of every operation on every path that answered it."""
    table = Table(title="Every operation on every path", header_style="bold", box=SIMPLE)
    for heading in ("operation", "path", "n", "p50 ms", "p95 ms"):
        text = heading in {"operation", "path"}
        table.add_column(heading, justify="left" if text else "right", no_wrap=text)
    table.add_column("vs Flask", no_wrap=False)
    runs = {run.mode: _by_operation(run) for run in (control, *candidates)}
    found = {run.mode: differences(control, run) for run in candidates}
    for operation in sorted(runs[control.mode], key=lambda name: (name.split()[1], name)):
        shown: set[str] = set()
        for mode, by_operation in runs.items():
            replies = by_operation[operation]
            path = replies[0].path
            # An operation that is not ported is answered by the same path in several runs; one row is enough.
            if path not in shown or operation in found.get(mode, {}):
                difference = found.get(mode, {}).get(operation)
                verdict = (
                    "" if path == "flask" else f"[red]{difference}[/red]" if difference else "[green]equal[/green]"
                )
                label = "" if shown else operation
                table.add_row(label, path, str(len(replies)), *_latencies(replies), verdict)
            shown.add(path)
    return table


def _by_operation(run: Run) -> dict[str, list[Reply]]:
    grouped: dict[str, list[Reply]] = defaultdict(list)
    for reply in run.replies:
        grouped[reply.operation].append(reply)
    return grouped


def _latencies(replies: list[Reply]) -> tuple[str, str]:
    percentiles = quantiles((reply.elapsed_ms for reply in replies), n=20, method="inclusive")
    return f"{percentiles[9]:.1f}", f"{percentiles[18]:.1f}"


def _shown(answer: tuple[int, str]) -> str:
    status, body = answer
    return f"{status} {body[:60]!r}"
