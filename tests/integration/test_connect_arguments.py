"""A real PostgreSQL server finds the same session behind both engines, whatever the URL said."""

from __future__ import annotations

import os
import socket
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import pytest
from anyio import to_thread
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from bridge import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.tls_postgres import TLSServer

PAIRS = pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
SESSION = text(
    "SELECT current_setting('application_name'), current_setting('search_path'), current_setting('TimeZone'), "
    "current_setting('statement_timeout'), current_setting('client_encoding'), current_setting('geqo'), "
    "current_setting('work_mem'), current_setting('default_transaction_read_only'), current_database(), "
    "coalesce(current_setting('some.thing', true), 'none'), "
    "(SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), "
    "(SELECT client_dn IS NOT NULL FROM pg_stat_ssl WHERE pid = pg_backend_pid())"
)


async def sessions(database: Database) -> list[Any]:
    """Return what the server says of the session of each engine, or that there is none."""
    found = list[Any]()

    def on_thread() -> Any:
        with database.sync_engine.connect() as connection:
            return tuple(connection.execute(SESSION).one())

    try:
        found.append(await to_thread.run_sync(on_thread))
    except DBAPIError:
        found.append("refused")
    # asyncpg's own errors of connecting come as they are.
    with suppress(DBAPIError, OSError):
        async with database.async_engine.connect() as connection:
            found.append(tuple((await connection.execute(SESSION)).one()))
    await database.dispose()
    return found if len(found) == 2 else [*found, "refused"]


def url_of(scheme: str, url: str, query: str) -> str:
    shown = make_url(url).set(drivername=scheme).render_as_string(hide_password=False)
    return f"{shown}{'&' if '?' in shown else '?'}{query}"


@PAIRS
@pytest.mark.parametrize(
    ("query", "connect_args", "seen"),
    [
        ("", {}, {4: "UTF8"}),
        ("application_name=the shop", {}, {0: "the shop"}),
        ("fallback_application_name=shop", {}, {0: "shop"}),
        ("client_encoding=latin1", {}, {4: "LATIN1"}),
        ("search_path=a,public&timezone=Asia/Tokyo&statement_timeout=1234", {}, {1: "a,public", 2: "Asia/Tokyo"}),
        ("options=-c statement_timeout=5s -cgeqo=off --default-transaction-read-only=on", {}, {3: "5s", 5: "off", 7: "on"}),
        ('options=-c search_path="a\\ \\\\b",public', {}, {1: '"a \\b",public'}),
        ("options=-c geqo=off -S 128", {}, {5: "off", 6: "128kB"}),
        ("options=-c statement_timeout=1&statement_timeout=2000", {}, {3: "2s"}),
        ("options=-c application_name=lost&application_name=kept", {}, {0: "kept"}),
        ("", {"server_settings": {"some.thing": "a\\b c", "TimeZone": "Asia/Tokyo"}}, {9: "a\\b c", 2: "Asia/Tokyo"}),
        ("application_name=url", {"application_name": "arguments"}, {0: "arguments"}),
        ("application_name=url", {"server_settings": {"application_name": "arguments"}}, {0: "arguments"}),
        ("options=-c no_such_setting=1", {}, "refused"),
        ("options=-c", {}, "refused"),
        ("statement_timeout=long", {}, "refused"),
        ("client_encoding=klingon", {}, "refused"),
    ],
)  # fmt: skip
async def test_both_sessions_are_set_up_alike(
    scheme: str, query: str, connect_args: dict[str, Any], seen: dict[int, str] | str, database_url: str
) -> None:
    sync, asynchronous = await sessions(Database(url_of(scheme, database_url, query), connect_args=connect_args))
    assert sync == asynchronous
    assert sync == seen if isinstance(seen, str) else {index: sync[index] for index in seen} == seen


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20))
async def test_any_value_of_a_setting_arrives_as_it_is(value: str, database_url: str) -> None:
    database = Database(database_url, connect_args={"server_settings": {"some.thing": value}})
    sync, asynchronous = await sessions(database)
    assert sync[9] == asynchronous[9] == value


async def test_the_environment_and_a_service_count_for_both(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_url(database_url)
    (tmp_path / "services").write_text(
        f"[shop]\nhost={url.query.get('host', url.host)}\ndbname={url.database}\nuser={url.username}\n"
        f"{f'port={url.port}' if url.port else ''}\n{f'password={url.password}' if url.password else ''}\n"
        "application_name=from the service\n"
    )
    monkeypatch.setenv("PGSERVICEFILE", str(tmp_path / "services"))
    monkeypatch.setenv("PGSERVICE", "shop")
    monkeypatch.setenv("PGOPTIONS", "-c geqo=off")
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    sync, asynchronous = await sessions(Database("postgresql://"))
    assert sync == asynchronous
    assert (sync[0], sync[2], sync[5], sync[8]) == ("from the service", "Asia/Tokyo", "off", url.database)


TLS_QUERIES = [
    "",
    *(f"sslmode={mode}" for mode in ("disable", "allow", "prefer", "require")),
    *(f"sslmode={mode}&sslrootcert={{0}}/{ca}.pem" for mode in ("require", "verify-ca", "verify-full") for ca in ("ca", "other")),
    "sslmode=verify-full&sslrootcert={0}/missing.pem",
    "sslmode=verify-full&sslrootcert={0}/ca.pem&sslcert={0}/client.pem&sslkey={0}/client.key",
    "sslrootcert=system",
    "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.3",
    "ssl=require",
]  # fmt: skip


@PAIRS
@pytest.mark.parametrize("query", TLS_QUERIES)
async def test_tls_is_the_same_on_both_sides(scheme: str, query: str, tls_server: TLSServer) -> None:
    """For users who may, must, must not or need a certificate to use it, and for a host the certificate does not name."""
    outcomes = list[Any]()
    for user, host in [(user, "localhost") for user in ("tester", "plain", "encrypted", "certified")] + [("tester", "127.0.0.1")]:  # fmt: skip
        url = tls_server.url(query.format(tls_server.directory), user=user, host=host)
        sync, asynchronous = await sessions(Database(url_of(scheme, url, "")))
        assert sync == asynchronous, (user, host)
        outcomes.append(sync if isinstance(sync, str) else sync[10:])
    expected = {
        "sslmode=disable": [(False, False), (False, False), "refused", "refused", (False, False)],
        "sslmode=require": [(True, False), "refused", (True, False), "refused", (True, False)],
        TLS_QUERIES[-4]: [(True, True), "refused", (True, True), (True, True), "refused"],
        TLS_QUERIES[6]: ["refused"] * 5,
    }  # fmt: skip
    assert outcomes == expected.get(query, outcomes)


def test_the_table_of_expectations_names_queries_that_are_there() -> None:
    assert "client.key" in TLS_QUERIES[-4]
    assert "other.pem" in TLS_QUERIES[6]


KEEPALIVES = {
    "SO_KEEPALIVE": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
    "TCP_KEEPIDLE": (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE),
    "TCP_KEEPINTVL": (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL),
    "TCP_KEEPCNT": (socket.IPPROTO_TCP, socket.TCP_KEEPCNT),
    "TCP_USER_TIMEOUT": (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT),
}


def watched(descriptor: int) -> dict[str, int]:
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        return {name: copy.getsockopt(*option) for name, option in KEEPALIVES.items()}


@pytest.mark.parametrize("tls", ["disable", "require"])
@pytest.mark.parametrize(
    "query",
    [
        "keepalives=1",
        "keepalives=0",
        "keepalives_idle=31&keepalives_interval=7&keepalives_count=4&tcp_user_timeout=12345",
        "keepalives=0&keepalives_idle=31&tcp_user_timeout=12345",
        "keepalives_idle=31&tcp_user_timeout=-5",
    ],
)
async def test_both_sockets_are_watched_alike(query: str, tls: str, tls_server: TLSServer) -> None:
    database = Database(tls_server.url(f"{query}&sslmode={tls}"))
    with database.sync_engine.connect() as connection:
        sync = watched(connection.connection.driver_connection.fileno())  # type: ignore[union-attr]  # it is connected
    async with database.async_engine.connect() as async_connection:
        driver: Any = (await async_connection.get_raw_connection()).driver_connection
        asynchronous = watched(driver._transport.get_extra_info("socket").fileno())
    await database.dispose()
    assert sync == asynchronous


async def test_a_unix_socket_is_not_watched(database_url: str) -> None:
    sync, asynchronous = await sessions(Database(url_of("postgresql", database_url, "keepalives_idle=31")))
    assert sync == asynchronous != "refused"


@pytest.fixture
def silence() -> Iterator[int]:
    """Yield the port of a server that accepts and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def full() -> Iterator[int]:
    """Yield the port of a server whose line of callers is full, so that the kernel does not answer."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        with suppress(TimeoutError):
            while True:
                caller = stack.enter_context(socket.socket())
                caller.settimeout(0.2)
                caller.connect(server.getsockname())
        yield server.getsockname()[1]


@PAIRS
@pytest.mark.parametrize("words", ["connect_timeout=1", "timeout=0.7"])
async def test_both_give_up_a_silent_server_at_the_same_time(scheme: str, words: str, silence: int) -> None:
    await assert_both_wait_as_long(Database(f"{scheme}://user:word@127.0.0.1:{silence}/name?{words}"))


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "mysql"])
async def test_both_give_up_a_server_that_cannot_be_reached_at_the_same_time(scheme: str, full: int) -> None:
    await assert_both_wait_as_long(Database(f"{scheme}://user:word@127.0.0.1:{full}/name?connect_timeout=1"))


async def assert_both_wait_as_long(database: Database) -> None:
    took = list[float]()

    def on_thread() -> None:
        with pytest.raises(DBAPIError):
            database.sync_engine.connect()

    start = time.monotonic()
    await to_thread.run_sync(on_thread)
    took.append(time.monotonic() - start)
    start = time.monotonic()
    with pytest.raises((DBAPIError, OSError)):
        await database.async_engine.connect()
    took.append(time.monotonic() - start)
    await database.dispose()
    seconds = 2 if database.pair.sync == "psycopg" else 1  # psycopg waits for two at least
    assert all(seconds - 0.1 < each < seconds + 0.9 for each in took), took


@PAIRS
async def test_the_next_server_is_asked_where_the_first_refuses(scheme: str, tls_server: TLSServer) -> None:
    query = f"host=127.0.0.1:1&host=localhost:{tls_server.port}&target_session_attrs=read-write"
    sync, asynchronous = await sessions(Database(f"{scheme}://tester@/postgres?{query}"))
    assert sync == asynchronous != "refused"
    forms = f"{scheme}://tester@127.0.0.1:1,localhost:{tls_server.port}/postgres?target_session_attrs=standby"
    assert await sessions(Database(forms)) == ["refused", "refused"]


@PAIRS
async def test_a_password_file_is_read_on_both_sides(scheme: str, tls_server: TLSServer, tmp_path: Path) -> None:
    passfile = tmp_path / "passwords"
    passfile.write_text("*:*:*:tester:word\n")
    passfile.chmod(0o600)
    sync, asynchronous = await sessions(Database(url_of(scheme, tls_server.url(), f"passfile={passfile}")))
    assert sync == asynchronous != "refused"
