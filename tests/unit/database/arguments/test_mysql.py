"""Connect arguments of PyMySQL, in aiomysql's words."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest

from bridge import InvalidConnectArgument
from bridge.database import DriverURLs, driver_urls

if TYPE_CHECKING:
    from pathlib import Path

BASE = "mysql://user:word@host/db"


def without_tls(urls: DriverURLs) -> dict[str, Any]:
    return {name: value for name, value in urls.async_connect_args.items() if name != "ssl"}


def test_aiomysql_waits_as_long_as_pymysql_does_by_default() -> None:
    assert without_tls(driver_urls(BASE)) == {"connect_timeout": 10}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"connect_timeout": 3}, {"connect_timeout": 3}),
        ({"charset": "latin1"}, {"connect_timeout": 10, "charset": "latin1"}),
        ({"sql_mode": "ANSI'S\\"}, {"connect_timeout": 10, "sql_mode": r"'ANSI''S\\'"}),
        (
            {"collation": "utf8mb4_bin"},
            {"connect_timeout": 10, "init_command": "SET NAMES utf8mb4 COLLATE utf8mb4_bin"},
        ),
    ],
)
def test_an_argument_reaches_both(given: dict[str, Any], expected: dict[str, Any]) -> None:
    urls = driver_urls(BASE, given)
    assert urls.sync_connect_args == given
    assert without_tls(urls) == expected


def test_what_the_url_says_stays_in_it_for_both() -> None:
    urls = driver_urls(f"{BASE}?charset=latin1&connect_timeout=3&ssl_check_hostname=true")
    assert dict(urls.sync.query) == {"charset": "latin1", "connect_timeout": "3", "ssl_check_hostname": "true"}
    assert dict(urls.asynchronous.query) == {"charset": "latin1", "connect_timeout": "3"}
    assert without_tls(urls) == {}
    assert urls.require_tls


@pytest.mark.parametrize(
    ("given", "required", "mode"),
    [
        ({}, False, ssl.CERT_NONE),
        ({"ssl": {"verify_mode": True, "ca": None}}, True, ssl.CERT_REQUIRED),
        ({"ssl_verify_cert": True}, True, ssl.CERT_REQUIRED),
    ],
)
def test_tls_means_what_pymysql_makes_of_it(given: dict[str, Any], required: bool, mode: ssl.VerifyMode) -> None:
    urls = driver_urls(BASE, given)
    assert urls.async_connect_args["ssl"].verify_mode is mode
    assert urls.require_tls is required


def test_tls_can_be_switched_off() -> None:
    urls = driver_urls(BASE, {"ssl_disabled": True})
    assert "ssl" not in urls.async_connect_args
    assert not urls.require_tls


def test_a_context_of_ones_own_goes_to_both() -> None:
    context = ssl.create_default_context()
    urls = driver_urls(BASE, {"ssl": context})
    assert urls.sync_connect_args["ssl"] is urls.async_connect_args["ssl"] is context


def test_the_address_may_be_in_the_arguments() -> None:
    urls = driver_urls("mysql://host/db?passwd=one", {"user": "u", "password": "two", "port": "7"})
    assert urls.sync.render_as_string(hide_password=False) == "mysql+pymysql://u:two@host:7/db"
    assert str(urls.asynchronous) == "mysql+aiomysql://u:***@host:7/db"


def test_a_file_of_defaults_fills_what_was_not_given(tmp_path: Path) -> None:
    (tmp_path / "my.cnf").write_text(
        "[client]\nuser=filed\npassword=word\nhost=elsewhere\ndefault-character-set=latin1\n"
    )
    urls = driver_urls(f"mysql://host/db?read_default_file={tmp_path}/my.cnf")
    assert urls.asynchronous.render_as_string(hide_password=False) == "mysql+aiomysql://filed:word@host:3306/db"
    assert urls.async_connect_args["charset"] == "latin1"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"read_timeout": 5}, "'read_timeout' has no twin in aiomysql: .*sync_connect_args="),
        ({"cursorclass": object}, "'cursorclass' has no twin in aiomysql"),
        ({"echo": True}, "'echo' has no twin in PyMySQL: .*async_connect_args="),
        ({"chraset": "utf8"}, "'chraset' is unknown: did you mean 'charset'"),
        ({"nonsense": 1}, "'nonsense' is unknown: see docs"),
        ({"port": "x"}, "'port' must be a whole number"),
        ({"user": 5}, "'user' must be text"),
        ({"password": "日本"}, "'password' has characters outside of Latin-1"),
        ({"collation": "a; b"}, "'collation' must be a name"),
        ({"collation": "utf8mb4_bin", "init_command": "SET @a = 1"}, "'collation' has no twin .* beside init_command"),
        ({"ssl_ca": "/no/such/file"}, "'ssl_ca' cannot be used: .*No such file"),
        ({"connect_timeout": 0}, "'connect_timeout' cannot be used: PyMySQL refuses"),
        ({"charset": "nonsense"}, "'charset' cannot be used: PyMySQL refuses"),
    ],
)
def test_what_cannot_be_said_to_both_is_refused_by_name(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidConnectArgument, match=said) as raised:
        driver_urls(BASE, given)
    assert raised.value.__context__ is None


def test_aiosqlites_own_arguments_are_refused() -> None:
    with pytest.raises(InvalidConnectArgument, match="'iter_chunk_size' has no twin in sqlite3"):
        driver_urls("sqlite:///file.db", {"iter_chunk_size": 5})
    assert driver_urls("sqlite:///file.db", {"timeout": 5}).async_connect_args == {"timeout": 5}
