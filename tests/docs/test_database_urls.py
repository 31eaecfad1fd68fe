"""The page about URLs lists every pair and every argument, no more and no less."""

from __future__ import annotations

import inspect
import re

import pytest

from bridge import Database
from bridge.database import PAIRS, choose_pair
from bridge.database.arguments import mysql, words
from tests.docs.pages import rows

PAGE = "docs/reference/database-urls.md"
POSTGRESQL = words.KNOWN | words.PSYCOPG | {"connection_factory"}


def names(heading: str) -> list[str]:
    return [name for cells in rows(PAGE, heading) for name in re.findall(r"`(\w+)`", cells[0])]


def test_every_pair_is_listed_with_its_extra() -> None:
    listed = {}
    for cells in rows(PAGE, "Database URLs"):
        for name in re.findall(r"`([\w+]+)://`", cells[0]):
            listed[name] = cells[3].strip("`")
            assert choose_pair(name).extra == listed[name]
    spelled = {f"{pair.backend}{driver}" for pair in PAIRS for driver in (f"+{pair.sync}", f"+{pair.asynchronous}")}
    assert set(listed) == spelled | {pair.backend for pair in PAIRS} | {"postgres"}


@pytest.mark.parametrize(("heading", "known"), [("PostgreSQL", POSTGRESQL), ("MySQL and MariaDB", mysql.KNOWN)])
def test_every_argument_has_one_row(heading: str, known: frozenset[str]) -> None:
    listed = names(heading)
    assert sorted(listed) == sorted(known)


def test_every_argument_of_a_database_is_documented_with_its_default() -> None:
    table = {cells[0].strip("`"): cells[1] for cells in rows("docs/reference/settings.md", "Database")}
    parameters = dict(inspect.signature(Database).parameters)
    del parameters["engine_options"]
    assert list(table) == list(parameters)
    for name, parameter in parameters.items():
        assert table[name] == ("required" if parameter.default is parameter.empty else f"`{parameter.default!r}`")


def test_the_example_of_the_page_gives_each_driver_its_own_words() -> None:
    database = Database(
        "postgresql://shop@db.example/shop?sslmode=verify-full&sslrootcert=/etc/ssl/db.pem",
        connect_args={"server_settings": {"statement_timeout": "5s"}},
        async_connect_args={"command_timeout": 10},
    )
    assert dict(database.url.query) == {
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ssl/db.pem",
        "options": "-c statement_timeout=5s",
    }
