"""Which statements leave something in their session, told from their text."""

from __future__ import annotations

import pytest

from bridge.database.session_state import SessionState, state_left_by

NOTHING, SETTINGS, EVERYTHING = SessionState.NOTHING, SessionState.SETTINGS, SessionState.EVERYTHING
TEMPORARY, LOCKS = SessionState.TEMPORARY_TABLES, SessionState.LOCKS


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        ("SET work_mem = '8MB'", SETTINGS),
        ("set time zone 'UTC'", SETTINGS),
        ("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", SETTINGS),
        ("SET ROLE reader", SETTINGS),
        ("SET SESSION AUTHORIZATION reader", SETTINGS),
        ("RESET search_path", SETTINGS),
        ("DISCARD ALL", SETTINGS),
        ("/* hint */ -- why\n  SET x = 1", SETTINGS),
        ("SELECT 1; SET x = 1", SETTINGS),
        ("SELECT set_config('a.b', 'c', false)", SETTINGS),
        ("SELECT set_config('a', f('b', 'c'), false)", SETTINGS),
        ("SELECT pg_catalog.set_config('search_path', '', false);", SETTINGS),
        ("SELECT set_config('a', 'b', true), set_config('c', 'd', false)", SETTINGS),
        ("SELECT set_config('a', 'b', false), coalesce(x, true)", SETTINGS),
        ("UPDATE pg_catalog.pg_settings SET setting = 'x' WHERE name = 'search_path'", SETTINGS),
        ("CREATE TEMP TABLE t (id int)", TEMPORARY),
        ("CREATE TEMP TABLE t (id int); CREATE TEMP TABLE u (id int) ON COMMIT DROP", TEMPORARY),
        ("\nCREATE TEMPORARY TABLE t (id int)", TEMPORARY),
        ("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", TEMPORARY),
        ("CREATE LOCAL TEMPORARY SEQUENCE s", TEMPORARY),
        ("SELECT * INTO TEMP t FROM users", TEMPORARY),
        ("CREATE TABLE pg_temp.t (id int)", TEMPORARY),
        ("SELECT pg_advisory_lock(1)", LOCKS),
        ("SELECT pg_try_advisory_lock_shared($1, $2)", LOCKS),
        ("LISTEN channel", SessionState.CHANNELS),
        ("PREPARE p AS SELECT 1", SessionState.PREPARED_STATEMENTS),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", SessionState.CURSORS),
        ("DO $$ BEGIN PERFORM 1; END $$", EVERYTHING),
        ("SET x = 1; CREATE TEMP TABLE t (id int); SELECT pg_advisory_lock(1)", SETTINGS | TEMPORARY | LOCKS),
    ],
)
def test_what_postgresql_keeps_is_recognised(statement: str, left: SessionState) -> None:
    assert state_left_by("postgresql", statement) == left


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT users.id, users."set" FROM users',
        "UPDATE users SET name = 'SET x'",
        "UPDATE users\nSET name = $1",
        "INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET a = 1",
        "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
        "SET LOCAL work_mem = '8MB'",
        "set local work_mem = '8MB'",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
        "SET CONSTRAINTS ALL DEFERRED",
        "SELECT set_config('a.b', 'c', true)",
        "SELECT set_config('a', coalesce(f(1), ''), true), coalesce(x, false)",
        "SELECT SET_CONFIG('a.b', 'it''s, (false)', TRUE)",
        "CREATE TEMP TABLE t (id int) ON COMMIT DROP",
        "SELECT pg_advisory_xact_lock(1)",
        "SELECT pg_try_advisory_xact_lock(1)",
        "PREPARE TRANSACTION 'x'",
        "NOTIFY channel",
        "CREATE TABLE temperature (id int)",
        "DECLARE c CURSOR FOR SELECT 1",
        "SELECT 1 WHERE document = 'x'",
    ],
)
def test_what_ends_with_the_transaction_is_not(statement: str) -> None:
    assert state_left_by("postgresql", statement) == NOTHING


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        (("a", "b", True), NOTHING),
        ({"name": "a", "value": "b", "is_local": True}, NOTHING),
        (("a", "b", False), SETTINGS),
        ({"name": "a", "value": "b", "is_local": False}, SETTINGS),
        (("a", "b", "true"), SETTINGS),
        ((), SETTINGS),
        (None, SETTINGS),
    ],
)
def test_a_parameter_decides_whether_set_config_is_local(parameters: object, left: SessionState) -> None:
    assert state_left_by("postgresql", "SELECT set_config($1, $2, $3) AS x", parameters) == left
    assert state_left_by("postgresql", "SELECT set_config(%(name)s, %(value)s, %(is_local)s)", parameters) == left
    assert state_left_by("postgresql", "SELECT set_config($1::VARCHAR, $2::VARCHAR, $3::BOOLEAN)", parameters) == left


@pytest.mark.parametrize(
    ("backend", "statement", "left"),
    [
        ("mysql", "SET SESSION sql_mode = ''", SETTINGS),
        ("mysql", "SET @counter = 1", SETTINGS),
        ("mysql", "SELECT id INTO @id FROM t", SETTINGS),
        ("mysql", "SELECT @id := id FROM t", SETTINGS),
        ("mysql", "SELECT 'a@b.example'", NOTHING),
        ("mysql", "USE other", SETTINGS),
        ("mysql", "CREATE TEMPORARY TABLE t (id int)", TEMPORARY),
        ("mysql", "SELECT GET_LOCK('a', 1)", LOCKS),
        ("mysql", "LOCK TABLES t WRITE", LOCKS),
        ("mysql", "SET TRANSACTION READ ONLY", NOTHING),
        ("mysql", "SELECT 1", NOTHING),
        ("sqlite", "PRAGMA foreign_keys = OFF", SETTINGS),
        ("sqlite", "ATTACH 'other.db' AS other", SETTINGS),
        ("sqlite", "CREATE TEMP TABLE t (id int)", TEMPORARY),
        ("sqlite", "PRAGMA table_info(users)", NOTHING),
        ("mssql", "SET NOCOUNT ON", NOTHING),
    ],
)
def test_other_databases_have_habits_of_their_own(backend: str, statement: str, left: SessionState) -> None:
    assert state_left_by(backend, statement) == left


def test_a_long_statement_is_examined_as_well() -> None:
    padding = "SELECT " + ", ".join(["1"] * 5000)
    assert state_left_by("postgresql", padding) == NOTHING
    assert state_left_by("postgresql", f"{padding}; SET x = 1") == SETTINGS
