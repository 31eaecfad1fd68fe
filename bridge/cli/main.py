"""The command itself; its commands are added by the modules beside it."""

from __future__ import annotations

import click

from bridge.cli.evidence import certificates, differences, evidence
from bridge.cli.override import override
from bridge.cli.stages import stage, stages
from bridge.cli.tables import create_tables

__all__ = ["main"]


@click.group(
    commands=[create_tables, stages, stage, override, evidence, certificates, differences],
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BRIDGE"},
)
@click.option(
    "--app", required=True, show_envvar=True, help="The application or its bridge, as module:name; a factory will do."
)
@click.pass_context
def main(context: click.Context, app: str) -> None:
    """See and move the stages of operations, and read what is known of their ports."""
    context.obj = app
