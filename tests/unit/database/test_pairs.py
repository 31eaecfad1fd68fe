"""The pairs, and what happens where one is not installed."""

from __future__ import annotations

import sys

import pytest

from bridge import Database, DriverMissing
from bridge.database import PAIRS, DriverPair, choose_pair

URLS = {"postgresql": "postgresql{}://host/db", "sqlite": "sqlite{}:///file.db", "mysql": "mysql{}://host/db", "mariadb": "mariadb{}://host/db"}  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.backend}+{pair.sync}")
def test_a_pair_is_chosen_by_either_of_its_drivers_and_makes_both_engines(pair: DriverPair) -> None:
    for driver in (pair.sync, pair.asynchronous):
        assert choose_pair(f"{pair.backend}+{driver}") is pair
        database = Database(URLS[pair.backend].format(f"+{driver}"))
        assert database.pair is pair
        assert (database.sync_engine.name, database.sync_engine.driver) == (pair.backend, pair.sync)
        assert database.async_engine.url.drivername == f"{pair.backend}+{pair.asynchronous}"
        assert database.async_engine.dialect.is_async


@pytest.mark.parametrize(
    ("url", "extra"),
    [
        ("postgresql://host/db", "postgres"),
        ("postgresql+psycopg://host/db", "psycopg"),
        ("mysql://host/db", "mysql"),
        ("mariadb+aiomysql://host/db", "mysql"),
        ("sqlite:///file.db", "sqlite"),
    ],
)
def test_a_driver_that_is_not_installed_is_named_with_the_extra_that_installs_it(
    url: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = choose_pair(url.partition(":")[0]).modules[-1]
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(DriverMissing) as raised:
        Database(url)
    assert f"need the module {missing!r}" in str(raised.value)
    assert f'pip install "legacy-bridge[{extra}]"' in str(raised.value)
