"""A password, wherever it was written, is in no error, no log and no text form."""

from __future__ import annotations

import logging
import traceback
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from bridge import BridgeError, Database, DatabaseUnreachable
from bridge.database import driver_urls

# Marked, so that it is never part of a message by chance; with everything that means something in a URL, an option or a file.
SECRETS = st.text(st.characters(codec="latin-1", exclude_characters="\0\r\n"), max_size=12).map(
    lambda text: f"s3c{text}r3t"
)
MARKS = ("s3c", "r3t")
BACKENDS = ["postgresql", "postgresql+psycopg", "mysql", "mariadb"]
# Nothing listens on port 1 of this machine.
NOBODY = ("127.0.0.1", 1)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def everything_said(error: BaseException) -> str:
    """Return an error, all that led to it, and its traceback, as a log shows them and beyond."""
    seen, texts = [error], list[str]()
    while seen:
        each = seen.pop()
        texts += [str(each), repr(each), repr(each.args), *traceback.format_exception(each)]
        seen += [chained for chained in (each.__cause__, each.__context__) if chained is not None]
    return "\n".join(texts)


def assert_hidden(text: str) -> None:
    assert not any(mark in text for mark in MARKS), text


@OFTEN
@given(secret=SECRETS, backend=st.sampled_from(BACKENDS))
def test_no_text_form_has_it(secret: str, backend: str) -> None:
    database = Database(URL.create(backend, "user", secret, *NOBODY, "name"))
    shown = [database, database.url, database.sync_engine, database.async_engine, database.async_engine.url]
    urls = driver_urls(URL.create(backend, "user", secret, *NOBODY, "name"))
    assert_hidden("".join(f"{each!r}{each!s}" for each in (*shown, database.pool, database.pair, urls)))
    assert database.url.password == database.async_engine.url.password == secret


@OFTEN
@given(secret=SECRETS, name=st.sampled_from(["password", "sslpassword", "scram_client_key", "oauth_client_secret"]))
def test_no_text_form_has_a_secret_of_the_query(secret: str, name: str) -> None:
    database = Database(URL.create("postgresql+psycopg", "user", None, *NOBODY, "name", query={name: secret}))
    assert_hidden(f"{database!r}{database.url}{database.sync_engine!r}{database.async_engine!r}")


WRONG: dict[str, dict[str, Any]] = {
    "unknown": {"bogus": "{}"},
    "misspelt": {"passwort": "{}"},
    "number": {"connect_timeout": "{}"},
    "whole": {"statement_cache_size": "{}", "ssl_ca": "/no/{}"},
    "choice": {"sslmode": "{}"},
    "port": {"port": "{}"},
    "type": {"password": ["{}"]},
    "twice": {"application_name": ("{}", "{}")},
    "twin": {"command_timeout": "{}", "read_timeout": "{}"},
    "contradiction": {"sslmode": "require", "ssl": "{}"},
    "settings": {"server_settings": "{}"},
    "keepalives": {"keepalives_idle": "{}"},
    "charset": {"charset": "{}"},
    "collation": {"collation": "{} x"},
}


def filled(value: Any, secret: str) -> Any:
    if isinstance(value, str):
        return value.replace("{}", secret)
    return type(value)(filled(each, secret) for each in value)


@OFTEN
@given(secret=SECRETS, case=st.sampled_from(sorted(WRONG)), backend=st.sampled_from(BACKENDS), password=SECRETS)
def test_no_refused_argument_shows_it(secret: str, case: str, backend: str, password: str) -> None:
    arguments = {name: filled(value, secret) for name, value in WRONG[case].items()}
    if "ssl_ca" in arguments:
        arguments["ssl_ca"] = "/no/such/file"  # a path is shown, as it has to be mended
    with pytest.raises(BridgeError) as raised:
        Database(URL.create(backend, "user", password, *NOBODY, "name"), connect_args=arguments)
    assert_hidden(everything_said(raised.value))
    assert raised.value.__context__ is None


@OFTEN
@given(
    secret=SECRETS,
    malformed=st.sampled_from(
        [
            "postgresql://user:{quoted}@host:port/name",
            "oracle://user:{quoted}@host/name",
            "no such://user:{quoted}@host/name",
            "user:{quoted}@host",
            "postgresql://user:x@{raw}@host/name",
            "postgresql://user:{raw}@a:1,b:x/name",
            "postgresql://user:1,{raw}/x@host:port/name",
            "postgresql://user:{quoted}@host/name?port={quoted}",
            "mysql://user:x@{raw}@host/name",
            "sqlite://user:{quoted}@",
        ]
    ),
)
def test_no_refused_url_shows_it(secret: str, malformed: str) -> None:
    url = malformed.format(quoted=quote(secret, safe=""), raw=secret)
    try:
        database = Database(url)
    except BridgeError as error:
        refused = error
    else:  # some secrets make it well formed: then it is one, and hidden as such
        assert_hidden(f"{database!r}{database.async_engine!r}")
        return
    assert_hidden(everything_said(refused))
    assert refused.__context__ is None


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS, backend=st.sampled_from(BACKENDS))
def test_no_failed_connection_shows_it(secret: str, backend: str, caplog: pytest.LogCaptureFixture) -> None:
    database = Database(URL.create(backend, "user", secret, *NOBODY, "name"))
    caplog.clear()
    with caplog.at_level(logging.DEBUG), pytest.raises(DatabaseUnreachable) as raised:
        database.check()
    assert_hidden(everything_said(raised.value))
    assert_hidden(caplog.text)
    database.sync_engine.dispose()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRETS, backend=st.sampled_from(BACKENDS))
async def test_no_failed_asynchronous_connection_shows_it(
    secret: str, backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(URL.create(backend, "user", secret, *NOBODY, "name"))
    caplog.clear()
    with caplog.at_level(logging.DEBUG), pytest.raises((SQLAlchemyError, OSError)) as raised:
        await database.async_engine.connect()
    assert_hidden(everything_said(raised.value))
    assert_hidden(caplog.text)
    await database.dispose()
