"""Make tokens with which testers choose the side of their requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

import click

from bridge.cli.printing import print_json, shown_time
from bridge.cli.running import as_json, with_bridge
from bridge.stages import StageSetting
from bridge.stages.declared import require_declared
from bridge.stages.override import SIDES

if TYPE_CHECKING:
    from bridge.routing import Bridge
    from bridge.stages.override import Side

__all__ = ["override"]


@click.command()
@click.argument("operations", nargs=-1, required=True, metavar="OPERATION...")
@click.option("--side", required=True, type=click.Choice(SIDES), help="The side that is to serve the tester.")
@as_json
@with_bridge(follow=False)
async def override(bridge: Bridge, operations: tuple[str, ...], *, side: str, json_: bool) -> None:
    """
    Make a token with which a tester has each OPERATION, a name or a pattern, served by one side, whatever its stage.

    Whoever has the token can use it until it expires; it cannot be withdrawn but by another secret.
    """
    known = bridge.stages.override
    if known is None:
        raise click.ClickException(
            "the application lets no tester choose: give its Bridge an override, such as StageOverride(secret)"
        )
    ported = {operation.name: operation.native is not None for operation in bridge.operations}
    for operation in operations:
        require_declared(operation, StageSetting.parse(side), ported)
    token = known.token(*operations, side=cast("Side", side))
    until = datetime.now(UTC) + timedelta(seconds=known.max_age_s)
    if json_:
        print_json(
            {
                "token": token,
                "header": known.header,
                "cookie": known.cookie,
                "side": side,
                "operations": operations,
                "until": until,
            }
        )
        return
    click.echo(f"{known.header}: {token}\n")
    click.echo(f"With this header, {', '.join(operations)} is served by the {side} side until {shown_time(until)}.")
    click.echo(f"In a browser, set the cookie {known.cookie} to the token instead.")
