"""Which statements only read, told from their text."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import Final

import pytest
from hypothesis import given, settings
from sqlalchemy import Column, Integer, MetaData, Table, select, update
from sqlalchemy.engine import make_url

from bridge.database.statements import needs_transaction, only_reads
from tests.unit.database.sql_texts import soups, spellings

READS: Final = [
    "SELECT 1",
    "( SELECT 1 ) UNION ( SELECT 2 ) ;",
    "SELECT 'update t; delete from t' , \"into\" , 'it''s' FROM t",
    "SELECT t.update , t.delete , t.n AS update FROM t",
    "SELECT coalesce ( update , 1 ) FROM t",
    "WITH a AS ( SELECT 1 AS x ) SELECT a.update , a.x AS delete FROM a",
    "WITH a AS ( SELECT 'update t' AS x ) SELECT x FROM a",
    "VALUES ( 1 ) , ( 2 )",
    "EXPLAIN SELECT 1",
    "SELECT 1 ; SELECT 2",
]
ON_POSTGRESQL: Final = [
    "TABLE t",
    "SHOW work_mem",
    "EXPLAIN ( COSTS off , VERBOSE ) SELECT 1",
    "EXPLAIN VERBOSE ( SELECT 1 )",
    "SELECT $$update t; into x$$ , $1 FROM a$b",
    "SELECT $a$ $A$ ' into $a$",
    "SELECT E'it\\'s into x'",
]
WRITES: Final = [
    "UPDATE t SET n = 1",
    "DELETE FROM t",
    "INSERT INTO t VALUES ( 1 )",
    "CREATE TABLE made ( n int )",
    "SELECT 1 ; DELETE FROM t",
    "SELECT 'a' ; DROP TABLE t",
    "WITH a AS ( SELECT 1 AS x ) UPDATE t SET n = 1",
    'WITH "a" AS ( SELECT 1 AS x )UPDATE "t" SET n = 1',
    "WITH a AS ( SELECT 'x' AS x ) DELETE FROM t WHERE n IN ( SELECT x FROM a )",
    "WITH a AS ( SELECT 1 AS x ) INSERT INTO t SELECT x FROM a",
    "WITH a AS ( SELECT 1 AS x ) , b AS ( SELECT 2 ) UPDATE t SET n = 1",
]
WRITES_ON_POSTGRESQL: Final = [
    "WITH a AS ( UPDATE t SET n = 1 RETURNING n ) SELECT n FROM a",
    "WITH a AS MATERIALIZED ( DELETE FROM t RETURNING n ) SELECT n FROM a",
    "( WITH a AS ( UPDATE ONLY t SET n = 1 RETURNING n ) SELECT n FROM a )",
    "WITH RECURSIVE a AS ( SELECT 1 AS x UNION ALL SELECT 2 FROM a ) SEARCH DEPTH FIRST BY x SET y UPDATE t SET n = 1",
    "WITH a AS ( SELECT 1 AS x ) MERGE INTO t USING a ON x = n WHEN MATCHED THEN DELETE",
    "MERGE INTO t USING a ON x = n WHEN MATCHED THEN DELETE",
    "SELECT 1 AS n INTO made",
    "SELECT 1INTO made",
    "SELECT n FROM t FOR UPDATE",
    "SELECT n FROM t FOR NO KEY UPDATE SKIP LOCKED",
    "SELECT n FROM t FOR KEY SHARE",
    "TABLE t FOR SHARE",
    "EXPLAIN ANALYZE DELETE FROM t",
    "EXPLAIN ( ANALYZE ) SELECT 1",
    "EXPLAIN ( COSTS off , ANALYZE true ) CREATE TABLE made AS SELECT 1",
    'EXPLAIN ( "analyze" ) CREATE TABLE made AS SELECT 1',
    "COPY t FROM STDIN",
    "COPY ( SELECT 1 ) TO PROGRAM 'sh'",
    "CALL p ( )",
    "DO $$BEGIN DELETE FROM t; END$$",
    "SET LOCAL work_mem = '1MB'",
    "SAVEPOINT s",
    "EXECUTE prepared",
    "REFRESH MATERIALIZED VIEW v",
]
# Where one lexer hides what another shows, or takes to the end what another ends.
HIDDEN: Final = [
    ("postgresql", "SELECT E'a'\n'b\\'' INTO made --'"),
    ("postgresql", "SELECT E'a' -- b\n-- c\n'd\\'' INTO made --'"),
    ("postgresql", "SELECT 1 -- \r INTO made"),
    ("postgresql", "SELECT '\\' INTO made --'"),
    ("postgresql", "SELECT /* /* */ ' */ 1 INTO made --'"),
    ("postgresql", "SELECT $a$ x $A$ ' $a$ INTO made --'"),
    ("postgresql", "SELECT $é$ ' $é$ INTO made --'"),
    ("postgresql", "SELECT 1 AS a$$ INTO made --$$"),
    ("postgresql", "SELECT 1 AS éE'' INTO made --'"),
    ("postgresql", "SELECT 1 AS `' INTO made --'`"),
    ("postgresql", "SELECT 'not ended INTO made"),
    ("sqlite", "WITH a AS (SELECT 1 AS [']) DELETE FROM t --'"),
    ("sqlite", "WITH a AS (SELECT 1 AS `'`) DELETE FROM t --'"),
    ("sqlite", "WITH a AS (SELECT '\\') DELETE FROM t --'"),
    ("mysql", "SELECT 1 /*! INTO OUTFILE 'x' */"),
    ("mariadb", "SELECT 1 /*M! INTO OUTFILE 'x' */"),
    ("mysql", "SELECT 1 # '\n INTO OUTFILE 'x'"),
    ("mysql", "SELECT 1--'\n INTO OUTFILE 'x'"),
    ("mysql", "SELECT \"\\\"' \" INTO OUTFILE 'x'"),
    ("mysql", "WITH a AS (SELECT 1) DELETE t FROM t JOIN a"),
    ("mysql", "SELECT n FROM t LOCK IN SHARE MODE"),
]


@pytest.mark.parametrize("backend", ["postgresql", "sqlite", "mysql", "mariadb"])
@given(text=spellings(READS))
def test_what_reads_is_told_in_any_spelling(backend: str, text: str) -> None:
    assert only_reads(backend, text)


@given(text=spellings(ON_POSTGRESQL[:-2]))
def test_what_reads_on_postgresql_is_told_in_any_spelling(text: str) -> None:
    assert only_reads("postgresql", text)


@pytest.mark.parametrize("text", ON_POSTGRESQL[-2:])
def test_quotes_of_postgresql_hide_what_is_in_them(text: str) -> None:
    assert only_reads("postgresql", text)


@pytest.mark.parametrize("backend", ["postgresql", "sqlite", "mysql", "mariadb"])
@given(text=spellings(WRITES))
def test_what_writes_is_told_in_any_spelling(backend: str, text: str) -> None:
    assert not only_reads(backend, text)


@given(text=spellings(WRITES_ON_POSTGRESQL))
def test_what_writes_on_postgresql_is_told_in_any_spelling(text: str) -> None:
    assert not only_reads("postgresql", text)


@pytest.mark.parametrize(("backend", "text"), HIDDEN)
def test_nothing_is_hidden_from_one_database_by_the_quotes_of_another(backend: str, text: str) -> None:
    assert not only_reads(backend, text)


@pytest.mark.parametrize("text", ["", " ", ";", "-- only a comment"])
def test_what_says_nothing_does_not_read(text: str) -> None:
    assert not only_reads("postgresql", text)


@pytest.mark.parametrize("url", ["postgresql+psycopg2://", "sqlite://", "mysql+pymysql://", "mariadb+pymysql://"])
def test_an_update_with_a_cte_writes(url: str) -> None:
    dialect = make_url(url).get_dialect()()
    rows = Table("t", MetaData(), Column("id", Integer), Column("n", Integer))
    old = select(rows.c.id).where(rows.c.n == 0).cte("old")
    assert only_reads(dialect.name, str(select(old.c.id).compile(dialect=dialect)))
    write = update(rows).where(rows.c.id.in_(select(old.c.id))).values(n=1)
    assert not only_reads(dialect.name, str(write.compile(dialect=dialect)))


@settings(max_examples=500)
@given(text=soups("SELECT 1 ", "WITH a AS (SELECT 1 AS x) ", "EXPLAIN ", "VALUES (1) ", ""))
def test_sqlite_finds_nothing_to_write_in_what_only_reads(text: str) -> None:
    if not only_reads("sqlite", text):
        return
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (n int)")
        connection.execute("INSERT INTO t VALUES (0)")
        before = connection.total_changes
        with suppress(sqlite3.Error, sqlite3.Warning):  # most are no SQL at all
            connection.execute(text).fetchall()
        assert connection.total_changes == before


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    ["WITH ", "WITH UPDATE ", "'", "/*", "$a$ ", "' \n \n", "(", "\\", "FOR ", " ", " VERBOSE", "E'", "-- \n"],
    ids=repr,
)
@pytest.mark.parametrize("opening", ["", "E'", "EXPLAIN", "SELECT FOR"])
def test_a_long_text_is_judged_at_once(opening: str, piece: str) -> None:
    only_reads("postgresql", opening + piece * 9999)


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("SELECT set_config('a.b', 'c', true)", True),
        ("SELECT pg_catalog.SET_CONFIG (%(a)s, %(b)s, %(c)s)", True),
        ('SELECT "set_config"($1, $2, $3)', True),
        ("SELECT pg_advisory_xact_lock(1)", True),
        ("SELECT pg_try_advisory_xact_lock_shared(1)", True),
        ("SELECT pg_export_snapshot()", True),
        ("SELECT set_config FROM settings", False),
        ("SELECT pg_advisory_lock(1), current_setting('a.b')", False),
    ],
)
def test_what_ends_with_its_transaction_needs_one(text: str, *, needed: bool) -> None:
    assert needs_transaction(text) is needed
