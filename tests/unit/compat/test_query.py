"""Query parameters with Flask's rules."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from werkzeug.datastructures import MultiDict

from bridge import lenient
from bridge.compat.query import FirstValueParams

PAIRS = st.lists(st.tuples(st.sampled_from("abc"), st.text("x1 é日%&=+", max_size=3)), max_size=8)


@given(PAIRS)
def test_one_value_per_name_is_werkzeugs(pairs: list[tuple[str, str]]) -> None:
    ours, theirs = FirstValueParams(pairs), MultiDict(pairs)
    for key in "abcd":
        assert ours.get(key) == theirs.get(key)
        assert ours.getlist(key) == theirs.getlist(key)
        assert (key in ours) == (key in theirs)
    assert {key: ours[key] for key in ours} == theirs.to_dict()


def test_a_name_that_is_not_there_is_a_key_error_or_the_default() -> None:
    with pytest.raises(KeyError):
        _ = FirstValueParams([])["page"]
    assert FirstValueParams([]).get("page", "1") == "1"


@pytest.mark.parametrize(
    ("query", "pairs"),
    [
        (b"a=1&a=2", [("a", "1"), ("a", "2")]),
        (b"a=x+y%20z", [("a", "x y z")]),
        (b"a=%FF", [("a", "%FF")]),
        (b"a=%C3%A9", [("a", "\u00e9")]),
        (b"a&b=", [("a", ""), ("b", "")]),
        (b"&&", []),
    ],
)
def test_a_query_string_is_read_as_werkzeug_reads_it(query: bytes, pairs: list[tuple[str, str]]) -> None:
    assert FirstValueParams.from_query_string(query).multi_items() == pairs


@given(st.text("0123456789_+- .eE\tx\u0661é") | st.integers().map(str))
def test_a_lenient_parameter_is_what_flask_would_read(text: str) -> None:
    flask = MultiDict({"page": text}).get("page", 7, type=int)
    assert TypeAdapter(Annotated[int, lenient(int, 7)]).validate_python(text) == flask


@pytest.mark.parametrize(
    ("kind", "default", "text", "value"),
    [(int, 1, "x", 1), (int, 1, "", 1), (int, 1, " 2 ", 2), (bool, False, "false", True), (bool, True, "", False), (float, 0.5, "1e1", 10.0), (float, 0.5, "ten", 0.5)],
)  # fmt: skip
def test_what_the_kind_refuses_becomes_the_default(kind: Any, default: Any, text: str, value: Any) -> None:
    assert TypeAdapter(Annotated[kind, lenient(kind, default)]).validate_python(text) == value
