"""How many connections each engine may open, stated once for both."""

from __future__ import annotations

from dataclasses import dataclass

from bridge.errors import InvalidPoolSize

__all__ = ["PoolSettings"]


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """
    Size and behaviour of a connection pool; the synchronous and the asynchronous engine each get one like it.

    Attributes:
        size: Connections kept open.
        overflow: Connections opened beyond *size* under load and closed afterwards.
        timeout: Seconds to wait for a connection before the request fails.
        recycle: Seconds after which a connection is replaced at checkout; -1 for never.
        pre_ping: Test a connection at checkout, so that one the server closed is replaced instead of failing a request.
    """

    size: int = 5
    overflow: int = 10
    timeout: float = 30.0
    recycle: int = -1
    pre_ping: bool = True

    def __post_init__(self) -> None:
        if self.size < 1 or self.overflow < 0:
            msg = (
                f"pool size {self.size} with overflow {self.overflow} cannot serve a request: "
                "the size must be at least 1 and the overflow at least 0"
            )
            raise InvalidPoolSize(msg)

    @property
    def connections(self) -> int:
        """The most connections this pool ever holds open."""
        return self.size + self.overflow
