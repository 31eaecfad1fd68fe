"""Settings of the migrated application."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge import ConfigurationError, PoolSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """
    What the composition root needs.

    Attributes:
        database_url: URL of the database both sides use.
        secret_key: Signs the session cookie; the same as the Flask application's, so that a login is valid on both sides.
        pool: Size of each connection pool.
        stages: Stage by operation, for example ``{"GET /users/{user_id}": "native"}``.
        default_stage: Stage of the ported operations that *stages* does not name.
        shared: Keep stages, evidence and differences in the database, for every worker and for the command ``bridge``; its
            ``create-tables`` makes the tables.
        ported: Include the routers; without them every request is served by Flask, as on the first day.
    """

    database_url: str | None
    secret_key: str
    pool: PoolSettings = field(default_factory=PoolSettings)
    stages: Mapping[str, str] = field(default_factory=dict)
    default_stage: str = "legacy"
    shared: bool = False
    ported: bool = True

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """
        Read ``DATABASE_URL``, ``SECRET_KEY``, ``POOL_SIZE``, ``POOL_OVERFLOW``, ``BRIDGE_STAGES``, ``BRIDGE_DEFAULT_STAGE`` and
        ``BRIDGE_SHARED``, which is 1 or 0.

        ``BRIDGE_STAGES`` is a list such as ``GET /users=native; PATCH /users/{user_id}=legacy``.

        Raises:
            ConfigurationError: A value is missing or malformed.
        """
        secret_key = environ.get("SECRET_KEY")
        if not secret_key:
            raise ConfigurationError("SECRET_KEY is not set: give it the value the Flask application uses")
        return cls(
            database_url=environ.get("DATABASE_URL"),
            secret_key=secret_key,
            pool=PoolSettings(size=_integer(environ, "POOL_SIZE", 5), overflow=_integer(environ, "POOL_OVERFLOW", 10)),
            stages=dict(_stage(part) for part in environ.get("BRIDGE_STAGES", "").split(";") if part.strip()),
            default_stage=environ.get("BRIDGE_DEFAULT_STAGE", "legacy"),
            shared=bool(_integer(environ, "BRIDGE_SHARED", 0)),
        )


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        msg = f"{name} is {text!r}, which is not a whole number: set it to one, for example {default}"
        raise ConfigurationError(msg) from None


def _stage(part: str) -> tuple[str, str]:
    operation, separator, stage = part.rpartition("=")
    if not separator:
        msg = f"BRIDGE_STAGES has {part.strip()!r}: write each as 'METHOD /path=stage' and separate them by ';'"
        raise ConfigurationError(msg)
    return operation.strip(), stage.strip()
