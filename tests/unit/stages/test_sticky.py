"""How a caller is named."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask, session
from flask.sessions import SessionInterface

from bridge import ConfigurationError, Stages, by_client_address, by_cookie, by_first_of, by_header, by_session

if TYPE_CHECKING:
    from bridge import CallerKey
    from bridge.types import Scope

OPERATION = "GET /users"


def request(*headers: tuple[str, str], client: tuple[str, int] | None = ("10.0.0.1", 5000)) -> Scope:
    return {
        "type": "http",
        "client": client,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }


def flask_application(key: str = "a secret key for tests") -> Flask:
    app = Flask("legacy")
    app.secret_key = key

    @app.get("/login/<user>")
    def login(user: str) -> str:
        session["user_id"] = int(user) if user.isdigit() else user
        session["visits"] = session.get("visits", 0) + 1
        return ""

    return app


def session_cookies(app: Flask, user: str, times: int) -> list[str]:
    client = app.test_client()
    return [client.get(f"/login/{user}").headers["Set-Cookie"].partition(";")[0] for _ in range(times)]


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("10.0.0.1", 5000), "10.0.0.1"),
        (("2001:db8:1:2:aaaa::1", 5000), "2001:db8:1:2::"),
        (("2001:db8:1:2:bbbb::9", 5000), "2001:db8:1:2::"),
        (("fe80::1%eth0", 5000), "fe80::"),
        (("::ffff:10.0.0.1", 5000), "10.0.0.1"),
        (("testclient", 5000), "testclient"),
        (("not:an:address", 5000), "not:an:address"),
        (None, None),
    ],
)
def test_an_address_names_a_host_and_in_ipv6_its_network(client: tuple[str, int] | None, key: str | None) -> None:
    assert by_client_address(request(client=client)) == key


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ([("x-user", "7")], "7"),
        ([("x-user", "7"), ("x-user", "8")], "7"),
        ([("x-user-id", "7")], None),
        ([], None),
        ([("x-user", "é")], "é"),
    ],
)
def test_a_header_names_the_caller(headers: list[tuple[str, str]], key: str | None) -> None:
    assert by_header("X-User")(request(*headers)) == key


@pytest.mark.parametrize(
    ("cookies", "key"),
    [
        (["visitor=7"], "7"),
        (["other=1; visitor=7; more=2"], "7"),
        (["other=1", "visitor=7"], "7"),
        (["visitor=7; visitor=8"], "7"),
        (["my_visitor=7"], None),
        (["other=visitor=7"], None),
        (["visitor"], None),
        (["visitor="], ""),
        ([], None),
    ],
)
def test_a_cookie_names_the_caller(cookies: list[str], key: str | None) -> None:
    assert by_cookie("visitor")(request(*(("cookie", cookie) for cookie in cookies))) == key


@pytest.mark.parametrize(("user", "key"), [("7", "7"), ("ada", "ada")])
def test_a_user_of_the_flask_session_has_one_name_though_the_cookie_changes(user: str, key: str) -> None:
    app = flask_application()
    cookies = session_cookies(app, user, 3)
    assert len(set(cookies)) == 3
    assert {by_session(app, "user_id")(request(("cookie", cookie))) for cookie in cookies} == {key}


@pytest.mark.parametrize("cookie", ["session=nonsense", "session=", "other=1"])
def test_a_session_that_cannot_be_read_names_nobody(cookie: str) -> None:
    assert by_session(flask_application(), "user_id")(request(("cookie", cookie))) is None


def test_a_session_of_another_key_names_nobody() -> None:
    (cookie,) = session_cookies(flask_application("the secret of somebody else"), "7", 1)
    assert by_session(flask_application(), "user_id")(request(("cookie", cookie))) is None


def test_a_session_without_the_value_names_nobody() -> None:
    (cookie,) = session_cookies(flask_application(), "7", 1)
    assert by_session(flask_application(), "account")(request(("cookie", cookie))) is None


def test_a_session_that_is_kept_elsewhere_is_refused() -> None:
    class ServerSide(SessionInterface):
        pass

    app = flask_application()
    app.session_interface = ServerSide()
    with pytest.raises(ConfigurationError, match="ServerSide keeps sessions outside of the cookie"):
        by_session(app, "user_id")


def test_the_first_key_that_can_names_the_caller_and_names_of_two_kinds_differ() -> None:
    key = by_first_of(by_header("x-user"), by_cookie("visitor"), by_client_address)
    names = [
        key(request(("x-user", "10.0.0.1"))),
        key(request(("cookie", "visitor=10.0.0.1"))),
        key(request(("x-user", ""), ("cookie", "visitor="))),
        key(request(client=None)),
    ]
    assert len(set(names)) == 4
    assert names[-1] is None


def in_canary(percent: str, sticky_by: CallerKey) -> Stages:
    stages = Stages({OPERATION: f"canary {percent} %"}, sticky_by=sticky_by)
    stages.declare(OPERATION, ported=True)
    return stages


@pytest.mark.parametrize("key", [None, ""])
def test_a_caller_without_a_name_stays_on_the_legacy_path_until_everybody_moves(key: str | None) -> None:
    assert not in_canary("99.99", lambda _: key).decide(OPERATION, request()).native
    assert in_canary("100", lambda _: key).decide(OPERATION, request()).native


def test_a_key_of_ones_own_decides() -> None:
    stages = in_canary("50", lambda scope: scope["user"])
    sides = {user: stages.decide(OPERATION, {"user": user}).native for user in map(str, range(100))}
    assert 30 < sum(sides.values()) < 70
    assert all(stages.decide(OPERATION, {"user": user}).native is side for user, side in sides.items())


def test_a_key_that_fails_is_logged_once_and_the_legacy_path_serves(caplog: pytest.LogCaptureFixture) -> None:
    def failing(scope: Any) -> str:
        return str(scope["no such key"])

    stages = in_canary("99", failing)
    with caplog.at_level(logging.ERROR, "bridge.stages"):
        assert {stages.decide(OPERATION, request()).native for _ in range(5)} == {False}
    assert [record.message.partition(";")[0] for record in caplog.records] == ["sticky_by failed"]


def test_nobody_is_asked_where_the_answer_is_the_same_for_all() -> None:
    def never(_: Any) -> str:
        raise AssertionError("nobody had to know who asks")

    stages = in_canary("0", never)
    for setting in ("legacy", "shadow", "canary 0 %", "canary 100 %", "verify", "native"):
        stages.set(OPERATION, setting)
        stages.decide(OPERATION, {})
    assert not stages._caller_failed
