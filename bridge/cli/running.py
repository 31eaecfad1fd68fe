"""Run a command with the bridge of an application."""

from __future__ import annotations

import asyncio
import getpass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import click

from bridge.cli.application import controlling, find_bridge
from bridge.errors import BridgeError, UnknownOperation
from bridge.stages.declared import require_known

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bridge.evidence import Evidence
    from bridge.routing import Bridge

__all__ = [
    "as_json",
    "evidence_of",
    "expected_option",
    "limited",
    "shared",
    "warn_of_unknown",
    "who_option",
    "why_option",
    "with_bridge",
]

P = ParamSpec("P")

as_json = click.option("--json", "json_", is_flag=True, help="Print JSON.")
limited = click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1), help="Rows at most.")
who_option = click.option("--who", default=getpass.getuser, show_default="you", help="Who asks for it.")
why_option = click.option("--why", required=True, help="The reason, for the history.")
expected_option = click.option("--expected", type=int, help="Go on only if the operation is still at this version.")


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


def warn_of_unknown(bridge: Bridge, operation: str | None) -> None:
    """Say where *operation* is declared no more, or is misspelt: what was kept of it can be listed all the same."""
    if operation is None:
        return
    try:
        require_known(operation, bridge.stages.snapshot())
    except UnknownOperation as unknown:
        click.echo(f"Warning: {unknown}", err=True)


def shared(bridge: Bridge) -> Bridge:
    """Return *bridge*, whose stages a command can change, or explain that it cannot."""
    if not bridge.stages.is_shared:
        raise click.ClickException(
            "the stages of this application are in its own process, which no command reaches: give its Bridge a store, "
            "such as SQLStageStore(database)"
        )
    return bridge
