"""Headers are compared as a client reads them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.shadow import CompareOptions, RecordedResponse, compare
from bridge.shadow.comparing import COMPARED_HEADERS
from tests.unit.shadow.exchanges import STARTED, answer, exchange

SESSION = "session=eyJ1IjoxfQ.Z0.{}; HttpOnly; Path=/"


def rules(control: dict[str, str], candidate: dict[str, str], headers: tuple[str, ...] = COMPARED_HEADERS) -> list[str]:
    ours = exchange(answer(headers=control, media=""))
    theirs = exchange(answer(headers=candidate, media=""), started=STARTED + timedelta(seconds=4))
    return [each.rule for each in compare(ours, theirs, options=CompareOptions(headers=headers))]


@pytest.mark.parametrize(
    ("name", "control", "candidate"),
    [
        ("allow", "GET, HEAD, OPTIONS", "OPTIONS, get, HEAD"),
        ("vary", "Cookie, Accept", "accept,cookie"),
        ("cache-control", "no-store, max-age=0", "max-age=0, no-store"),
        ("content-type", "text/html; charset=utf-8", "text/html;charset=UTF-8"),
        ("content-type", "multipart/form-data; boundary=a", "multipart/form-data; boundary=b"),
        ("retry-after", "120", "116"),
        ("set-cookie", SESSION.format("abcdefgh"), SESSION.format("ijklmnop")),
        ("set-cookie", "a=1; Path=/; HttpOnly", "a=1; httponly; path=/"),
        ("set-cookie", "sid=0123456789abcdef0123", "sid=fedcba9876543210fedc"),
        ("set-cookie", "a=1; Max-Age=60", "a=1; Expires=Tue, 24 Nov 2026 10:01:04 GMT"),
        ("x-request-id", "1", "2"),
        ("server", "Werkzeug", "uvicorn"),
    ],
)
def test_what_means_the_same_is_the_same(name: str, control: str, candidate: str) -> None:
    assert rules({name: control}, {name: candidate}) == []


@pytest.mark.parametrize(
    ("name", "control", "candidate", "rule"),
    [
        ("retry-after", "120", "60", "header.retry_after"),
        ("retry-after", "120", "Tue, 24 Nov 2026 10:02:00 GMT", "header.retry_after"),
        ("location", "/things?a=1", "/things?a=2", "header.location"),
        ("location", "http://a/things", "http://b/things", "header.location"),
        ("content-type", "text/html", "text/html; charset=utf-8", "header.charset"),
        ("content-disposition", "attachment; filename=a.csv", "attachment; filename=b.csv", "header.value"),
        ("set-cookie", "a=1; Secure", "a=1", "header.cookie.attribute"),
        ("set-cookie", "a=1; Max-Age=60", "a=1", "header.cookie.lifetime"),
        ("set-cookie", "a=1; Max-Age=0", "a=1", "header.cookie.lifetime"),
        ("set-cookie", SESSION.format("abcdefgh"), "session=; Max-Age=0; Path=/; HttpOnly", "header.cookie.value"),
    ],
)
def test_what_a_client_sees_is_a_difference(name: str, control: str, candidate: str, rule: str) -> None:
    assert rule in rules({name: control}, {name: candidate})


def test_only_the_chosen_headers_are_compared() -> None:
    assert rules({"location": "/a"}, {"location": "/b"}, headers=("x-total",)) == []
    assert rules({"x-total": "1"}, {"x-total": "2"}, headers=("x-total",)) == ["header.value"]


def test_cookies_of_one_name_count_once_and_others_each_by_itself() -> None:
    def setting(*cookies: bytes) -> RecordedResponse:
        return RecordedResponse(200, tuple((b"set-cookie", each) for each in cookies), b"")

    control = exchange(setting(b"a=1", b"a=2", b"b=1"))
    assert compare(control, exchange(setting(b"b=1", b"a=2"))) == ()
    assert [each.where for each in compare(control, exchange(setting(b"a=1", b"c=1")))] == [
        "cookie a",
        "cookie b",
        "cookie c",
    ]


def test_the_status_comes_alone() -> None:
    control = exchange(answer('{"a": 1}', headers={"vary": "Cookie"}))
    assert [each.rule for each in compare(control, exchange(answer("oops", status=500, media="text/plain")))] == [
        "status.500"
    ]
