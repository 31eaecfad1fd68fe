"""Port one operation while clients are using it: switch its stage, watch the traffic move, roll it back."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx
from rich.box import SIMPLE
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from bridge import Stages

__all__ = ["port_live"]

OPERATION: Final = "GET /users/{user_id}"
REQUESTS_PER_PHASE: Final = 150
CLIENTS: Final = 4
USERS: Final = 20


class Clients:
    """A few clients that keep asking, and notice any answer that differs from the first one they got."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._lock = threading.Condition()
        self._stop = threading.Event()
        self._expected: dict[str, tuple[int, bytes]] = {}
        self._answered = 0
        self.paths: Counter[str] = Counter()
        self.changed = 0

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask from several threads until the block ends."""
        threads = [threading.Thread(target=self._ask, args=(number,), daemon=True) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def phase(self) -> Counter[str]:
        """Let a number of requests go by and return how many each path answered."""
        with self._lock:
            before = Counter(self.paths)
            target = self._answered + REQUESTS_PER_PHASE
            self._lock.wait_for(lambda: self._answered >= target, timeout=30)
            return self.paths - before

    def _ask(self, number: int) -> None:
        with httpx.Client(base_url=self._address) as client:
            while not self._stop.is_set():
                number = number % USERS + 1
                response = client.get(f"/users/{number}")
                answer = (response.status_code, response.content)
                with self._lock:
                    self.changed += self._expected.setdefault(str(response.url), answer) != answer
                    self.paths[response.headers["bridge-path"]] += 1
                    self._answered += 1
                    self._lock.notify_all()


def port_live(address: str, stages: Stages, console: Console) -> bool:
    """
    Move one operation to its native path and back under traffic.

    Returns:
        Whether traffic moved both ways and no answer changed.
    """
    table = Table(title=f"Porting {OPERATION} live", header_style="bold", box=SIMPLE)
    for heading in ("step", "stage", "bridged", "native", "changed answers"):
        table.add_column(heading, justify="left" if heading in {"step", "stage"} else "right")
    clients = Clients(address)
    moved = []
    with clients.asking():
        for step, stage in (("before", "legacy"), ("switched", "native"), ("rolled back", "legacy")):
            stages.set(OPERATION, stage)
            clients.phase()  # requests that had begun before the switch
            seen = clients.phase()
            moved.append(set(seen))
            table.add_row(step, stage, str(seen["bridged"]), str(seen["native"]), str(clients.changed))
    console.print(table)
    return moved == [{"bridged"}, {"native"}, {"bridged"}] and clients.changed == 0
