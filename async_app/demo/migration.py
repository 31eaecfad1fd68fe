"""Take one operation through the stages while clients use it: a port with a bug, the port without it, a fault, the guard."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx
from rich.box import SIMPLE
from rich.table import Table

from async_app.demo.application import DATABASE_URL, OPERATION, PLANTED_BUG
from async_app.demo.clients import Clients
from async_app.local import serving_process

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from rich.console import Console

__all__ = ["migrate"]

APP: Final = "async_app.demo.application:create"
MISMATCHES: Final = 5
CHECKS: Final = 320
SERVED: Final = 350
SEEN: Final = 200


class Deployment:
    """One version of the application in a process of its own."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=30)

    def stage(self) -> str:
        """Return the stage that it follows."""
        stage: str = self._client.get("/demo").json()["stage"]
        return stage

    def checks(self, verdict: str) -> int:
        """Return how many of its checks came to *verdict*."""
        checks: dict[str, int] = self._client.get("/demo").json()["checks"]
        return checks.get(verdict, 0)

    def inject_fault(self) -> None:
        """Make its port slow."""
        self._client.put("/demo/fault").raise_for_status()


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
    def deployment(self, *, planted_bug: bool) -> Iterator[Deployment]:
        """Serve one version of the port, with clients that use it."""
        self._environ[PLANTED_BUG] = "1" if planted_bug else ""
        with serving_process(APP, self._environ) as address, self.clients.asking(address):
            yield Deployment(address)

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
    console.print(f"\nTaking {OPERATION} through the stages while clients use it.\n")
    story.bridge("create-tables")
    try:
        went_well = _refuse_a_bug(story) and _promote_the_port(story)
    except TimeoutError as error:
        console.print(f"[red]{error}[/red]")
        went_well = False
    console.print(story.table)
    return went_well and story.clients.wrong == 0


def _refuse_a_bug(story: Story) -> bool:
    clients = story.clients
    with story.deployment(planted_bug=True) as deployed:
        story.step("before", "legacy", clients.until(lambda: clients.paths["bridged"] >= SEEN))
        story.bridge("stage", "set", OPERATION, "shadow", "--why", "the port is written")
        seen = clients.until(lambda: deployed.checks("mismatched") >= MISMATCHES)
        story.step("a port with a bug", "shadow", seen)
        clients.until(_a_second_later(clients))
        found = story.bridge("differences", OPERATION)
        return found and not story.bridge("stage", "promote", OPERATION, "canary 25 %", "--why", "it looks good")


def _promote_the_port(story: Story) -> bool:
    clients = story.clients
    with story.deployment(planted_bug=False) as deployed:
        story.step("the bug is fixed", "shadow", clients.until(lambda: deployed.checks("matched") >= CHECKS))
        clients.until(_a_second_later(clients))
        if not story.bridge("stage", "promote", OPERATION, "canary 25 %", "--why", "enough evidence"):
            return False
        story.step("some callers", "canary 25 %", clients.until(_served_by(clients, "native", SERVED)))
        clients.until(_a_second_later(clients))
        if not story.bridge("stage", "promote", OPERATION, "native", "--why", "the canary is well"):
            return False
        story.step("all callers", "native", clients.until(_served_by(clients, "native", SEEN)))
        deployed.inject_fault()
        story.step("a fault", "native", clients.until(lambda: deployed.stage() == "shadow"))
        story.step("rolled back", "shadow", clients.until(_served_by(clients, "bridged", SEEN)))
        return story.bridge("stage", "history", OPERATION)


def _served_by(clients: Clients, path: str, answers: int) -> Callable[[], bool]:
    target = clients.paths[path] + answers
    return lambda: clients.paths[path] >= target


def _a_second_later(clients: Clients) -> Callable[[], bool]:
    """Counts reach the store within a second."""
    target = sum(clients.paths.values()) + SEEN
    return lambda: sum(clients.paths.values()) >= target
