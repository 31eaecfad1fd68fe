"""Connections reckoned against limits, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import (
    BudgetExceeded,
    ConfigurationError,
    ConnectionBudget,
    Database,
    Deployment,
    PgBouncerLimits,
    PoolSettings,
    ServerLimits,
)

HUNDRED = ServerLimits(max_connections=100, reserved=3)
TABLE = """\
  synchronous pool, 15 x 2 workers x 3 hosts               90
  asynchronous pool, 15 x 2 workers x 3 hosts              90
  listeners, 1 x 2 workers x 3 hosts                        6
  server: max_connections                                 200
  server: reserved for superusers                          -3
  reserve for others                                      -10
  needed from the server                                  186
  left by the server                                      187"""


def budget(
    pool: int = 15, server: ServerLimits | None = HUNDRED, pgbouncer: PgBouncerLimits | None = None, **deployment: Any
) -> ConnectionBudget:
    return ConnectionBudget(pool, Deployment(**deployment), server, pooled=pgbouncer is not None, pgbouncer=pgbouncer)


def test_every_process_counts_two_pools_and_a_listener() -> None:
    reckoned = budget(workers=2, hosts=3)
    assert (reckoned.pools, reckoned.listeners, reckoned.accounts[0].needed) == (180, 6, 186)


def test_the_table_shows_every_item() -> None:
    assert budget(server=ServerLimits(200, 3), workers=2, hosts=3, reserve=10).table() == TABLE


@pytest.mark.parametrize(
    ("pool", "workers", "fits", "is_close"),
    [(15, 2, True, False), (13, 3, True, True), (15, 3, True, True), (15, 4, False, False)],
)
def test_what_fits_and_what_is_close(pool: int, workers: int, fits: bool, is_close: bool) -> None:
    reckoned = budget(pool, workers=workers)
    assert (reckoned.fits, reckoned.is_close) == (fits, is_close)


def test_the_last_connection_may_be_used() -> None:
    exact = budget(48, workers=1)
    assert exact.accounts[0].needed == exact.accounts[0].limit == 97
    exact.require()
    with pytest.raises(BudgetExceeded):
        budget(48, workers=1, reserve=1).require()


def test_what_does_not_fit_is_an_error_with_the_numbers_and_the_next_step() -> None:
    with pytest.raises(BudgetExceeded) as raised:
        budget(workers=4).require()
    said = str(raised.value)
    assert "4 workers on 1 hosts, each with 2 pools of 15 and 1 listeners, may need 124 connections" in said
    assert "the server leaves 97" in said
    assert "give each pool at most 11 connections (size + overflow), run fewer workers, or raise that limit" in said
    assert "left by the server" in said
    assert said.endswith("[budget-exceeded]")
    budget(11, workers=4).require()
    with pytest.raises(BudgetExceeded):
        budget(12, workers=4).require()


def test_where_no_pool_would_fit_the_advice_is_to_run_fewer_workers() -> None:
    with pytest.raises(BudgetExceeded, match="leaves 97: run fewer workers, or raise that limit"):
        budget(1, workers=50).require()


def test_a_narrower_limit_of_the_role_or_the_database_counts() -> None:
    assert budget(server=ServerLimits(100, 3, narrower=20)).accounts[0].limit == 20
    assert budget(server=ServerLimits(100, 3, narrower=99)).accounts[0].limit == 97


def test_behind_pgbouncer_the_pools_count_there_and_its_own_pool_on_the_server() -> None:
    pgbouncer = PgBouncerLimits(default_pool_size=20, max_client_conn=1000, reserve_pool_size=5, instances=2)
    reckoned = budget(workers=10, hosts=2, pgbouncer=pgbouncer)
    assert [(each.limit_name, each.needed, each.limit) for each in reckoned.accounts] == [
        ("PgBouncer", 600, 2000),
        ("the server", 50 + 20, 97),
    ]


@pytest.mark.parametrize(
    ("pgbouncer", "said"),
    [
        (
            PgBouncerLimits(default_pool_size=20, max_client_conn=100),
            "may need 120 connections, and PgBouncer leaves 100",
        ),
        (
            PgBouncerLimits(default_pool_size=100, max_client_conn=1000),
            "may need 104 connections, and the server leaves 97",
        ),
    ],
)
def test_either_limit_can_be_the_scarce_one(pgbouncer: PgBouncerLimits, said: str) -> None:
    with pytest.raises(BudgetExceeded, match=said):
        budget(workers=4, pgbouncer=pgbouncer).require()


@pytest.mark.parametrize(
    ("pgbouncer", "advice"),
    [
        (
            PgBouncerLimits(default_pool_size=100, max_client_conn=1000),
            "lower PgBouncer's default_pool_size or reserve_",
        ),
        (PgBouncerLimits(default_pool_size=20, max_client_conn=104), "at most 13 connections"),
    ],
)
def test_behind_pgbouncer_the_advice_is_what_helps_against_the_limit_that_is_hit(
    pgbouncer: PgBouncerLimits, advice: str
) -> None:
    """The server's share does not depend on the pools, nor PgBouncer's on the listeners."""
    with pytest.raises(BudgetExceeded, match=advice):
        budget(workers=4, pgbouncer=pgbouncer).require()
    budget(13, workers=4, pgbouncer=PgBouncerLimits(default_pool_size=20, max_client_conn=104)).require()


def test_limits_that_are_not_known_forbid_nothing() -> None:
    for unknown in (
        budget(server=None, workers=100),
        ConnectionBudget(15, Deployment(workers=100), HUNDRED, pooled=True),
    ):
        unknown.require()
        assert (unknown.accounts, unknown.share) == ((), 0.0)
        assert "not known" in str(unknown)


def test_the_number_of_workers_is_what_the_servers_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEB_CONCURRENCY", raising=False)
    assert Database("postgresql://host/name").deployment == Deployment(workers=1)
    monkeypatch.setenv("WEB_CONCURRENCY", "6")
    assert Database("postgresql://host/name").deployment == Deployment(workers=6)
    assert Database("postgresql://host/name", deployment=Deployment(workers=2)).deployment.workers == 2
    monkeypatch.setenv("WEB_CONCURRENCY", "many")
    with pytest.raises(ConfigurationError, match="WEB_CONCURRENCY is 'many'"):
        Database("postgresql://host/name")


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"hosts": 0}, {"reserve": -1}, {"listeners": -1}])
def test_a_deployment_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="is no deployment"):
        Deployment(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"instances": 0}, {"default_pool_size": 0}, {"max_client_conn": -1}, {"reserve_pool_size": -1}]
)
def test_a_pgbouncer_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="can serve nobody"):
        PgBouncerLimits(**wrong)


def test_a_reserve_above_the_limit_leaves_none() -> None:
    reckoned = budget(reserve=200)
    assert str(reckoned).startswith("connections at most, of which the limit leaves none:\n")
    with pytest.raises(BudgetExceeded, match="the server leaves -103: run fewer workers"):
        reckoned.require()


def test_settings_of_the_pool_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="ping_after"):
        PoolSettings(ping_after=-1)
    for policy in ("reset", "always"):
        with pytest.raises(ConfigurationError, match="session_state"):
            PoolSettings(transaction_pooler=True, session_state=policy)
    with pytest.raises(ConfigurationError, match="session_state"):
        PoolSettings(session_state="sometimes")  # type: ignore[arg-type]  # of a wrong type on purpose
