"""Whether the connections that all processes may open fit what the server accepts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.errors import BudgetExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.database.deployment import Deployment, PgBouncerLimits, ServerLimits

__all__ = ["ConnectionBudget"]

# Unmeasured: a rolling deployment of one host in five needs as much again.
CLOSE: Final = 0.8
SERVER: Final = "the server"


@dataclass(frozen=True, slots=True)
class Account:
    """
    One limit and what is charged to it.

    Attributes:
        limit_name: Whose limit it is.
        needed: Connections.
        limit: Connections.
    """

    limit_name: str
    needed: int
    limit: int

    @property
    def share(self) -> float:
        """How much of the limit is needed; above 1 it does not fit."""
        return self.needed / self.limit if self.limit > 0 else float("inf")


@dataclass(frozen=True, slots=True)
class ConnectionBudget:
    """
    What all processes of a deployment need and what they may have.

    Attributes:
        pool_connections: The most connections of one pool; each process has two.
        deployment: Processes, and what others need.
        server: Limits of the server; None when it has none that we know of.
        pooled: A transaction pooler stands between the pools and the server; listeners pass it by, since it has no sessions.
        pgbouncer: Limits of that pooler; None when they are not known.
    """

    pool_connections: int
    deployment: Deployment
    server: ServerLimits | None = None
    pooled: bool = False
    pgbouncer: PgBouncerLimits | None = None

    @property
    def pools(self) -> int:
        """Connections that the pools of all processes may open."""
        return 2 * self.pool_connections * self.deployment.processes

    @property
    def listeners(self) -> int:
        """Connections that all processes hold outside of their pools."""
        return self.deployment.listeners * self.deployment.processes

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every limit that is known, with what is charged to it."""
        return tuple(self._accounts())

    @property
    def share(self) -> float:
        """How much of the scarcest limit is needed; above 1 it does not fit."""
        return max((account.share for account in self.accounts), default=0.0)

    @property
    def fits(self) -> bool:
        """Whether every connection that may be wanted at once can be had."""
        return self.share <= 1

    @property
    def is_close(self) -> bool:
        """Whether it fits with less than a fifth to spare."""
        return CLOSE < self.share <= 1

    def require(self) -> None:
        """
        Raises:
            BudgetExceeded: It does not fit; the message has the numbers.
        """
        for account in self.accounts:
            if account.share > 1:
                msg = (
                    f"{self._sum()} may need {account.needed} connections, and {account.limit_name} leaves {account.limit}: "
                    f"{self._advice(account)}\n{self.table()}"
                )
                raise BudgetExceeded(msg)

    def __str__(self) -> str:
        return f"{self._verdict()}\n{self.table()}"

    def table(self) -> str:
        """Return the reckoning as text, a line for each item."""
        return "\n".join(f"  {name:<52}{number:>7}" for name, number in self._lines())

    def _verdict(self) -> str:
        if not self.accounts:
            return "connections at most, against limits that are not known:"
        if math.isinf(self.share):
            return "connections at most, of which the limit leaves none:"
        if not self.fits:
            return f"connections at most, {self.share:.0%} of the limit, which do not fit:"
        close = ", which is close" if self.is_close else ""
        return f"connections at most, {self.share:.0%} of the limit{close}:"

    def _accounts(self) -> Iterator[Account]:
        direct = self.pools + self.listeners
        if self.pooled:
            direct = self.listeners
            if self.pgbouncer is not None:
                yield Account("PgBouncer", self.pools, self.pgbouncer.clients)
                direct += self.pgbouncer.to_server
        if self.server is not None and not (self.pooled and self.pgbouncer is None):
            yield Account(SERVER, direct, self.server.usable - self.deployment.reserve)

    def _lines(self) -> Iterator[tuple[str, int | str]]:
        one, all_of_them = self.pool_connections, self.deployment.processes
        where = f"{self.deployment.workers} workers x {self.deployment.hosts} hosts"
        yield f"synchronous pool, {one} x {where}", one * all_of_them
        yield f"asynchronous pool, {one} x {where}", one * all_of_them
        yield f"listeners, {self.deployment.listeners} x {where}", self.listeners
        if self.pooled and self.pgbouncer is None:
            yield "PgBouncer's limits", "unknown"
        elif self.pooled and self.pgbouncer is not None:
            yield "PgBouncer to the server", self.pgbouncer.to_server
        if self.server is not None:
            yield "server: max_connections", self.server.max_connections
            yield "server: reserved for superusers", -self.server.reserved
            if self.server.narrower is not None:
                yield "server: limit of the role or the database", self.server.narrower
        yield "reserve for others", -self.deployment.reserve
        for account in self.accounts:
            yield f"needed from {account.limit_name}", account.needed
            yield f"left by {account.limit_name}", account.limit

    def _sum(self) -> str:
        return (
            f"{self.deployment.workers} workers on {self.deployment.hosts} hosts, each with 2 pools of {self.pool_connections} and "
            f"{self.deployment.listeners} listeners,"
        )

    def _advice(self, account: Account) -> str:
        if self.pooled and account.limit_name == SERVER:  # whatever the pools are, PgBouncer decides
            return "lower PgBouncer's default_pool_size or reserve_pool_size, or raise that limit"
        listeners = 0 if self.pooled else self.deployment.listeners  # which pass it by
        fitting = (account.limit // self.deployment.processes - listeners) // 2
        if fitting < 1:
            return "run fewer workers, or raise that limit"
        return f"give each pool at most {fitting} connections (size + overflow), run fewer workers, or raise that limit"
