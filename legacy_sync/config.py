"""Reading and checking of settings: an explicit mapping first, environment variables as fallback."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Mapping

SUPPORTED_DRIVERS: Final = {
    # SQLAlchemy 2.1 maps a bare "postgresql" to psycopg 3; this application is deployed with psycopg2.
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
}


class ConfigurationError(ValueError):
    """A setting is missing or unusable. The message never repeats a secret."""


@dataclass(frozen=True, slots=True)
class PasswordCost:
    """Argon2id work factors; ``memory_cost_kib`` is in KiB."""

    time_cost: int
    memory_cost_kib: int


# OWASP's recommended minimum for argon2id with one lane.
PRODUCTION_COST: Final = PasswordCost(time_cost=2, memory_cost_kib=19456)
# The least argon2 accepts: for test suites that create many users, never for real accounts.
FAST_COST: Final = PasswordCost(time_cost=1, memory_cost_kib=8)
PASSWORD_PROFILES: Final = {"production": PRODUCTION_COST, "fast": FAST_COST}


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything ``create_app`` needs. Exactly one of ``engine`` and ``database_url`` is set."""

    secret_key: str
    password_cost: PasswordCost
    engine: Engine | None
    database_url: URL | None


def read_settings(config: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    """Merge ``config`` over ``environ``. Raises ConfigurationError."""
    values: Mapping[str, Any] = ChainMap(dict(config), dict(environ))
    engine = _shared_engine(config.get("ENGINE"))
    return Settings(
        secret_key=_secret_key(values),
        password_cost=read_password_cost(values),
        engine=engine,
        database_url=read_database_url(values) if engine is None else None,
    )


def read_database_url(values: Mapping[str, Any]) -> URL:
    """DATABASE_URL with an explicit synchronous driver. Raises ConfigurationError, never showing the URL."""
    raw = values.get("DATABASE_URL")
    if not raw:
        message = "DATABASE_URL is not set; use postgresql://user:password@host/name or sqlite:////path/to/file"
        raise ConfigurationError(message)
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):
        # The parser's own message can quote parts of the URL, so it is not chained.
        message = "DATABASE_URL is not a database URL of the form scheme://user:password@host:port/name"
        raise ConfigurationError(message) from None
    driver = SUPPORTED_DRIVERS.get(url.drivername)
    if driver is None:
        message = f"DATABASE_URL must use one of {', '.join(SUPPORTED_DRIVERS)}"
        raise ConfigurationError(message)
    return url.set(drivername=driver)


def read_password_cost(values: Mapping[str, Any]) -> PasswordCost:
    """ARGON2_PROFILE (production or fast), refined by ARGON2_TIME_COST and ARGON2_MEMORY_COST_KIB."""
    profile = PASSWORD_PROFILES.get(values.get("ARGON2_PROFILE") or "production")
    if profile is None:
        message = f"ARGON2_PROFILE must be one of {', '.join(PASSWORD_PROFILES)}"
        raise ConfigurationError(message)
    return PasswordCost(
        time_cost=_whole_number(values, "ARGON2_TIME_COST", default=profile.time_cost, least=FAST_COST.time_cost),
        memory_cost_kib=_whole_number(
            values, "ARGON2_MEMORY_COST_KIB", default=profile.memory_cost_kib, least=FAST_COST.memory_cost_kib
        ),
    )


def _secret_key(values: Mapping[str, Any]) -> str:
    secret_key = values.get("SECRET_KEY")
    if not isinstance(secret_key, str) or not secret_key:
        message = "SECRET_KEY is not set; it signs the login cookie and must be a long random string"
        raise ConfigurationError(message)
    return secret_key


def _shared_engine(candidate: object) -> Engine | None:
    if candidate is None:
        return None
    if not isinstance(candidate, Engine) or candidate.dialect.is_async:
        message = "ENGINE must be a synchronous sqlalchemy.Engine"
        raise ConfigurationError(message)
    return candidate


def _whole_number(values: Mapping[str, Any], name: str, *, default: int, least: int) -> int:
    raw = values.get(name)
    if raw is None or raw == "":
        return default
    try:
        number = int(raw)
    except (TypeError, ValueError):
        number = least - 1
    if number < least:
        message = f"{name} must be a whole number of at least {least}"
        raise ConfigurationError(message)
    return number
