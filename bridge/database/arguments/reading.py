"""Read connect arguments of PostgreSQL, in whichever driver's words they come."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from bridge.database.arguments.hosts import read_hosts, read_ports
from bridge.database.arguments.keepalives import KEEPALIVES
from bridge.database.arguments.refusal import no_twin, number, one_of, refusal, whole
from bridge.database.arguments.words import (
    ASYNCPG_CACHES,
    ASYNCPG_ONLY,
    CLIENT_SETTINGS,
    KNOWN,
    LIBPQ,
    PSYCOPG,
    PSYCOPG2_ONLY,
    SETTINGS,
    SYNONYMS,
)

__all__ = ["SSL_MODES", "Arguments", "read_arguments"]

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
FLOATS = {"max_cached_statement_lifetime"}


@dataclass(slots=True, repr=False)
class Arguments:
    """
    What was asked for. Has no text form: the values may be secrets.

    Attributes:
        words: Parameters of libpq.
        settings: Settings of the server, by lower-case name.
        asyncpg: Arguments that concern nothing but asyncpg's own caches.
        psycopg: Arguments of psycopg 3 that are no parameters of libpq.
    """

    words: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    asyncpg: dict[str, Any] = field(default_factory=dict)
    psycopg: dict[str, Any] = field(default_factory=dict)

    def over(self, other: Arguments) -> Arguments:
        """Return these, and those of *other* that are not among them."""
        return Arguments(
            words=other.words | self.words,
            settings=other.settings | self.settings,
            asyncpg=other.asyncpg | self.asyncpg,
            psycopg=other.psycopg | self.psycopg,
        )

    def set_word(self, word: str, value: str, *, given_as: str) -> None:
        """
        Take *value* for a parameter of libpq.

        Raises:
            InvalidConnectArgument: It has another value already, from an argument of the same meaning.
        """
        if self.words.setdefault(word, value) != value:
            raise refusal(
                given_as, f"contradicts another argument, which means {word!r} as well: leave one of them out"
            )


def read_arguments(given: Mapping[str, object], driver: str) -> Arguments:
    """
    Read the arguments of one source.

    Args:
        given: Names as the user wrote them; values as text or, from Python, as what the drivers take.
        driver: SQLAlchemy's name of the pair's synchronous driver.

    Raises:
        InvalidConnectArgument: An argument is unknown, malformed, contradictory or without a twin.
    """
    found = Arguments()
    for name, value in given.items():
        if name in {"host", "port"}:
            _read_address(found, name, value)
        elif isinstance(value, tuple):
            raise refusal(name, "is given more than once")
        elif name == "server_settings":
            _read_settings(found, value)
        elif name in SYNONYMS:
            _read_synonym(found, name, value, driver)
        elif name in SETTINGS:
            found.settings[name] = _text(name, value)
        elif name in LIBPQ:
            found.set_word(name, _checked(name, value), given_as=name)
        else:
            _read_special(found, name, value, driver)
    return found


def _read_address(found: Arguments, name: str, value: object) -> None:
    if name == "port":
        found.set_word("port", ",".join(read_ports(value)), given_as=name)
        return
    hosts, ports = read_hosts(value)
    found.set_word("host", ",".join(hosts), given_as=name)
    if ports:
        found.set_word("port", ",".join(read_ports(ports)), given_as=name)


def _read_settings(found: Arguments, value: object) -> None:
    if not isinstance(value, Mapping):
        raise refusal("server_settings", "must be a mapping of names to text, given with connect_args")
    for key, each in value.items():
        setting = str(key).lower()
        if setting in CLIENT_SETTINGS:
            found.set_word(setting, _text(setting, each), given_as=f"server_settings[{setting!r}]")
        else:
            found.settings[setting] = _text(setting, each)


def _read_synonym(found: Arguments, name: str, value: object, driver: str) -> None:
    if name == "timeout":
        # libpq counts whole seconds; 0 is no limit there, and None here.
        seconds = 0 if value is None else max(0, math.ceil(number(name, value)))
        found.set_word("connect_timeout", str(seconds), given_as=name)
    elif name == "direct_tls":
        found.set_word("sslnegotiation", "direct" if value is True else "postgres", given_as=name)
    elif name != "ssl":
        found.set_word(SYNONYMS[name], _text(name, value), given_as=name)
    elif isinstance(value, bool):
        # True is asyncpg's short form for the system's certificates and a checked host name.
        found.set_word("sslmode", "verify-full" if value else "disable", given_as=name)
        if value:
            found.set_word("sslrootcert", "system", given_as=name)
    elif isinstance(value, str):
        found.set_word("sslmode", one_of(name, value, SSL_MODES), given_as=name)
    else:
        raise no_twin(name, of=driver, instead="write sslmode, sslrootcert, sslcert and sslkey for both; or ")


def _read_special(found: Arguments, name: str, value: object, driver: str) -> None:
    if name in PSYCOPG and driver == "psycopg":
        # From a URL it comes as text; psycopg wants a number, or None for never.
        is_none = value is None or str(value).lower() == "none"
        found.psycopg[name] = value if name != "prepare_threshold" else None if is_none else whole(name, value)
    elif name in ASYNCPG_CACHES and driver == "psycopg2":
        found.asyncpg[name] = (
            value if callable(value) else number(name, value) if name in FLOATS else whole(name, value)
        )
    elif name in ASYNCPG_CACHES:
        raise refusal(name, "is asyncpg's: with psycopg, prepare_threshold says what is prepared")
    elif name in ASYNCPG_ONLY:
        raise no_twin(name, of=driver, instead=ASYNCPG_ONLY[name])
    elif name in PSYCOPG2_ONLY:
        raise no_twin(name, of="asyncpg")
    else:
        near = get_close_matches(name, sorted(KNOWN), n=1)
        meant = f"did you mean {near[0]!r}?" if near else "see docs/reference/database-urls.md for those there are"
        raise refusal(name, f"is unknown: {meant}")


def _checked(name: str, value: object) -> str:
    if name == "sslmode":
        return one_of(name, value, SSL_MODES)
    if name in KEEPALIVES:
        return str(whole(name, int(value) if isinstance(value, bool) else value))
    if name == "connect_timeout":
        return str(max(0, math.ceil(number(name, value))))
    return _text(name, value)


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, (str, int, float)):
        return str(value)
    raise refusal(name, "must be text or a number")
