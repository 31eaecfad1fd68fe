"""Where a database is, as its drivers are told."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, event

from bridge import Database

if TYPE_CHECKING:
    from typing import Any


class Told(Exception):
    """The driver would be called now."""


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("postgresql://host:6000/db", {"host:6000"}),
        ("postgresql://host/db", {"host:5432"}),
        ("postgresql://a:1,b:1/db", {"a:1", "b:1"}),
        ("postgresql:///db?host=/run/pg", {"/run/pg/.s.PGSQL.5432"}),
        ("mysql://host/db", {"host:3306"}),
        ("mariadb://host:3307/db", {"host:3307"}),
        ("mysql://host/db?unix_socket=/run/mysqld.sock", {"/run/mysqld.sock"}),
    ],
)
def test_an_address_is_known_once_it_is_connected_to(
    url: str, addresses: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a checked path may reach is decided by them."""
    for variable in ("PGHOST", "PGPORT"):
        monkeypatch.delenv(variable, raising=False)
    database = Database(url)
    assert not database.addresses
    told(database.sync_engine)
    assert database.addresses == addresses


def test_variables_of_postgresql_say_nothing_of_mysql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "elsewhere")
    monkeypatch.setenv("PGPORT", "6000")
    database = Database("mysql://host/db")
    told(database.sync_engine)
    assert database.addresses == {"host:3306"}


def told(engine: Engine) -> None:
    def stop(*_: Any) -> None:
        raise Told

    event.listen(engine, "do_connect", stop)
    with suppress(Told):
        engine.connect()
