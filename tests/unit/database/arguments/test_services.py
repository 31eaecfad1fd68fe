"""Connection service files, which asyncpg reads in a way of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bridge import InvalidConnectArgument
from bridge.database import driver_urls

if TYPE_CHECKING:
    from pathlib import Path

FILE = """
# comment
[shop]
host=db.example
port=5433
dbname=orders
user=seller
password=100%sure=yes
application_name=from the service
sslmode=disable
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".pg_service.conf").write_text(FILE)
    return {"HOME": str(tmp_path)}


def asynchronous(url: str, environ: dict[str, str], **given: Any) -> tuple[str, dict[str, Any]]:
    urls = driver_urls(url, given, environ=environ)
    return urls.asynchronous.render_as_string(hide_password=False), dict(urls.async_connect_args)


EXPECTED = (
    "postgresql+asyncpg://seller:100%25sure%3Dyes@db.example:5433/orders",
    {"ssl": "disable", "server_settings": {"application_name": "from the service"}},
)


def test_a_service_is_looked_up_for_asyncpg_and_named_for_libpq(environ: dict[str, str]) -> None:
    assert asynchronous("postgresql://?service=shop", environ) == EXPECTED
    assert str(driver_urls("postgresql://?service=shop", environ=environ).sync) == "postgresql+psycopg2://?service=shop"


def test_the_environment_may_name_the_service(environ: dict[str, str]) -> None:
    assert asynchronous("postgresql://", {**environ, "PGSERVICE": "shop"}) == EXPECTED


def test_what_is_given_counts_more_than_the_service_and_that_more_than_the_environment(environ: dict[str, str]) -> None:
    url, arguments = asynchronous(
        "postgresql://buyer@/?service=shop", {**environ, "PGAPPNAME": "environment", "PGTZ": "UTC"}, sslmode="require"
    )
    assert url == EXPECTED[0].replace("seller", "buyer")
    assert arguments == {
        "ssl": "require",
        "server_settings": {"timezone": "UTC", "application_name": "from the service"},
    }


@pytest.mark.parametrize("variable", ["PGSERVICEFILE", "PGSYSCONFDIR"])
def test_the_file_may_be_elsewhere(variable: str, tmp_path: Path) -> None:
    (tmp_path / "pg_service.conf").write_text(FILE)
    where = tmp_path / "pg_service.conf" if variable == "PGSERVICEFILE" else tmp_path
    assert asynchronous("postgresql://?service=shop", {variable: str(where)}) == EXPECTED


def test_an_unknown_service_is_an_error_that_says_where_was_looked(environ: dict[str, str]) -> None:
    with pytest.raises(InvalidConnectArgument, match=r"'service' names no service of .*\.pg_service\.conf"):
        asynchronous("postgresql://?service=shoe", environ)


def test_a_broken_file_is_named_and_not_quoted(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / ".pg_service.conf").write_text("password=s3cret\n")
    with pytest.raises(InvalidConnectArgument, match="cannot be read from") as raised:
        asynchronous("postgresql://?service=shop", environ)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__context__ is None
