"""What the commands print."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any

import click
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["print_json", "print_table", "shown_time"]

# Wide enough for names of operations where the output is no terminal, and nothing knows how wide it may be.
WIDTH_ELSEWHERE = 160


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """
    Print a table, or a sentence where it has no rows.

    Args:
        headings: Of the columns; numbers stand at the right.
        rows: Of values; None is left empty.
        empty: The sentence.
    """
    members = [list(row) for row in rows]
    if not members:
        click.echo(empty)
        return
    table = Table(box=SIMPLE, header_style="bold")
    for column, heading in enumerate(headings):
        numbers = all(isinstance(row[column], (int, float, NoneType)) for row in members)
        table.add_column(heading, justify="right" if numbers else "left", overflow="fold")
    for row in members:
        table.add_row(*(_cell(value) for value in row))
    is_terminal = sys.stdout.isatty() or "COLUMNS" in os.environ
    Console(markup=False, highlight=False, width=None if is_terminal else WIDTH_ELSEWHERE).print(table)


def print_json(value: Any) -> None:
    """Print *value* as JSON: dataclasses as objects, times in ISO form."""
    click.echo(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def shown_time(at: datetime) -> str:
    """Return a time to the second, in its own time zone."""
    return f"{at:%Y-%m-%d %H:%M:%S %Z}"


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "__dataclass_fields__"):
        fields: Mapping[str, Any] = asdict(value)
        return fields
    return str(value)
