"""The commands."""

from __future__ import annotations

import asyncio
import getpass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec

import click

from bridge.cli.application import controlling, find_bridge
from bridge.cli.tables import print_json, print_table, shown_time
from bridge.errors import BridgeError
from bridge.evidence import upper_bound
from bridge.shadow import SQLPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bridge.evidence import Counts, Evidence, Observed
    from bridge.routing import Bridge
    from bridge.stages import StageChange

__all__ = ["main"]

P = ParamSpec("P")
# Of a value in a table; --json has the whole.
LONGEST_VALUE: Final = 40


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BRIDGE"})
@click.option(
    "--app", required=True, show_envvar=True, help="The application or its bridge, as module:name; a factory will do."
)
@click.pass_context
def main(context: click.Context, app: str) -> None:
    """See and move the stages of operations, and read what is known of their ports."""
    context.obj = app


def with_bridge(
    *, follow: bool = True
) -> Callable[[Callable[Concatenate[Bridge, P], Coroutine[Any, Any, None]]], Callable[..., None]]:
    """
    Give a command the bridge of the application, on an event loop; print the library's errors as messages.

    Args:
        follow: Read the stages first, and stop where they cannot be read.
    """

    def decorate(command: Callable[Concatenate[Bridge, P], Coroutine[Any, Any, None]]) -> Callable[..., None]:
        @wraps(command)
        def run(app: str, /, *args: P.args, **kwargs: P.kwargs) -> None:
            async def work() -> None:
                async with controlling(bridge, follow=follow) as ready:
                    await command(ready, *args, **kwargs)

            try:
                bridge = find_bridge(app)
                asyncio.run(work())
            except BridgeError as error:
                raise click.ClickException(str(error)) from error

        return click.pass_obj(run)

    return decorate


def evidence_of(bridge: Bridge) -> Evidence:
    """Return the evidence of *bridge*, or explain that it gathers none."""
    if bridge.evidence is None:
        raise click.ClickException("the application gathers no evidence: give its Bridge an Evidence with a store")
    return bridge.evidence


as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")
limited = click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="Rows at most.")
who_option = click.option("--who", default=getpass.getuser, show_default="you", help="Who asks for it.")
why_option = click.option("--why", required=True, help="The reason, for the history.")
expected_option = click.option("--expected", type=int, help="Go on only if the operation is still at this version.")


@main.command("create-tables")
@with_bridge(follow=False)
async def create_tables(bridge: Bridge) -> None:
    """Create the tables that are missing, for whatever is kept in the database."""
    kept = await bridge.create_tables()
    click.echo(f"There are tables for {', '.join(kept)}." if kept else "The application keeps nothing in the database.")


@main.command()
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


@main.group()
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
    _show(await _shared(bridge).stages.change(operation, setting, who=who, why=why, expected=expected))


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
    evidence = evidence_of(_shared(bridge))
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
    _show(await _shared(bridge).stages.change(operation, to, who=who, why=why))


@stage.command()
@click.argument("operation", required=False)
@limited
@as_json
@with_bridge()
async def history(bridge: Bridge, operation: str | None, *, limit: int, json_: bool) -> None:
    """List the changes of OPERATION, or of all, newest first."""
    changes = await bridge.stages.history(operation, limit=limit)
    if json_:
        print_json(list(changes))
        return
    rows = ([shown_time(each.at), each.operation, each.before, each.after, each.who, each.why] for each in changes)
    print_table(("when", "operation", "before", "after", "who", "why"), rows, empty="No stage was ever changed.")


@main.command()
@click.argument("operation", required=False)
@as_json
@with_bridge()
async def evidence(bridge: Bridge, operation: str | None, *, json_: bool) -> None:
    """Show what is known of the port of OPERATION, or of all."""
    gathered = evidence_of(bridge)
    names = [operation] if operation else [each.name for each in bridge.operations if each.native]
    found = {name: await gathered.observed(name) for name in names}
    if json_:
        print_json({name: observed.to_json() for name, observed in found.items()})
        return
    headings = (
        "operation",
        "stage",
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
    rows = ([name, str(bridge.stages.get(name)), *_numbers(observed)] for name, observed in found.items())
    print_table(headings, rows, empty="No operation has a port.")


@main.command()
@click.argument("operation", required=False)
@limited
@as_json
@with_bridge()
async def certificates(bridge: Bridge, operation: str | None, *, limit: int, json_: bool) -> None:
    """List the promotions of OPERATION, or of all, with the evidence they were granted on."""
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


@main.command()
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
            g.example.control,
            g.example.candidate,
            g.example.excused or g.example.remedy,
        ]
        for g in groups
    )
    print_table(
        ("operation", "rule", "where", "n", "control", "candidate", "remedy"), rows, empty="No difference was found."
    )


def _shared(bridge: Bridge) -> Bridge:
    if not bridge.stages.is_shared:
        raise click.ClickException(
            "the stages of this application are in its own process, which no command reaches: give its Bridge a store, "
            "such as SQLStageStore(database)"
        )
    return bridge


def _show(change: StageChange) -> None:
    click.echo(f"{change.operation}: '{change.before or 'default'}' -> '{change.after}' (version {change.version})")


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
