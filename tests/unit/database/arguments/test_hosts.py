"""One server or several, however they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge import Database, InvalidConnectArgument, InvalidDatabaseURL
from bridge.database import driver_urls

if TYPE_CHECKING:
    from sqlalchemy.engine import URL


def asyncpg_sees(url: URL) -> tuple[object, object]:
    """Return the host and port that SQLAlchemy's dialect gives asyncpg."""
    _, options = url.get_dialect()().create_connect_args(url)
    return options.get("host"), options.get("port")


@pytest.mark.parametrize(
    ("url", "hosts", "ports"),
    [
        ("postgresql://a/db", ["a"], [None]),
        ("postgresql://a:1/db", ["a"], [1]),
        ("postgresql:///db?host=a", ["a"], [None]),
        ("postgresql:///db?host=a:1", ["a"], [1]),
        ("postgresql:///db?host=a&port=1", ["a"], [1]),
        ("postgresql:///db?host=/run/sockets&port=1", ["/run/sockets"], [1]),
        ("postgresql://[::1]:1/db", ["::1"], [1]),
        ("postgresql:///db?host=[::1]:1", ["::1"], [1]),
        ("postgresql:///db?host=a:1&host=b:2", ["a", "b"], [1, 2]),
        ("postgresql:///db?host=a&host=b", ["a", "b"], [5432, 5432]),
        ("postgresql:///db?host=a:1&host=b", ["a", "b"], [1, 5432]),
        ("postgresql:///db?host=a,b&port=1,2", ["a", "b"], [1, 2]),
        ("postgresql:///db?host=a,b&port=1", ["a", "b"], [1, 1]),
        ("postgresql:///db?host=a,b&port=1,", ["a", "b"], [1, 5432]),
        ("postgresql://u:p@a:1,b:2/db", ["a", "b"], [1, 2]),
        ("postgresql://a,[::1]:2/db", ["a", "::1"], [5432, 2]),
        ("postgresql://a:1,b:2", ["a", "b"], [1, 2]),
        ("postgresql://a:1,b:2?sslmode=disable", ["a", "b"], [1, 2]),
        ("postgres+psycopg2://a:1,b:2/db", ["a", "b"], [1, 2]),
    ],
)
def test_every_spelling_leads_both_drivers_to_the_same_servers(
    url: str, hosts: list[str], ports: list[int | None]
) -> None:
    urls = driver_urls(url)
    _, libpq = urls.sync.get_dialect()().create_connect_args(urls.sync)
    if len(hosts) > 1:
        assert (libpq["host"], libpq["port"]) == (",".join(hosts), ",".join(map(str, ports)))
        assert asyncpg_sees(urls.asynchronous) == (hosts, ports)
    else:
        assert (libpq["host"], libpq.get("port")) == (hosts[0], ports[0])
        assert asyncpg_sees(urls.asynchronous) == (hosts[0], ports[0])


def test_hosts_of_connect_args_count_more_than_those_of_the_url() -> None:
    urls = driver_urls("postgresql://elsewhere:9/db", {"host": ["a", "b"], "port": [1, 2]})
    assert asyncpg_sees(urls.asynchronous) == (["a", "b"], [1, 2])


@pytest.mark.parametrize("url", ["postgresql://u:p@a,/db", "postgresql://u:p@,a/db", "postgresql:///db?host=a:1,:2"])
def test_one_of_several_servers_without_a_name_is_refused(url: str) -> None:
    with pytest.raises(InvalidConnectArgument, match="'host' has several values, of which one is empty"):
        driver_urls(url)


@pytest.mark.parametrize("query", ["host=a,b&port=1,2,3", "host=a:1,b&port=1", "port=0", "port=65536", "port=x"])
def test_ports_that_cannot_be_are_refused(query: str) -> None:
    with pytest.raises(InvalidConnectArgument, match=r"'(port|host)'"):
        driver_urls(f"postgresql:///db?{query}")


def test_user_password_and_database_in_the_query_are_as_hidden_as_in_their_own_place() -> None:
    database = Database("postgresql://host?user=u&password=s3cret&dbname=db")
    assert str(database.url) == "postgresql+psycopg2://u:***@host/db"
    assert str(database.async_engine.url) == "postgresql+asyncpg://u:***@host/db"
    assert database.async_engine.url.password == database.url.password == "s3cret"


@pytest.mark.parametrize("password", ["1,q/w", "1,q?w", "a:1,b:2/c"])
def test_a_password_with_a_comma_and_a_slash_is_no_list_of_servers(password: str) -> None:
    database = Database(f"postgresql://user:{password}@host/db")
    assert str(database.url) == "postgresql+psycopg2://user:***@host/db"
    assert database.async_engine.url.password == database.url.password == password


def test_an_unquoted_at_sign_does_not_turn_half_of_a_password_into_a_host() -> None:
    with pytest.raises(InvalidDatabaseURL, match=r"more than one @: .* as %40"):
        driver_urls("postgresql://user:pass@word@host/db")
    assert driver_urls("postgresql:///db?user=joe@corp").sync.username == "joe@corp"
