"""How many processes share a database server, and what it and its pooler let them open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Deployment", "PgBouncerLimits", "ServerLimits"]


@dataclass(frozen=True, slots=True)
class PgBouncerLimits:
    """
    What PgBouncer lets its clients open.

    Attributes:
        default_pool_size: Connections to the server that one PgBouncer keeps for one pair of user and database.
        max_client_conn: Connections that one PgBouncer accepts.
        reserve_pool_size: Connections to the server beyond the pool under load.
        instances: PgBouncers in front of the server; the clients are spread evenly.
    """

    default_pool_size: int = 20
    max_client_conn: int = 100
    reserve_pool_size: int = 0
    instances: int = 1

    def __post_init__(self) -> None:
        if min(self.default_pool_size, self.max_client_conn, self.instances) < 1 or self.reserve_pool_size < 0:
            msg = (
                f"{self.instances} PgBouncers with a default_pool_size of {self.default_pool_size}, a reserve_pool_size of "
                f"{self.reserve_pool_size} and a max_client_conn of {self.max_client_conn} can serve nobody: the reserve must be at "
                "least 0, and the others at least 1"
            )
            raise ConfigurationError(msg)

    @property
    def to_server(self) -> int:
        """The most connections that all instances open to the server."""
        return (self.default_pool_size + self.reserve_pool_size) * self.instances

    @property
    def clients(self) -> int:
        """The most connections that all instances accept."""
        return self.max_client_conn * self.instances


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """
    What the database server accepts, from anybody.

    Attributes:
        max_connections: Connections, whoever opens them.
        reserved: How many of them it keeps for superusers and for roles that may use reserved ones.
        narrower: The limit of the role or of the database, whichever is less; None when neither has one.
    """

    max_connections: int
    reserved: int = 0
    narrower: int | None = None

    @property
    def usable(self) -> int:
        """Connections that a plain role may open."""
        usable = self.max_connections - self.reserved
        return usable if self.narrower is None else min(usable, self.narrower)


@dataclass(frozen=True, slots=True)
class Deployment:
    """
    How many processes open connections, and what others need.

    Attributes:
        workers: Processes on each host.
        hosts: Hosts, counting those of a deployment that is being replaced while both run.
        reserve: Connections that anything else may need: the old deployment, scheduled jobs, a console.
        listeners: Connections outside of the pools that each process holds open.
        pgbouncer: Limits of the PgBouncer in front; None reads them from its admin console where it lets us.
    """

    workers: int = 1
    hosts: int = 1
    reserve: int = 0
    listeners: int = 1
    pgbouncer: PgBouncerLimits | None = None

    def __post_init__(self) -> None:
        if self.workers < 1 or self.hosts < 1 or self.reserve < 0 or self.listeners < 0:
            msg = (
                f"{self.workers} workers on {self.hosts} hosts, with a reserve of {self.reserve} and {self.listeners} listeners, is no "
                "deployment: there must be at least 1 worker and 1 host, and nothing may be negative"
            )
            raise ConfigurationError(msg)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Deployment:
        """
        Read ``WEB_CONCURRENCY``, from which uvicorn and gunicorn take their number of workers; 1 where it is not set.

        Raises:
            ConfigurationError: It is not a number of workers.
        """
        text = environ.get("WEB_CONCURRENCY") or "1"
        if not text.isdecimal():
            msg = f"WEB_CONCURRENCY is {text!r}, which is not a number of workers: set it to a whole number, for example 4"
            raise ConfigurationError(msg)
        return cls(workers=int(text))

    @property
    def processes(self) -> int:
        """All processes on all hosts."""
        return self.workers * self.hosts
