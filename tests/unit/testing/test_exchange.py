"""Exchanges and what came of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge import ParityMismatch
from bridge.testing import Exchange, Outcome, assert_same_outcome

EXCHANGE = Exchange("create", "POST /users", "POST", "/users", 201, body={"a": 1})
OUTCOME = Outcome("flask", 201, {"location": "/users/1"}, ["session"], '{"a":1}\n', {"users": [{"id": 1}]})


def test_a_value_is_sent_as_json_and_bytes_as_they_are() -> None:
    assert (EXCHANGE.content, EXCHANGE.request_headers) == (b'{"a": 1}', {"content-type": "application/json"})
    raw = replace(EXCHANGE, body=b"{", headers={"content-type": "text/plain"})
    assert (raw.content, raw.request_headers) == (b"{", {"content-type": "text/plain"})
    bare = replace(EXCHANGE, body=None)
    assert (bare.content, bare.request_headers) == (None, {})


def test_equal_outcomes_of_two_paths_pass() -> None:
    assert_same_outcome(OUTCOME, replace(OUTCOME, path="native"), exchange=EXCHANGE)


@pytest.mark.parametrize(
    "difference",
    [{"status": 200}, {"headers": {}}, {"cookies": []}, {"body": "{}"}, {"state": {"users": [{"id": 2}]}}],
    ids=lambda difference: next(iter(difference)),
)
def test_any_difference_is_a_mismatch_that_is_shown(difference: dict[str, object]) -> None:
    candidate = replace(OUTCOME, path="native", **difference)  # type: ignore[arg-type]  # any field
    with pytest.raises(
        ParityMismatch, match=r"create: POST /users differs on the native path:\n--- control \(flask\)"
    ) as raised:
        assert_same_outcome(OUTCOME, candidate, exchange=EXCHANGE)
    assert "\n-" in str(raised.value)
