"""Values that a run made up are named; everything else stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from email.utils import format_datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.testing import Canonical

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
END = START + timedelta(seconds=5)
OLD_UUID = UUID("11111111-2222-4333-8444-555555555555")
NEW_UUID = UUID("99999999-2222-4333-8444-555555555555")
OLD_HASH = "$argon2id$v=19$m=8,t=1,p=1$b2xk$b2xk"
STATE = {"users": [{"id": 1, "public_id": OLD_UUID, "password_hash": OLD_HASH, "name": "x"}]}
CANONICAL = Canonical(Canonical.known_in(STATE), START, END)
NOW = START + timedelta(seconds=2)


def test_the_known_values_are_the_uuids_and_hashes_of_the_database() -> None:
    assert Canonical.known_in(STATE) == {str(OLD_UUID), OLD_HASH}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (NEW_UUID, "<uuid>"),
        (OLD_UUID, OLD_UUID),
        (str(OLD_UUID), str(OLD_UUID)),
        (NOW, "<now>"),
        (NOW.replace(tzinfo=None), "<now>"),
        (NOW.astimezone(timezone(timedelta(hours=5, minutes=30))), "<now>"),
        (START - timedelta(days=1), START - timedelta(days=1)),
        (END + timedelta(seconds=3), END + timedelta(seconds=3)),
        ("$argon2id$v=19$m=8,t=1,p=1$bmV3$bmV3", "<password hash>"),
        (OLD_HASH, OLD_HASH),
        (None, None),
        (True, True),
        (Decimal("1.10"), Decimal("1.10")),
        ([NOW, 1], ["<now>", 1]),
        ((NOW, 1), ["<now>", 1]),
        ({"a": {"b": NOW}}, {"a": {"b": "<now>"}}),
    ],
)
def test_a_value_that_the_run_made_up_is_named(value: object, named: object) -> None:
    assert CANONICAL.value(value) == named


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f'{{"id": "{NEW_UUID}"}}', '{"id": "<uuid>"}'),
        (format_datetime(NOW, usegmt=True), "<now>"),
        (format_datetime(START - timedelta(days=1), usegmt=True), "Sat, 28 Feb 2026 12:00:00 GMT"),
        (f'"{NOW.isoformat()}"', '"<now>"'),
        ("2026-03-01 12:00:02.123Z", "<now>"),
        ("2026-03-01T17:30:02+05:30", "<now>"),
        ("2024-13-01T00:00:00", "2024-13-01T00:00:00"),
        ("2024-01-01T00:00:00", "2024-01-01T00:00:00"),
    ],
)
def test_text_keeps_all_but_what_the_run_made_up(text: str, named: str) -> None:
    assert CANONICAL.text(text) == named


@pytest.mark.parametrize("text", ["Sun, 99 Foo 2026 12:00:00 GMT", "Sun, 32 Mar 2026 25:61:61 GMT"])
def test_what_only_looks_like_an_http_date_is_kept(text: str) -> None:
    assert CANONICAL.text(text) == text


@given(st.text('0123456789-:.+TZ Sun,MarGMT$argon2id{}"é\n'))
def test_naming_twice_changes_nothing_more(text: str) -> None:
    assert CANONICAL.text(CANONICAL.text(text)) == CANONICAL.text(text)
