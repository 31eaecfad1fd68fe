"""Both ways in which libpq cancels, whichever of them the installed one has."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg2
import pytest
from psycopg2.errors import QueryCanceled
from sqlalchemy import make_url

from bridge.database import libpq
from tests.integration.server_side import ServerSide, until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def driver(database_url: str) -> Iterator[Any]:
    connection = psycopg2.connect(
        make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    yield connection
    connection.close()


@pytest.mark.parametrize("way", [libpq._Since17, libpq._Before17])
async def test_a_statement_is_cancelled_time_and_again(way: Any, driver: Any, server: ServerSide) -> None:
    cancel = way(libpq._library(), driver.pgconn_ptr).cancel
    for _ in range(3):
        errors = list[Exception]()

        def sleep(errors: list[Exception] = errors) -> None:
            try:
                driver.cursor().execute("SELECT pg_sleep(60)")
            except QueryCanceled as error:
                errors.append(error)

        thread = threading.Thread(target=sleep)
        thread.start()
        await until(lambda: server.connections("state = 'active' AND query LIKE '%pg_sleep%'"))
        cancel()
        await until(lambda thread=thread: not thread.is_alive())  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        assert len(errors) == 1
        driver.rollback()


@pytest.mark.parametrize("way", [libpq._Since17, libpq._Before17])
def test_a_server_that_is_not_there_is_an_error(way: Any, driver: Any, database_url: str) -> None:
    class Nowhere:
        """A libpq whose requests fail."""

        def __getattr__(self, name: str) -> Any:
            real = getattr(libpq._library(), name)
            return (lambda *_: 0) if name in {"PQcancel", "PQcancelBlocking"} else real

    with pytest.raises(ConnectionError, match="the server could not be asked to cancel"):
        way(Nowhere(), driver.pgconn_ptr).cancel()


def test_a_closed_connection_and_another_driver_have_none(driver: Any) -> None:
    assert libpq.canceller(object()) is None
    driver.close()
    assert libpq.canceller(driver) is None
