"""Take one operation through the stages while clients use it: a port with a bug, the port without it, a fault, the guard."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE
from rich.table import Table

from async_app.demo.application import DATABASE_URL, FAULT, OPERATION, PLANTED_BUG, create
from async_app.demo.clients import Clients
from async_app.local import serving
from bridge import Bridge, Stage

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from rich.console import Console

__all__ = ["migrate"]

APP: Final = "async_app.demo.application:create"
MISMATCHES: Final = 5
SEEN: Final = 200


class Story:
    """One deployment after the other, over one database; what is done to them goes through the command ``bridge``."""

    def __init__(self, url: str, console: Console) -> None:
        self._console = console
        self._environ = {**os.environ, DATABASE_URL: url}
        self.clients = Clients()
        self.table = Table(title=f"{OPERATION} on its way", header_style="bold", box=SIMPLE)
        for heading in ("step", "stage", "bridged", "native", "wrong answers"):
            self.table.add_column(heading, justify="left" if heading in {"step", "stage"} else "right")

    @contextmanager
    def deployment(self, *, planted_bug: bool) -> Iterator[Bridge]:
        """Serve one version of the port, with clients that use it."""
        self._environ[PLANTED_BUG] = "1" if planted_bug else ""
        os.environ.update({name: self._environ[name] for name in (DATABASE_URL, PLANTED_BUG)})
        app = create()
        with serving(app) as address, self.clients.asking(address):
            bridge: Bridge = app.state.bridge
            yield bridge

    def bridge(self, *words: str, show: bool = True) -> bool:
        """Run the command ``bridge``, print what it prints, and return whether it succeeded."""
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "bridge.cli", "--app", APP, *words],
            env=self._environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if show:
            shown = " ".join(f"'{word}'" if " " in word else word for word in words)
            self._console.print(f"\n[bold]$ bridge {shown}[/bold]", highlight=False)
            self._console.print((done.stdout + done.stderr).rstrip(), markup=False, highlight=False)
        return done.returncode == 0

    def step(self, name: str, stage: str, seen: Counter[str]) -> None:
        """Add a line to the table."""
        self.table.add_row(name, stage, str(seen["bridged"]), str(seen["native"]), str(self.clients.wrong))


def migrate(url: str, console: Console) -> bool:
    """
    Take the operation through the stages on a database of its own.

    Args:
        url: The database.
        console: Shows what happens.

    Returns:
        Whether the bug was found and refused, the fixed port promoted, the fault rolled back, and no answer wrong.
    """
    story = Story(url, console)
    clients = story.clients
    console.print(f"\nTaking {OPERATION} through the stages while clients use it.\n")
    with story.deployment(planted_bug=True) as bridge:
        story.step("before", "legacy", clients.until(lambda: clients.paths["bridged"] >= SEEN))
        moved = story.bridge("stage", "set", OPERATION, "shadow", "--why", "the port is written")
        story.step("a port with a bug", "shadow", clients.until(lambda: _verdicts(bridge, "mismatched") >= MISMATCHES))
        clients.until(_a_second_later(clients))
        found = story.bridge("differences", OPERATION)
        refused = not story.bridge("stage", "promote", OPERATION, "canary 25 %", "--why", "it looks good")
    with story.deployment(planted_bug=False) as bridge:
        story.step("the bug is fixed", "shadow", clients.until(lambda: _verdicts(bridge, "matched") >= SEEN * 2))
        clients.until(_a_second_later(clients))
        promoted = story.bridge("stage", "promote", OPERATION, "canary 25 %", "--why", "enough evidence")
        before = clients.paths["native"]
        story.step("some callers", "canary 25 %", clients.until(lambda: clients.paths["native"] >= before + SEEN))
        clients.until(_a_second_later(clients))
        promoted &= story.bridge("stage", "promote", OPERATION, "native", "--why", "the canary is well")
        before = clients.paths["native"]
        story.step("all callers", "native", clients.until(lambda: clients.paths["native"] >= before + SEEN))
        FAULT.set()
        seen = clients.until(lambda: bridge.stages.get(OPERATION).stage is Stage.SHADOW)
        story.step("a fault", "native", seen)
        FAULT.clear()
        before = clients.paths["bridged"]
        story.step("rolled back", "shadow", clients.until(lambda: clients.paths["bridged"] >= before + SEEN))
        story.bridge("stage", "history", OPERATION)
    console.print(story.table)
    return all((moved, found, refused, promoted, clients.wrong == 0))


def _verdicts(bridge: Bridge, name: str) -> int:
    return bridge.checks.statistics().verdicts.get(name, 0)


def _a_second_later(clients: Clients) -> Callable[[], bool]:
    """Counts reach the store within a second."""
    target = sum(clients.paths.values()) + SEEN
    return lambda: sum(clients.paths.values()) >= target
