"""A check as people read it, as docs/how-to/read-differences.md shows it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

from bridge.shadow import Check, Ignore, Verdict, compare, describe, summarise, verdict_of
from bridge.shadow.comparing import CompareOptions
from bridge.stages import Path
from tests.docs.pages import blocks
from tests.unit.shadow.exchanges import answer, exchange

AGREED = (
    Ignore("json.key_order", reason="no client depends on the order of keys"),
    Ignore("json.datetime.*", "$.items[*].seen_at", reason="the app parses both, see SHOP-12", until=date(2027, 1, 31)),
)
HTTP, ISO = "Mon, 01 Jan 2024 10:00:00 GMT", "2024-01-01T10:00:00+00:00"


def check() -> Check:
    ours = answer(json.dumps({"items": [{"created_at": HTTP, "tags": ["a"]}, {"created_at": HTTP, "tags": []}]}))
    theirs = answer(json.dumps({"items": [{"created_at": ISO}, {"created_at": ISO, "tags": []}]}))
    target = "/posts/7?page=1"
    control = exchange(ours, target=target, elapsed_s=0.003)
    candidate = exchange(theirs, target=target, elapsed_s=0.002, path=Path.NATIVE)
    differences = compare(control, candidate)
    return Check("GET /posts/{post_id}", control, candidate, verdict_of(differences), differences)


def test_a_check_is_described_as_the_guide_shows() -> None:
    assert describe(check()) == blocks("docs/how-to/read-differences.md", "text")[0].rstrip("\n")


def test_differences_are_grouped_by_rule_and_kind_of_place() -> None:
    groups = [(group.example.rule, group.where, group.count) for group in summarise(check().differences)]
    assert groups == [
        ("json.datetime.http_date", "$.items[*].created_at", 2),
        ("json.missing_key", "$.items[*].tags", 1),
    ]


def test_what_is_excused_is_described_with_its_reason() -> None:
    control, candidate = (exchange(answer(json.dumps({"items": [{"seen_at": each}]}))) for each in (HTTP, ISO))
    options = CompareOptions(ignore=AGREED)
    differences = compare(control, candidate, options=options, today=date(2027, 1, 31))
    text = describe(Check("GET /x", control, candidate, verdict_of(differences), differences))
    assert "    excused: the app parses both, see SHOP-12" in text.splitlines()
    assert "remedy" not in text


def test_a_check_that_cannot_be_compared_says_why() -> None:
    text = describe(replace(check(), verdict=Verdict.NOT_COMPARABLE, differences=(), reason="the snapshot is gone"))
    assert text.splitlines()[0].endswith(": not_comparable")
    assert text.splitlines()[-1] == "  reason: the snapshot is gone"
