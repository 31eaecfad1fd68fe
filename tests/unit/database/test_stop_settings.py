"""How long whatever was told to stop may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from bridge import InvalidStopSetting, StopSettings
from bridge.database.stop_settings import limit_connecting

if TYPE_CHECKING:
    from sqlalchemy import Engine


@pytest.mark.parametrize("settings", [{"cut_after": 0}, {"cut_after": -1}, {"connect_timeout": 1}])
def test_a_time_out_of_its_range_is_an_error_that_shows_it(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidStopSetting, match=str(next(iter(settings.values())))):
        StopSettings(**settings)


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        (create_engine("postgresql+psycopg2://host/name"), {"connect_timeout": 3}),
        (create_engine("postgresql+psycopg2://host/name?connect_timeout=7"), {"connect_timeout": "7"}),
        (create_async_engine("postgresql+asyncpg://host/name").sync_engine, {"timeout": 3}),
        (create_engine("sqlite:///file.db"), {}),
    ],
    ids=["psycopg2", "psycopg2 with a URL of its own", "asyncpg", "sqlite"],
)
def test_connecting_is_limited_unless_the_url_says_otherwise(engine: Engine, expected: dict[str, Any]) -> None:
    seen = dict[str, Any]()

    def refuse(*_: object, **arguments: Any) -> None:
        seen.update(arguments)
        raise engine.dialect.loaded_dbapi.OperationalError("not now", None)

    limit_connecting(engine, 3)
    engine.dialect.connect = refuse  # type: ignore[method-assign, assignment]  # replaced for the test
    with pytest.raises(OperationalError):
        engine.connect()
    assert {name: value for name, value in seen.items() if "timeout" in name} == expected
