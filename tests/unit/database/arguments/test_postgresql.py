"""Connect arguments of PostgreSQL in either driver's words."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from bridge import Database, InvalidConnectArgument
from bridge.database import driver_urls

if TYPE_CHECKING:
    from pathlib import Path

BASE = "postgresql://host/db"
SERVER = "server_settings"


def translated(given: dict[str, Any], environ: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what both drivers are told."""
    urls = driver_urls(BASE, given, environ=environ or {})
    return {**urls.sync.query, **urls.sync_connect_args}, dict(urls.async_connect_args)


@pytest.mark.parametrize(
    ("given", "libpq", "asyncpg"),
    [
        ({"connect_timeout": "7"}, {"connect_timeout": "7"}, {"timeout": 7.0}),
        ({"connect_timeout": 0}, {"connect_timeout": "0"}, {"timeout": None}),
        ({"connect_timeout": "-1"}, {"connect_timeout": "0"}, {"timeout": None}),
        ({"timeout": 2.5}, {"connect_timeout": "3"}, {"timeout": 3.0}),
        ({"timeout": None}, {"connect_timeout": "0"}, {"timeout": None}),
        ({"application_name": "a b"}, {"application_name": "a b"}, {SERVER: {"application_name": "a b"}}),
        ({"fallback_application_name": "a"}, {"fallback_application_name": "a"}, {SERVER: {"application_name": "a"}}),
        ({"client_encoding": "latin1"}, {"client_encoding": "latin1"}, {SERVER: {"client_encoding": "latin1"}}),
        ({"search_path": "a, b"}, {"options": r"-c search_path=a,\ b"}, {SERVER: {"search_path": "a, b"}}),
        ({"options": "-c geqo=off"}, {"options": "-c geqo=off"}, {SERVER: {"geqo": "off"}}),
        ({"options": "-S 64"}, {"options": "-S 64"}, {SERVER: {"options": "-S 64"}}),
        (
            {"options": "-c geqo=off -c a.b=1", "search_path": "x"},
            {"options": "-c geqo=off -c a.b=1 -c search_path=x"},
            {SERVER: {"geqo": "off", "a.b": "1", "search_path": "x"}},
        ),
        (
            {SERVER: {"application_name": "a", "TimeZone": "UTC", "statement_timeout": "5"}},
            {"application_name": "a", "options": "-c timezone=UTC -c statement_timeout=5"},
            {SERVER: {"timezone": "UTC", "statement_timeout": "5", "application_name": "a"}},
        ),
        ({"sslmode": "prefer"}, {"sslmode": "prefer"}, {"ssl": "prefer"}),
        ({"ssl": "verify-ca"}, {"sslmode": "verify-ca"}, {"ssl": "verify-ca"}),
        ({"ssl": False}, {"sslmode": "disable"}, {"ssl": "disable"}),
        ({"ssl": True}, {"sslmode": "verify-full", "sslrootcert": "system"}, {"ssl": True}),
        ({"sslrootcert": "system"}, {"sslrootcert": "system"}, {"ssl": True}),
        (
            {"sslmode": "verify-full", "sslrootcert": "/c a.pem", "sslpassword": "p&w"},
            {"sslmode": "verify-full", "sslrootcert": "/c a.pem", "sslpassword": "p&w"},
            {"ssl": "verify-full", "dsn": "postgresql://?sslpassword=p%26w&sslrootcert=%2Fc+a.pem"},
        ),
        ({"direct_tls": True}, {"sslnegotiation": "direct"}, {"dsn": "postgresql://?sslnegotiation=direct"}),
        ({"direct_tls": False}, {"sslnegotiation": "postgres"}, {"dsn": "postgresql://?sslnegotiation=postgres"}),
        ({"passfile": "/p"}, {"passfile": "/p"}, {"passfile": "/p"}),
        ({"target_session_attrs": "primary"}, {"target_session_attrs": "primary"}, {"target_session_attrs": "primary"}),
        ({"gssencmode": "disable", "sslsni": "1"}, {"gssencmode": "disable", "sslsni": "1"}, {}),
        ({"keepalives": 0}, {"keepalives": "0"}, {}),
        ({"statement_cache_size": "0"}, {}, {"statement_cache_size": 0}),
        ({"prepared_statement_cache_size": 0}, {}, {"prepared_statement_cache_size": 0}),
        ({"max_cached_statement_lifetime": "1.5"}, {}, {"max_cached_statement_lifetime": 1.5}),
        ({"prepared_statement_name_func": str}, {}, {"prepared_statement_name_func": str}),
    ],
    ids=str,
)
def test_an_argument_reaches_each_driver_in_its_own_words(
    given: dict[str, Any], libpq: dict[str, Any], asyncpg: dict[str, Any]
) -> None:
    assert translated(given) == (libpq, asyncpg)


def test_text_in_a_url_is_read_as_the_values_in_python_are() -> None:
    url = driver_urls(
        "postgresql+asyncpg://host/db?ssl=require&timeout=2&statement_cache_size=0&timezone=UTC", environ={}
    )
    assert dict(url.sync.query) == {"sslmode": "require", "connect_timeout": "2", "options": "-c timezone=UTC"}
    assert url.async_connect_args == {
        "ssl": "require", "timeout": 2.0, "statement_cache_size": 0, SERVER: {"timezone": "UTC"},
    }  # fmt: skip
    assert not url.asynchronous.query


def test_connect_args_count_more_than_the_url_in_whichever_words() -> None:
    urls = driver_urls(
        "postgresql://host/db?sslmode=require&search_path=a", {"ssl": False, SERVER: {"search_path": "b"}}
    )
    assert dict(urls.sync.query) == {"sslmode": "disable", "options": "-c search_path=b"}
    assert urls.async_connect_args == {"ssl": "disable", SERVER: {"search_path": "b"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"bogus_argument": "1"}, "'bogus_argument' is unknown"),
        ({"sslmodes": "1"}, "'sslmodes' is unknown: did you mean 'sslmode'"),
        ({"sslmode": "verify"}, "'sslmode' must be one of allow, disable, prefer, require, verify-ca, verify-full"),
        ({"ssl": "true"}, "'ssl' must be one of"),
        ({"ssl": "require", "sslmode": "disable"}, "contradicts another argument, which means 'sslmode' as well"),
        ({"timeout": 5, "connect_timeout": 6}, "contradicts another argument, which means 'connect_timeout'"),
        ({"ssl": ssl.create_default_context()}, "'ssl' has no twin in psycopg2: write sslmode, .* async_connect_args="),
        ({"command_timeout": 5}, "'command_timeout' has no twin in psycopg2: .*statement_timeout.* async_connect_args="),
        ({"connection_class": object}, "'connection_class' has no twin in psycopg2: give it to one engine with async_"),
        ({"cursor_factory": object}, "'cursor_factory' has no twin in asyncpg: give it to one engine with sync_connect"),
        ({"channel_binding": "require"}, "'channel_binding' has no twin in asyncpg: .*sync_connect_args="),
        ({"gssencmode": "require"}, "'gssencmode' has no twin in asyncpg"),
        ({"hostaddr": "127.0.0.1"}, "'hostaddr' has no twin in asyncpg: write the address as the host"),
        ({"load_balance_hosts": "random"}, "'load_balance_hosts' has no twin in asyncpg"),
        ({"require_auth": "scram-sha-256"}, "'require_auth' has no twin in asyncpg"),
        ({"sslcrldir": "/d"}, "'sslcrldir' has no twin in asyncpg: name one file with sslcrl"),
        ({"client_encoding": "auto"}, "'client_encoding' 'auto' has no twin in asyncpg: name the encoding"),
        ({"sslrootcert": "system", "sslmode": "require"}, "'sslrootcert' 'system' needs sslmode=verify-full"),
        ({"sslrootcert": "system", "sslcert": "/c"}, "'sslcert' has no twin in asyncpg: beside sslrootcert=system"),
        ({"connect_timeout": "soon"}, "'connect_timeout' must be a number"),
        ({"connect_timeout": "inf"}, "'connect_timeout' must be a number"),
        ({"timeout": float("nan")}, "'timeout' must be a number"),
        ({"connect_timeout": 10**400}, "'connect_timeout' must be a number"),
        ({"connect_timeout": True}, "'connect_timeout' must be a number"),
        ({"keepalives_idle": "soon"}, "'keepalives_idle' must be a whole number"),
        ({"statement_cache_size": "few"}, "'statement_cache_size' must be a whole number"),
        ({"server_settings": "a=1"}, "'server_settings' must be a mapping"),
        ({"application_name": b"a"}, "'application_name' must be text or a number"),
        ({"application_name": ("a", "b")}, "'application_name' is given more than once"),
        ({"prepare_threshold": 1}, "'prepare_threshold' is unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_to_both_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConnectArgument, match=said):
        translated(given)


@pytest.mark.parametrize(
    ("variable", "value", "asyncpg"),
    [
        ("PGAPPNAME", "a", {SERVER: {"application_name": "a"}}),
        ("PGOPTIONS", "-c geqo=off", {SERVER: {"geqo": "off"}}),
        ("PGTZ", "UTC", {SERVER: {"timezone": "UTC"}}),
        ("PGDATESTYLE", "ISO", {SERVER: {"datestyle": "ISO"}}),
        ("PGCONNECT_TIMEOUT", "3", {"timeout": 3.0}),
        ("PGCLIENTENCODING", "latin1", {SERVER: {"client_encoding": "latin1"}}),
        ("PGSSLMODE", "disable", {"ssl": "disable"}),
        ("PGSSLROOTCERT", "system", {"ssl": True}),
    ],
)
def test_asyncpg_follows_the_environment_that_libpq_reads(variable: str, value: str, asyncpg: dict[str, Any]) -> None:
    # What has a default here has to be said to libpq, too.
    libpq = {"connect_timeout": value} if variable == "PGCONNECT_TIMEOUT" else {}
    assert translated({}, {variable: value}) == (libpq, asyncpg)


def test_an_argument_counts_more_than_the_environment() -> None:
    assert translated({"sslmode": "require"}, {"PGSSLMODE": "disable"})[1] == {"ssl": "require"}


class Refused(Exception):
    """Stands for a server that is not there."""


async def test_arguments_of_one_engine_are_passed_on_as_they_are() -> None:
    database = Database(
        "postgresql://host/db?application_name=both",
        sync_connect_args={"application_name": "sync"},
        async_connect_args={"command_timeout": 5},
    )
    seen = list[dict[str, Any]]()

    def connect(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> None:
        seen.append(options)
        raise Refused

    for engine in (database.sync_engine, database.async_engine.sync_engine):
        event.listen(engine, "do_connect", connect)
    with pytest.raises(Refused):
        database.sync_engine.connect()
    with pytest.raises(Refused):
        await database.async_engine.connect()
    assert seen[0]["application_name"] == "sync"
    assert "command_timeout" not in seen[0]
    assert seen[1]["command_timeout"] == 5
    assert seen[1]["server_settings"] == {"application_name": "both"}


@pytest.mark.parametrize("name", ["statement_cache_size", "command_timeout"])
def test_psycopg_has_nothing_for_what_is_asyncpgs_own(name: str) -> None:
    with pytest.raises(InvalidConnectArgument, match=name):
        driver_urls("postgresql+psycopg://host/db", {name: 1})


@pytest.mark.parametrize(("value", "expected"), [("0", 0), (3, 3), ("none", None), (None, None)])
def test_psycopg_takes_its_own_arguments_on_both_sides(value: object, expected: object) -> None:
    urls = driver_urls("postgresql+psycopg://host/db", {"prepare_threshold": value, "timeout": 3, "ssl": "require"})
    assert urls.sync_connect_args == urls.async_connect_args == {"prepare_threshold": expected}
    assert dict(urls.sync.query) == dict(urls.asynchronous.query) == {"connect_timeout": "3", "sslmode": "require"}


def test_psycopg_takes_what_only_asyncpg_lacks() -> None:
    urls = driver_urls(
        "postgresql+psycopg://host/db?channel_binding=require&hostaddr=127.0.0.1&load_balance_hosts=random"
    )
    assert urls.sync.query == urls.asynchronous.query


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize("word", ["connect_timeout=3", ""])
def test_how_long_to_connect_may_be_said_elsewhere_and_counts_for_both(scheme: str, word: str, tmp_path: Path) -> None:
    """Not said to libpq, it would count less than `StopSettings.connect_timeout`, which is said."""
    (tmp_path / "services").write_text(f"[shop]\n{word}\n")
    environ = {"PGSERVICEFILE": str(tmp_path / "services"), "PGCONNECT_TIMEOUT": "3" if not word else "4"}
    urls = driver_urls(f"{scheme}://host/db?service=shop", environ=environ)
    assert urls.sync_connect_args["connect_timeout"] == "3"
    assert urls.async_connect_args.get("timeout", urls.async_connect_args.get("connect_timeout")) in {3.0, "3"}


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize(
    ("query", "level"),
    [
        ("", None),
        ("?default_transaction_isolation=serializable", "SERIALIZABLE"),
        (r"?options=-c default_transaction_isolation=repeatable\ read", "REPEATABLE READ"),
        (r"?options=-S 128 --default-transaction-isolation=serializable", "UNKNOWN"),
        ("?options=-S 128", None),
    ],
)
def test_an_isolation_level_among_the_arguments_is_noticed(scheme: str, query: str, level: str | None) -> None:
    assert driver_urls(f"{scheme}://host/db{query}", environ={}).isolation_level == level
    assert driver_urls(f"{scheme}://host/db", environ={"PGOPTIONS": query[9:]}).isolation_level == (
        level if query.startswith("?options") else None
    )
