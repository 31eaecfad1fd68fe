"""What is hidden is hidden everywhere, and the difference stays."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InvalidShadowSetting
from bridge.shadow import Check, RowWrite, WriteKind, WriteSet, compare, describe, verdict_of
from bridge.shadow.redacting import Redaction, redact
from tests.unit.shadow.exchanges import answer, exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.shadow import Exchange

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=XX"}
# Characters that each kind of text writes in its own way; a letter first, so that a secret is no part of our own words.
SECRETS = st.text("qzQZ09+/=%&\"'<>\\ \u00fc;,-_", min_size=7, max_size=30).map(lambda text: f"q{text.strip()}Zq7")


def checked(control: Exchange, candidate: Exchange) -> Check:
    differences = compare(control, candidate)
    return Check("POST /login", control, candidate, verdict_of(differences), differences)


def sent(**more: Any) -> Exchange:
    return exchange(answer("{}"), method="POST", **more)


def written(column: str, value: Any) -> Exchange:
    row = {"id": 1, column: value, "name": "Ada"}
    return sent(writes=WriteSet((RowWrite(WriteKind.INSERT, "users", {"id": 1}, None, row),)))


def multipart(name: str, value: str) -> str:
    return f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n--XX--\r\n'


# Each puts a secret where its name, or its kind, says that it is one.
PLACES: Mapping[str, Callable[[str], Exchange]] = {
    "header": lambda secret: sent(headers={"authorization": f"Bearer {quote(secret)}"}),
    "api key": lambda secret: sent(headers={"X-API-Key": quote(secret)}),
    "cookie": lambda secret: sent(headers={"cookie": f"theme=dark; session={quote(secret)}"}),
    "set-cookie": lambda secret: exchange(answer(headers={"set-cookie": f"session={quote(secret)}; Path=/"})),
    "query": lambda secret: sent(target=f"/reset?next=/&reset_token={quote_plus(secret)}"),
    "json body": lambda secret: sent(body=json.dumps({"user": {"newPassword": secret}})),
    "nested": lambda secret: exchange(answer(json.dumps({"secrets": {"a": [secret, {"b": secret}]}}))),
    "utf-8 body": lambda secret: exchange(answer(json.dumps({"api_key": secret}, ensure_ascii=False))),
    "form": lambda secret: sent(headers=FORM, body=f"a=1&pass%77ord={quote_plus(secret)}"),
    "multipart": lambda secret: sent(headers=MULTIPART, body=multipart("password", secret)),
    "row": lambda secret: written("password_hash", secret),
    "row in json": lambda secret: written("settings", {"client-secret": [secret]}),
}
# Each puts it where nothing says so.
ECHOES: Mapping[str, Callable[[str], Exchange]] = {
    "body": lambda secret: exchange(answer(json.dumps({"hint": f"your code is {secret}!"}))),
    "key": lambda secret: exchange(answer(json.dumps({secret: 1}))),
    "html": lambda secret: exchange(answer(f"<p>{secret}</p>", media="text/html")),
    "path": lambda secret: sent(target=f"/reset/{quote(secret, safe='')}"),
    "location": lambda secret: exchange(answer(headers={"location": f"/done?code={quote_plus(secret)}"})),
    "binary": lambda secret: exchange(answer(b"\xff\0" + secret.encode() + b"\xfe", media="image/png")),
    "row": lambda secret: written("note", f"see {secret}"),
    "long": lambda secret: exchange(answer(json.dumps({"hint": "x" * 190 + secret + "y" * 300}))),
    "far": lambda secret: exchange(answer(json.dumps({"hint": "x" * 500 + secret + "y" * 300}))),
}


def everything(check: Check) -> str:
    """Return all that a check holds as text, bytes and escapes taken apart."""
    sides = [each.response.body for each in (check.control, check.candidate) if each.response]
    bodies = [*sides, check.control.request.body, check.candidate.request.body]
    return "\n".join(
        [
            repr(check),
            describe(check),
            *(body.decode("utf-8", "replace") for body in bodies),
            json.dumps([[each.control, each.candidate, each.where] for each in check.differences], ensure_ascii=False),
        ]
    )


def forms(secret: str) -> set[str]:
    written = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], *written}


@given(SECRETS, st.sampled_from(sorted(PLACES)), st.sampled_from(sorted(ECHOES)), st.booleans())
def test_a_secret_is_nowhere_in_a_redacted_check(secret: str, place: str, echo: str, is_first: bool) -> None:
    sides = PLACES[place](secret), ECHOES[echo](secret)
    check = checked(*sides) if is_first else checked(*reversed(sides))
    assert any(form in everything(check) for form in forms(secret)), "the test would see it"
    text = everything(redact(check))
    assert not [form for form in forms(secret) if form in text]


@given(SECRETS, SECRETS, st.sampled_from(sorted(PLACES)))
def test_two_secrets_differ_and_neither_is_shown(secret: str, other: str, place: str) -> None:
    check = checked(PLACES[place](secret), PLACES[place](other))
    text = everything(redact(check))
    assert not [form for form in forms(secret) | forms(other) if form in text]
    assert len(redact(check).differences) == len(check.differences)


@pytest.mark.parametrize(
    "secret", [JWT, "$argon2id$v=19$m=8,t=1$c2FsdA$aGFzaA", "4111 1111 1111 1111", "4111111111111111"]
)
@pytest.mark.parametrize("echo", sorted(ECHOES))
def test_what_has_the_form_of_a_secret_is_hidden_wherever_it_is(secret: str, echo: str) -> None:
    text = everything(redact(checked(sent(), ECHOES[echo](secret))))
    assert not [form for form in forms(secret) - {quote_plus(secret)} if form in text]


@pytest.mark.parametrize("hint", ["x" * 190 + "{}" + "y" * 300 + "{other}", "x" * 300 + "{}" + "y" * 30 + "{other}z"])
def test_no_end_of_a_secret_is_shown_where_a_value_is_cut_off(hint: str) -> None:
    secret = "Tr0ub4dor&3-horse"
    sides = (
        exchange(answer(json.dumps({"hint": hint.format(secret, other=other), "password": secret})))
        for other in ("one", "two")
    )
    text = everything(redact(checked(*sides)))
    assert not [secret[n : n + 5] for n in range(len(secret) - 4) if secret[n : n + 5] in text]


def test_the_same_value_has_the_same_mark_and_another_one_another() -> None:
    control = exchange(answer('{"token": "aaaaaaaa", "again": "aaaaaaaa"}'))
    candidate = exchange(answer('{"token": "bbbbbbbbb", "again": "aaaaaaaa"}'))
    check = redact(checked(control, candidate))
    assert [(each.rule, each.where, each.control, each.candidate) for each in check.differences] == [
        ("json.value", "$.token", "<hidden 1: 8 characters>", "<hidden 2: 9 characters>")
    ]
    assert check.control.response is not None
    assert json.loads(check.control.response.body) == {
        "token": "<hidden 1: 8 characters>",
        "again": "<hidden 1: 8 characters>",
    }


def test_what_tells_nothing_of_the_secret_stays() -> None:
    control = sent(headers={"authorization": "Bearer abcdefgh"}, body='{"password": null, "token": true, "n": 1.10}')
    check = redact(checked(control, exchange(answer("{}"))))
    assert check.control.request.headers == ((b"authorization", b"Bearer <hidden 1: 8 characters>"),)
    assert check.control.request.body == b'{"password": null, "token": true, "n": 1.10}'


def test_a_body_without_secrets_keeps_its_bytes() -> None:
    body = b'{"b":1.10,\n"a":  "\xc3\xbc"}\n'
    check = redact(checked(exchange(answer(body)), exchange(answer("{}"))))
    assert check.control.response is not None
    assert check.control.response.body == body


def test_a_cookie_keeps_its_name_and_attributes() -> None:
    header = {"set-cookie": "session=abcdefgh; Path=/; HttpOnly"}
    check = redact(checked(exchange(answer(headers=header)), exchange(answer())))
    assert check.differences[0].control == "session=<hidden 1: 8 characters>; path=/; httponly"
    shown = redact(checked(exchange(answer(headers=header)), exchange(answer())), Redaction(cookies=()))
    assert shown.differences[0].control == "session=abcdefgh; path=/; httponly"


def test_names_count_without_case_and_underscores() -> None:
    redaction = Redaction(fields=("*api_key", "pin"), defaults=False)
    body = {"X-APIKey": "aaaa", "apiKeys": "bbbb", "PIN": "12", "spin": "34", "pins": ["56"]}
    check = redact(checked(exchange(answer(json.dumps(body))), exchange(answer("{}"))), redaction)
    assert check.control.response is not None
    kept = {name for name, value in json.loads(check.control.response.body).items() if value == body[name]}
    assert kept == {"apiKeys", "spin", "pins"}


def test_a_pattern_of_ones_own_hides_what_it_matches() -> None:
    control, candidate = (exchange(answer(json.dumps({"to": f"{name}@example.org"}))) for name in ("ada", "grace"))
    check = redact(checked(control, candidate), Redaction(patterns=(r"[\w.]+@[\w.]+",)))
    assert "example.org" not in everything(check)
    assert "example.org" in everything(redact(checked(control, candidate)))


def test_a_number_that_is_no_card_is_shown() -> None:
    body = '{"id": 4111111111111112, "ratio": 0.4111111111111111}'
    check = redact(checked(exchange(answer(body)), exchange(answer("{}"))))
    assert check.control.response is not None
    assert check.control.response.body.decode() == body


@given(st.binary(max_size=200), st.sampled_from([{}, FORM, MULTIPART, {"content-type": "application/json"}]))
def test_no_bytes_break_the_redaction(body: bytes, headers: Mapping[str, str]) -> None:
    text = body.decode("latin-1")
    check = checked(
        sent(body=body, headers={**headers, "cookie": text, "x": text}, target=text), exchange(answer(body), error=text)
    )
    redact(replace(check, reason=text))


@pytest.mark.parametrize(
    "arguments",
    [{"headers": "authorization"}, {"fields": ("",)}, {"cookies": (1,)}, {"patterns": ("(",)}, {"patterns": ("a*",)}],
)
def test_settings_that_cannot_be_meant_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidShadowSetting):
        Redaction(**arguments)
