"""Reading errors that no server sent."""

from __future__ import annotations

import dataclasses

import asyncpg
import psycopg2.extensions
from sqlalchemy.exc import IntegrityError, StatementError

from bridge.database.parity import Diagnostics, constraint_of, sqlstate_of


def test_the_fields_have_psycopg2s_names() -> None:
    theirs = {name for name in dir(psycopg2.extensions.Diagnostics) if not name.startswith("_")}
    assert {field.name for field in dataclasses.fields(Diagnostics)} == theirs


def test_an_error_without_fields_has_none_of_them() -> None:
    assert Diagnostics.of(ValueError()) == Diagnostics()


def test_an_error_that_is_not_the_drivers_has_neither_state_nor_constraint() -> None:
    for error in (
        ValueError(),
        StatementError("said", "SELECT 1", {}, None),
        StatementError("said", "SELECT 1", {}, ValueError()),
    ):
        assert (sqlstate_of(error), constraint_of(error)) == (None, None)


def test_the_drivers_own_error_is_read_too() -> None:
    error = asyncpg.UniqueViolationError("said")
    error.constraint_name = "users_pkey"
    for shown in (error, IntegrityError("INSERT", {}, error)):
        assert (sqlstate_of(shown), constraint_of(shown)) == ("23505", "users_pkey")
