"""Create what the other commands read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.running import with_bridge

if TYPE_CHECKING:
    from bridge.routing import Bridge

__all__ = ["create_tables"]


@click.command("create-tables")
@with_bridge(follow=False)
async def create_tables(bridge: Bridge) -> None:
    """Create the tables that are missing, for whatever is kept in the database."""
    kept = await bridge.create_tables()
    click.echo(f"There are tables for {', '.join(kept)}." if kept else "The application keeps nothing in the database.")
