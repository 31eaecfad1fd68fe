"""How many connections each engine may open and how they behave, stated once for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from bridge.database.idle_ping import ping_idle
from bridge.database.schema_change import retry_after_ddl
from bridge.database.session_reset import refuse_session_state, reset_session_state
from bridge.database.transaction_pooler import prepare_nothing
from bridge.errors import ConfigurationError, InvalidPoolSize

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

__all__ = ["PoolSettings", "configure_pool", "refuse_pool_options"]

SessionStatePolicy: TypeAlias = Literal["reset", "always", "keep", "refuse"]
RESETS: Final = ("reset", "always")
POLICIES: Final = (None, *RESETS, "keep", "refuse")
# Arguments of create_engine, and what to write instead. The capacity and the connection budget follow the settings.
INSTEAD: Final = {
    "pool_size": "PoolSettings(size=...)",
    "max_overflow": "PoolSettings(overflow=...)",
    "pool_timeout": "PoolSettings(timeout=...)",
    "pool_recycle": "PoolSettings(recycle=...)",
    "pool_pre_ping": "PoolSettings(pre_ping=...)",
    "poolclass": "PoolSettings, since both engines have queues",
    "creator": "a do_connect listener on either engine, since they do not open the same connections",
    "async_creator": "async_connect_args={'async_creator_fn': ...}",
}


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
        ping_after: Seconds without use after which the test is a round trip; before, a look at the socket does. 0 is always.
        session_state: What becomes of settings, temporary tables, session locks and the like that a unit of work leaves on its
            connection: ``reset`` when one was seen, reset ``always``, ``keep``, or ``refuse`` the statement. None is ``refuse``
            behind a transaction pooler, else ``reset``.
        transaction_pooler: The server is reached through a pooler in transaction mode, such as PgBouncer's: prepare no statements.
            None is not, with a warning at start-up when there is a pooler of whatever mode.
    """

    size: int = 5
    overflow: int = 10
    timeout: float = 30.0
    recycle: int = -1
    pre_ping: bool = True
    # Longer than the pauses of a busy pool, and shorter than any idle timeout of a proxy or firewall (30 s and up).
    ping_after: float = 5.0
    session_state: SessionStatePolicy | None = None
    transaction_pooler: bool | None = None

    def __post_init__(self) -> None:
        if self.size < 1 or self.overflow < 0:
            msg = (
                f"pool size {self.size} with overflow {self.overflow} cannot serve a request: "
                "the size must be at least 1 and the overflow at least 0"
            )
            raise InvalidPoolSize(msg)
        if self.ping_after < 0:
            msg = f"ping_after is {self.ping_after}, which is no time: give seconds, and 0 to ping at every checkout"
            raise ConfigurationError(msg)
        if self.session_state not in POLICIES or (self.transaction_pooler and self.session_state in RESETS):
            msg = (
                f"session_state {self.session_state!r} does not work with transaction_pooler={self.transaction_pooler}: choose one of "
                "'reset', 'always', 'keep' and 'refuse', and not the first two behind a transaction pooler, which has no sessions"
            )
            raise ConfigurationError(msg)

    @property
    def connections(self) -> int:
        """The most connections this pool ever holds open."""
        return self.size + self.overflow


def configure_pool(engine: Engine, settings: PoolSettings) -> None:
    """
    Give *engine*, or the synchronous face of an asynchronous one, the behaviour that *settings* asks for.

    Its size and timeouts are arguments of `sqlalchemy.create_engine`.
    """
    if settings.pre_ping:
        ping_idle(engine, after=settings.ping_after)
    if settings.transaction_pooler:
        prepare_nothing(engine)
    policy = settings.session_state or ("refuse" if settings.transaction_pooler else "reset")
    if policy == "refuse":
        refuse_session_state(engine)
    elif policy != "keep":
        reset_session_state(engine, always=policy == "always")
    retry_after_ddl(engine)


def refuse_pool_options(options: Iterable[str]) -> None:
    """
    Refuse arguments of `sqlalchemy.create_engine` that would make another pool than the settings say, or another for one engine.

    Args:
        options: Their names.

    Raises:
        ConfigurationError: One of them would.
    """
    for name in options:
        if name in INSTEAD:
            msg = f"Database takes no {name!r}, because its capacity and connection budget follow its pool settings: write {INSTEAD[name]}"
            raise ConfigurationError(msg)
