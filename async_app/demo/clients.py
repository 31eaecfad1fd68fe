"""Clients that keep asking while an operation moves."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx

from async_app.demo.application import CLIENT_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Clients"]

THREADS: Final = 4
CLIENTS: Final = 40
USERS: Final = 400
PAUSE_S: Final = 0.02
POLL_S: Final = 0.1
PATIENCE_S: Final = 90.0


class Clients:
    """
    A few clients that keep asking, and notice any answer that differs from the first one they got.

    Attributes:
        paths: Answers by the path that gave them.
        wrong: Answers that differed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: dict[str, tuple[int, bytes]] = {}
        self.paths: Counter[str] = Counter()
        self.wrong = 0

    @contextmanager
    def asking(self, address: str) -> Iterator[None]:
        """Ask the server at *address* from several threads until the block ends."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._ask, args=(address, stop), daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def until(self, reached: Callable[[], bool]) -> Counter[str]:
        """
        Go on asking until something is *reached*.

        Returns:
            The answers meanwhile, by path.

        Raises:
            TimeoutError: It was not within a minute and a half.
        """
        before = Counter(self.paths)
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            if time.monotonic() > deadline:
                msg = f"the demo waited for {PATIENCE_S:.0f} s in vain: is the machine very busy?"
                raise TimeoutError(msg)
            time.sleep(POLL_S)
        return self.paths - before

    def _ask(self, address: str, stop: threading.Event) -> None:
        chance = random.Random()  # noqa: S311  which user is read, no secret
        with httpx.Client(base_url=address, timeout=30) as client:
            while not stop.wait(PAUSE_S):
                path = f"/users/{chance.randint(1, USERS)}"
                response = client.get(path, headers={CLIENT_HEADER: f"client {chance.randrange(CLIENTS)}"})
                answer = (response.status_code, response.content)
                with self._lock:
                    self.wrong += self._expected.setdefault(path, answer) != answer
                    self.paths[response.headers["bridge-path"]] += 1
