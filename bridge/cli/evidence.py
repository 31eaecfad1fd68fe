"""Read what is known of ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from bridge.cli.printing import print_json, print_table, shown_time
from bridge.cli.running import as_json, evidence_of, limited, warn_of_unknown, with_bridge
from bridge.evidence import upper_bound
from bridge.shadow import SQLPublisher

if TYPE_CHECKING:
    from bridge.evidence import Counts, Observed
    from bridge.routing import Bridge

__all__ = ["certificates", "differences", "evidence"]

# Of a value in a table; --json has the whole.
LONGEST_VALUE: Final = 40


@click.command()
@click.argument("operation", required=False)
@as_json
@with_bridge()
async def evidence(bridge: Bridge, operation: str | None, *, json_: bool) -> None:
    """Show what is known of the port of OPERATION, or of all, at the version that this code has."""
    gathered = evidence_of(bridge)
    names = [operation] if operation else [each.name for each in bridge.operations if each.native]
    found = {name: await gathered.observed(name) for name in names}
    if json_:
        print_json({name: {"version": each.version, **each.to_json()} for name, each in found.items()})
        return
    headings = (
        "operation",
        "stage",
        "version",
        "served",
        "failed",
        "p50 ms",
        "p95 ms",
        "legacy p50",
        "legacy p95",
        "checked",
        "mismatched",
        "rate below",
    )
    rows = (
        [name, str(bridge.stages.get(name)), observed.version, *_numbers(observed)] for name, observed in found.items()
    )
    print_table(headings, rows, empty="No operation has a port.")


@click.command()
@click.argument("operation", required=False)
@limited
@as_json
@with_bridge()
async def certificates(bridge: Bridge, operation: str | None, *, limit: int, json_: bool) -> None:
    """List the promotions of OPERATION, or of all, with the evidence they were granted on."""
    warn_of_unknown(bridge, operation)
    found = await evidence_of(bridge).certificates(operation, limit=limit)
    if json_:
        print_json([each.content for each in found])
        return
    rows = (
        [shown_time(c.at), c.operation, c.before, c.to, c.version, "forced" if c.forced else "", c.who, c.why]
        for c in found
    )
    print_table(
        ("when", "operation", "from", "to", "version", "", "who", "why"), rows, empty="No operation was promoted."
    )


@click.command()
@click.argument("operation", required=False)
@limited
@as_json
@with_bridge()
async def differences(bridge: Bridge, operation: str | None, *, limit: int, json_: bool) -> None:
    """List what the ports answered otherwise, by rule and place, with what mends it."""
    published = bridge.publishing.publishers if bridge.publishing else ()
    tables = [each for each in published if isinstance(each, SQLPublisher)]
    if not tables:
        raise click.ClickException(
            "the application keeps no differences: give its Bridge Publishing([SQLPublisher(database)])"
        )
    warn_of_unknown(bridge, operation)
    groups = await tables[0].differences(operation, limit=limit)
    if json_:
        print_json(groups)
        return
    rows = (
        [
            g.operation,
            g.example.rule,
            g.where,
            g.count,
            shown_time(g.last_seen),
            _short(g.example.control),
            _short(g.example.candidate),
            g.example.excused or g.example.remedy,
        ]
        for g in groups
    )
    print_table(
        ("operation", "rule", "where", "n", "last seen", "control", "candidate", "remedy"),
        rows,
        empty="No difference was found.",
    )


def _numbers(observed: Observed) -> list[object]:
    # At stage verify it is the legacy path that is run again, so its checks are of the port as well.
    checked = observed.native.checked + observed.legacy.checked
    mismatched = observed.native.mismatched + observed.legacy.mismatched
    bound = f"{upper_bound(mismatched, checked):.2%}" if checked else None
    return [
        observed.native.served,
        observed.native.failed,
        *_latencies(observed.native),
        *_latencies(observed.legacy),
        checked,
        mismatched,
        bound,
    ]


def _latencies(counts: Counts) -> list[float | None]:
    if not counts.served:
        return [None, None]
    return [counts.latency.quantile(share) * 1000 for share in (0.5, 0.95)]


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"
