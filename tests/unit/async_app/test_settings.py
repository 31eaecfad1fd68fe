"""The settings of the migrated application, from environment variables."""

from __future__ import annotations

import pytest

from async_app import Settings
from bridge import ConfigurationError, InvalidPoolSize, PoolSettings

KEY = {"SECRET_KEY": "key"}


def test_only_the_secret_key_has_no_default() -> None:
    settings = Settings.from_environ(KEY)
    assert settings == Settings(database_url=None, secret_key="key", pool=PoolSettings(), stages={})
    assert (settings.default_stage, settings.ported) == ("legacy", True)


@pytest.mark.parametrize("environ", [{}, {"SECRET_KEY": ""}])
def test_a_missing_secret_key_says_where_to_take_it_from(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY is not set: give it the value the Flask application uses"):
        Settings.from_environ(environ)


def test_every_variable_is_read() -> None:
    settings = Settings.from_environ(
        {**KEY, "DATABASE_URL": "sqlite:///x", "POOL_SIZE": "3", "POOL_OVERFLOW": "0", "BRIDGE_DEFAULT_STAGE": "native",
         "BRIDGE_STAGES": "GET /users = native; PATCH /users/{user_id}=legacy ;"}
    )  # fmt: skip
    assert settings.database_url == "sqlite:///x"
    assert settings.pool == PoolSettings(size=3, overflow=0)
    assert settings.default_stage == "native"
    assert settings.stages == {"GET /users": "native", "PATCH /users/{user_id}": "legacy"}


@pytest.mark.parametrize("name", ["POOL_SIZE", "POOL_OVERFLOW"])
@pytest.mark.parametrize("text", ["", "five", "1.5"])
def test_a_size_that_is_no_whole_number_is_named_with_its_variable(name: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name} is '{text}', which is not a whole number"):
        Settings.from_environ({**KEY, name: text})


@pytest.mark.parametrize("sizes", [{"POOL_SIZE": "0"}, {"POOL_SIZE": "-1"}, {"POOL_OVERFLOW": "-1"}])
def test_a_pool_that_serves_nobody_is_refused(sizes: dict[str, str]) -> None:
    with pytest.raises(InvalidPoolSize):
        Settings.from_environ({**KEY, **sizes})


@pytest.mark.parametrize("text", ["GET /users", "GET /users:native", "native;"])
def test_stages_that_cannot_be_read_say_how_to_write_them(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write each as 'METHOD /path=stage'"):
        Settings.from_environ({**KEY, "BRIDGE_STAGES": text})
