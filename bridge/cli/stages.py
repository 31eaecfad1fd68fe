"""See and move stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.printing import print_json, print_table, shown_time
from bridge.cli.running import (
    as_json,
    evidence_of,
    expected_option,
    limited,
    shared,
    warn_of_unknown,
    who_option,
    why_option,
    with_bridge,
)

if TYPE_CHECKING:
    from bridge.routing import Bridge
    from bridge.stages import StageChange

__all__ = ["stage", "stages"]


@click.command()
@as_json
@with_bridge()
async def stages(bridge: Bridge, *, json_: bool) -> None:
    """List the stage of every operation, and where it comes from."""
    found = [
        {
            "operation": name,
            "stage": str(setting),
            "from": bridge.stages.source(name),
            "version": bridge.stages.version(name),
        }
        for name, setting in bridge.stages.snapshot().items()
    ]
    status = bridge.stages.status()
    if json_:
        print_json({"store": status, "operations": found})
        return
    print_table(
        ("operation", "stage", "from", "version"), ([*row.values()] for row in found), empty="No operation is declared."
    )
    click.echo(str(status))
    for name, reason in status.ignored.items():
        click.echo(f"  {name!r} is ignored: {reason}")


@click.group()
def stage() -> None:
    """Move one operation, and see how it was moved."""


@stage.command("set")
@click.argument("operation")
@click.argument("setting")
@who_option
@why_option
@expected_option
@with_bridge()
async def set_stage(bridge: Bridge, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> None:
    """
    Set OPERATION, a name or a pattern, to SETTING without asking for evidence.

    SETTING is legacy, shadow, 'canary 5 %', verify or native, or default for what the application says.
    """
    _show(await shared(bridge).stages.change(operation, setting, who=who, why=why, expected=expected))


@stage.command()
@click.argument("operation")
@click.argument("setting")
@who_option
@click.option("--why", default="", help="The reason, for the history.")
@click.option("--force", is_flag=True, help="Go on although evidence is missing; needs --why, and is recorded.")
@click.option("--dry-run", is_flag=True, help="Only tell what is there and what is missing.")
@as_json
@with_bridge()
async def promote(
    bridge: Bridge, operation: str, setting: str, *, who: str, why: str, force: bool, dry_run: bool, json_: bool
) -> None:
    """Move OPERATION forward to SETTING, if the evidence allows it."""
    evidence = evidence_of(shared(bridge))
    assessment = await evidence.assess(operation, setting)
    if json_:
        print_json(assessment.to_json())
    elif dry_run or assessment.granted:
        click.echo(str(assessment))
    if dry_run:
        raise SystemExit(0 if assessment.granted else 1)
    change = await evidence.promote(operation, setting, who=who, why=why, force=force)
    if not json_:
        _show(change)


@stage.command()
@click.argument("operation")
@click.option("--to", default="legacy", show_default=True, help="Where to go back to.")
@who_option
@why_option
@with_bridge()
async def rollback(bridge: Bridge, operation: str, *, to: str, who: str, why: str) -> None:
    """Move OPERATION back, at once and in every process."""
    _show(await shared(bridge).stages.change(operation, to, who=who, why=why))


@stage.command()
@click.argument("operation", required=False)
@limited
@as_json
@with_bridge()
async def history(bridge: Bridge, operation: str | None, *, limit: int, json_: bool) -> None:
    """List the changes of OPERATION, or of all, newest first."""
    warn_of_unknown(bridge, operation)
    changes = await bridge.stages.history(operation, limit=limit)
    if json_:
        print_json(list(changes))
        return
    rows = ([shown_time(each.at), each.operation, each.before, each.after, each.who, each.why] for each in changes)
    print_table(("when", "operation", "before", "after", "who", "why"), rows, empty="No stage was ever changed.")


def _show(change: StageChange) -> None:
    click.echo(f"{change.operation}: '{change.before or 'default'}' -> '{change.after}' (version {change.version})")
