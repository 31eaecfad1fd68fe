"""Path converters as strict as Flask's."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.convertors import CONVERTOR_TYPES
from starlette.routing import compile_path
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from bridge import register_flask_converters

register_flask_converters()
NAMES = ("int", "float", "uuid", "path")
# Mostly what is nearly a number or a UUID.
TEXTS = st.text(alphabet="0123456789abcdef-+._/ e\n٣", max_size=40) | st.uuids().map(str) | st.floats().map(str)


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
@example(text="5\n")
@example(text="-5")
@example(text="٣")
@example(text="a/b")
@example(text="/a")
def test_a_value_matches_and_is_read_as_under_flask(name: str, text: str) -> None:
    rules = Map([Rule(f"/x/<{name}:v>", endpoint="x")], merge_slashes=False).bind("")
    try:
        theirs = rules.match(f"/x/{text}")[1]["v"]
    except NotFound:
        theirs = None
    convertor = CONVERTOR_TYPES[f"flask_{name}"]
    matched = compile_path(f"/x/{{v:flask_{name}}}")[0].match(f"/x/{text}")
    ours = convertor.convert(matched["v"]) if matched else None
    assert (type(ours), ours) == (type(theirs), theirs)


@pytest.mark.parametrize(("name", "value"), [("int", 7), ("float", 1.5), ("uuid", UUID(int=7)), ("path", "a/b")])
def test_a_value_becomes_the_text_it_is_read_from(name: str, value: object) -> None:
    convertor = CONVERTOR_TYPES[f"flask_{name}"]
    text = convertor.to_string(value)
    assert re.fullmatch(convertor.regex, text)
    assert convertor.convert(text) == value
