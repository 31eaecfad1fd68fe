"""How much is checked, and what a check may cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from bridge.errors import InvalidShadowSetting
from bridge.shadow.comparing import CompareOptions

__all__ = ["CheckOptions", "CheckSettings"]

KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """
    How much is checked, and what a check may cost. The limits are those of one process.

    Attributes:
        sample: Share of the requests at stage shadow or verify that are checked, from 0 to 1; an operation may have its own.
        per_second: Most checks that begin in one second, of all operations together.
        concurrency: Checks that run at once. Each takes at most two connections of the asynchronous pool and one token.
        queue: Requests that may wait to be checked; the next is not checked.
        max_age: Seconds that a request may wait to be checked.
        deadline: Seconds that each run of a path may take.
        max_body_bytes: Largest request and response body that is compared, in bytes.
        busy_above: Share of one core that this process may use, checks included, before nothing new is checked; half of it where no moment
            without callers is found.
        patience: Seconds that a check waits for moments without callers, before it begins and again in each run of a path; then it goes on
            beside them.
        write_deadline: Seconds that the port may take where writes are checked, which the caller waits for. Together with
            *write_lock_timeout* below the server's ``deadlock_timeout``, so that nobody who waits for the port finds a deadlock.
        write_lock_timeout: Seconds that each of the port's statements may wait for a lock then.
        allowed_hosts: What a path that is checked may reach besides the database: ``host``, ``host:port``, or the path of a Unix socket.
    """

    sample: float = 1.0
    per_second: float = 100.0
    concurrency: int = 1
    queue: int = 100
    max_age: float = 5.0
    deadline: float = 10.0
    max_body_bytes: int = 256 * KIB
    busy_above: float = 0.9
    patience: float = 0.25
    # PostgreSQL looks for a deadlock after 1 s: https://www.postgresql.org/docs/current/runtime-config-locks.html
    write_deadline: float = 0.5
    write_lock_timeout: float = 0.2
    allowed_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_share(self.sample)
        for name in ("concurrency", "queue"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}, but nothing could be checked with less than 1: set sample=0 for that"
                raise InvalidShadowSetting(msg)
        for name in (
            "per_second",
            "max_age",
            "deadline",
            "max_body_bytes",
            "busy_above",
            "patience",
            "write_deadline",
            "write_lock_timeout",
        ):
            if getattr(self, name) < 0:
                msg = f"{name} is {getattr(self, name)}, but cannot be negative"
                raise InvalidShadowSetting(msg)


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """
    How one operation is checked.

    Attributes:
        sample: Share of its requests that are checked, from 0 to 1; None for that of the `CheckSettings`.
        writes: Check requests of unsafe methods too: the port runs first, in a savepoint that is rolled back.
        one_connection: Where writes are checked, run the legacy function on the event loop, in the transaction that the port began, so that
            both see one ``now()``. Otherwise it runs as always, after the port's transaction was rolled back.
        compare: What is compared, and what is excused.
    """

    sample: float | None = None
    writes: bool = False
    one_connection: bool = True
    compare: CompareOptions = field(default_factory=CompareOptions)

    def __post_init__(self) -> None:
        if self.sample is not None:
            _check_share(self.sample)


def _check_share(sample: float) -> None:
    if not 0 <= sample <= 1:
        msg = f"sample is {sample}, but a share of requests lies between 0 and 1"
        raise InvalidShadowSetting(msg)
