"""One URL, two drivers."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from bridge import Database, InvalidDatabaseURL
from bridge.database import driver_urls

# Long enough not to be part of the message by chance, and free of what only URL quoting could carry.
SECRETS = st.text(string.ascii_letters + string.digits + "é日", min_size=8).map(lambda text: f"s3cr{text}t")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2", "postgresql+asyncpg"])
def test_every_spelling_of_postgresql_gives_both_drivers(scheme: str) -> None:
    urls = driver_urls(f"{scheme}://user:word@host:5433/name?application_name=x")
    assert urls.sync.render_as_string(hide_password=False) == (
        "postgresql+psycopg2://user:word@host:5433/name?application_name=x"
    )
    assert urls.asynchronous.render_as_string(hide_password=False) == "postgresql+asyncpg://user:word@host:5433/name"
    assert urls.async_connect_args == {"server_settings": {"application_name": "x"}}


@pytest.mark.parametrize("scheme", ["postgresql+psycopg", "postgresql+psycopg_async"])
def test_every_spelling_of_psycopg_gives_it_on_both_sides(scheme: str) -> None:
    urls = driver_urls(f"{scheme}://user:word@host:5433/name?application_name=x")
    assert urls.sync.render_as_string(hide_password=False) == (
        "postgresql+psycopg://user:word@host:5433/name?application_name=x"
    )
    assert urls.asynchronous == urls.sync.set(drivername="postgresql+psycopg_async")


@pytest.mark.parametrize("backend", ["mysql", "mariadb"])
@pytest.mark.parametrize("driver", ["", "+pymysql", "+aiomysql"])
def test_every_spelling_of_mysql_gives_both_drivers(backend: str, driver: str) -> None:
    urls = driver_urls(f"{backend}{driver}://user:word@host:3307/name")
    assert urls.sync.render_as_string(hide_password=False) == f"{backend}+pymysql://user:word@host:3307/name"
    assert urls.asynchronous == urls.sync.set(drivername=f"{backend}+aiomysql")


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite", "sqlite+aiosqlite"])
def test_every_spelling_of_sqlite_gives_both_drivers(scheme: str) -> None:
    urls = driver_urls(f"{scheme}:////tmp/file.db")
    assert str(urls.sync) == "sqlite+pysqlite:////tmp/file.db"
    assert str(urls.asynchronous) == "sqlite+aiosqlite:////tmp/file.db"


@pytest.mark.parametrize("url", [None, ""])
def test_an_unset_url_says_which_variable_to_set(url: str | None) -> None:
    with pytest.raises(
        InvalidDatabaseURL, match=r"no database URL was given: set DATABASE_URL, for example postgresql"
    ):
        driver_urls(url)


@pytest.mark.parametrize("url", ["nonsense", "postgresql:", "://", "host/name", "postgresql://host:port/name", " "])
def test_a_malformed_url_says_how_to_write_one(url: str) -> None:
    with pytest.raises(InvalidDatabaseURL, match=r"cannot be parsed: write it as postgresql://"):
        driver_urls(url)


@pytest.mark.parametrize("scheme", ["mysql+mysqldb", "oracle+cx_oracle", "postgresql+pg8000", "sqlite+x"])
def test_a_database_or_driver_without_a_pair_is_named(scheme: str) -> None:
    with pytest.raises(InvalidDatabaseURL) as raised:
        driver_urls(f"{scheme}://host/name")
    assert f"'{scheme}' has no pair of drivers" in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+aiosqlite://", "sqlite:///file::memory:?uri=true",
     "sqlite:///file:shared?mode=memory&cache=shared&uri=true"],
)  # fmt: skip
def test_sqlite_in_memory_is_refused(url: str) -> None:
    with pytest.raises(InvalidDatabaseURL, match="in-memory SQLite"):
        driver_urls(url)


@given(
    secret=SECRETS,
    malformed=st.sampled_from(
        [
            "postgresql://user:{}@host:port/name",
            "oracle://user:{}@host/name",
            "postgresql://user:{}@x@host/name",
            "no such://user:{}@host/name",
            "user:{}@host",
        ]
    ),
)
def test_no_error_shows_the_password(secret: str, malformed: str) -> None:
    with pytest.raises(InvalidDatabaseURL) as raised:
        driver_urls(malformed.format(secret))
    assert secret not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__ or raised.value.__context__ is None, "a log would show what it came from"


@given(secret=SECRETS)
def test_a_database_does_not_show_its_password(secret: str) -> None:
    url = URL.create("postgresql", "user", secret, "host", 5432, "name")
    database = Database(url)
    for shown in (repr(database), str(database), str(database.url), repr(database.sync_engine)):
        assert secret not in shown
        assert "host" in shown
    assert database.url.password == secret


@given(secret=st.text(string.printable + "é日🚀", min_size=1))
def test_any_password_reaches_both_drivers(secret: str) -> None:
    urls = driver_urls(URL.create("postgresql", "user", secret, "host", 5432, "name"))
    assert urls.sync.password == urls.asynchronous.password == secret
