"""What is known to differ between Flask and FastAPI, and between psycopg2 and asyncpg, is found and named."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from bridge.shadow import RecordedResponse, compare
from tests.unit.shadow.exchanges import answer, exchange


class Fact(NamedTuple):
    says: str
    control: RecordedResponse
    candidate: RecordedResponse
    rules: set[str]
    request: str = "GET /things"


def page(body: str, *, status: int = 200, **more: Any) -> RecordedResponse:
    return answer(body, status=status, media="text/html; charset=utf-8", **more)


DELETED = "theme=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/"
FLASK_AND_FASTAPI = [
    Fact(
        "a JSON body",
        answer('{"a":"M\\u00fcller","b":1}\n'),
        answer('{"b": 1, "a": "M\u00fcller"}'),
        {"json.key_order", "json.escapes", "json.trailing_newline", "json.whitespace"},
    ),
    Fact(
        "a datetime",
        answer('{"at":"Mon, 01 Jan 2024 10:00:00 GMT"}'),
        answer('{"at":"2024-01-01T10:00:00.123456"}'),
        {"json.datetime.http_date"},
    ),
    Fact(
        "a date",
        answer('{"on":"Mon, 01 Jan 2024 00:00:00 GMT"}'),
        answer('{"on":"2024-01-01"}'),
        {"json.datetime.http_date"},
    ),
    Fact("a Decimal", answer('{"price":"1.10"}'), answer('{"price":1.1}'), {"json.decimal.digits"}),
    Fact("NaN", answer('{"ratio":NaN}'), answer("", status=500, media=""), {"status.500"}),
    Fact("a set", page("", status=500), answer("[1]"), {"status.success_for_500"}),
    Fact("a str", page("hello"), answer('"hello"'), {"header.content_type", "body.media_type"}),
    Fact(
        "an error page",
        page("<h1>Internal Server Error</h1>", status=500),
        answer("Internal Server Error", status=500, media="text/plain; charset=utf-8"),
        {"header.content_type", "text.line"},
    ),
    *(
        Fact(f"<int:id> with {part}", page("", status=404), answer("{}"), {"status.converter"}, f"GET /things/{part}")
        for part in ("-5", "+5", "5.0", "1_0", "0f8fad5bd9cb469fa16570867728950e")
    ),
    Fact("<int:id> with abc", page("", status=404), answer("{}", status=422), {"status.422_for_404"}, "GET /things/abc"),
    Fact(
        "several values", answer('{"page":1}'), answer('{"page":2}'), {"query.last_value_wins"}, "GET /things?page=1&page=2"
    ),
    Fact(
        "several values of another size",
        answer('{"size":1}'),
        answer('{"size":10}'),
        {"query.last_value_wins"},
        "GET /things?size=1&size=10",
    ),
    Fact(
        "several values and another cause",
        answer('{"price":"1.10"}'),
        answer('{"price":1.1}'),
        {"json.decimal.digits"},
        "GET /things?size=1&size=10",
    ),
    Fact(
        "several values of a filter",
        answer('[{"id":1}]'),
        answer("[]"),
        {"query.last_value_wins"},
        "GET /things?tag=a&tag=b",
    ),
    Fact(
        "several values of a key",
        answer("{}"),
        answer("{}", status=404),
        {"query.last_value_wins"},
        "GET /things?id=1&id=9",
    ),
    Fact("?b=false", answer('{"b":true}'), answer('{"b":false}'), {"query.bool"}, "GET /things?b=false"),
    Fact("?i=x", answer("{}"), answer("{}", status=422), {"status.422_for_200"}, "GET /things?i=x"),
    Fact("%FF", answer('{"q":"%FF"}'), answer('{"q":"\ufffd"}'), {"json.string.encoding"}, "GET /things?q=%FF"),
    Fact("a missing slash", page("", status=308), answer(status=307), {"status.307_for_308"}),
    Fact("an extra slash", page("", status=404), answer(status=307), {"status.307_for_404"}, "GET /things/"),
    Fact("HEAD", answer(), answer(status=405), {"status.405_for_200"}, "HEAD /things"),
    Fact("invalid JSON", answer("{}", status=400), answer("{}", status=422), {"status.422_for_400"}, "POST /things"),
    Fact("no JSON", answer("{}", status=415), answer("{}", status=422), {"status.422_for_415"}, "POST /things"),
    Fact("a redirect", page("<p>", status=302), answer(status=307), {"status.307_for_302"}),
    Fact(
        "a deleted cookie",
        answer(headers={"set-cookie": DELETED}),
        answer(headers={"set-cookie": 'theme=""; expires=Tue, 24 Nov 2026 10:00:00 GMT; Max-Age=0; Path=/; SameSite=lax'}),
        {"header.cookie.deletion"},
    ),
    Fact(
        "a validation error",
        answer('{"detail":[{"loc":["a"]}]}', status=422),
        answer('{"detail":[{"loc":["a"],"input":"secret"}]}', status=422),
        {"json.echoed_input"},
    ),
    Fact(
        "Vary of the session", answer(headers={"vary": "Cookie"}), answer(), {"header.missing"}
    ),
]  # fmt: skip
PSYCOPG2_AND_ASYNCPG = [
    Fact(
        "a naive datetime",
        answer('{"at":"2024-01-01T10:00:00+00:00"}'),
        answer('{"at":"2024-01-01T08:00:00+00:00"}'),
        {"json.datetime.zone"},
    ),
    Fact(
        "an aware datetime",
        answer('{"at":"2024-01-01T12:00:00+02:00"}'),
        answer('{"at":"2024-01-01T10:00:00+00:00"}'),
        {"json.datetime.offset"},
    ),
    Fact("Numeric(10, 2) of 1.005", answer('{"n":"1.01"}'), answer('{"n":"1.00"}'), {"json.rounding"}),
    Fact(
        "Numeric of 1.1", answer('{"n":"1.1"}'), answer('{"n":"1.100000000000000088817841970"}'), {"json.float_noise"}
    ),
    Fact("REAL", answer('{"n":1.1}'), answer('{"n":1.100000023841858}'), {"json.float_noise"}),
    Fact("INTEGER of 5.7", answer('{"n":6}'), answer('{"n":5}'), {"json.off_by_one"}),
    Fact("INTEGER of True", answer("{}", status=400), answer('{"n":1}'), {"status.success_for_error"}),
    Fact("CIDR", answer('{"net":"10.0.0.0/8"}'), answer('{"net":"10.0.0.0"}'), {"json.inet_prefix"}),
    Fact("a row that is gone", answer("{}", status=409), answer("{}"), {"status.success_for_error"}),
    Fact("rowcount", answer('{"deleted":3}'), answer('{"deleted":-1}'), {"json.rowcount"}),
    Fact("id beyond INTEGER", page("", status=404), answer(status=500), {"status.500_for_404"}),
    Fact("IntegrityError", answer("{}", status=409), answer(status=500), {"status.500_for_409"}),
]


@pytest.mark.parametrize("fact", [*FLASK_AND_FASTAPI, *PSYCOPG2_AND_ASYNCPG], ids=lambda fact: fact.says)
def test_a_known_difference_is_named(fact: Fact) -> None:
    method, target = fact.request.split(" ")
    sides = (exchange(each, method=method, target=target) for each in (fact.control, fact.candidate))
    assert {each.rule for each in compare(*sides)} == fact.rules


@pytest.mark.parametrize(
    ("raised", "status", "rule"),
    [
        ("MissingGreenlet", 500, "candidate.lazy_load"),
        ("LazyLoadOutsideSession", 500, "candidate.lazy_load"),
        ("KeyError", 500, "status.500"),
        (None, 500, "status.500"),
        ("MissingGreenlet", 403, "status.error_for_success"),
    ],
)
def test_a_lazy_load_has_its_name_also_where_it_was_answered(raised: str | None, status: int, rule: str) -> None:
    differences = compare(exchange(answer("{}")), exchange(answer(status=status), raised=raised))
    assert [each.rule for each in differences] == [rule]
