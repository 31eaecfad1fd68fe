"""What holds for any exchange."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.shadow import RecordedResponse
from bridge.shadow.check import Verdict
from bridge.shadow.comparing import CompareOptions, compare, general, noise, verdict_of
from tests.unit.shadow.exchanges import answer, exchange

TEXT = st.text(max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | TEXT
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=20
)
MEDIA = st.sampled_from(
    [
        "application/json",
        "text/html; charset=utf-8",
        "text/csv",
        "image/png",
        "",
        "application/problem+json",
        "x",
        ";;=",
        "multipart/form-data; boundary=a",
    ]
)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([b"content-type", b"location", b"set-cookie", b"allow", b"retry-after", b"vary", b"x-other"]),
        st.binary(max_size=30),
    ),
    max_size=5,
).map(tuple)

RESPONSES = st.builds(
    lambda media, headers, body: RecordedResponse(200, ((b"content-type", media.encode()), *headers), body),
    MEDIA,
    HEADERS,
    st.binary(max_size=300),
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[Any, Any, str]:
    """Draw a document, the same with one value changed, and the place of the change."""
    document = draw(DOCUMENTS)
    changed = [copy.deepcopy(document)]
    holder: Any = changed
    step: Any = 0
    place = "$"
    while isinstance(holder[step], (dict, list)) and holder[step] and draw(st.booleans()):
        holder = holder[step]
        step = draw(st.sampled_from(sorted(holder) if isinstance(holder, dict) else range(len(holder))))
        place += f".{step}" if isinstance(step, str) else f"[{step}]"
    holder[step] = draw(DOCUMENTS.filter(lambda value: json.dumps(value) != json.dumps(holder[step])))
    return document, changed[0], place


@given(mutated())
def test_any_change_of_a_document_is_found(case: tuple[Any, Any, str]) -> None:
    control, candidate = (exchange(answer(json.dumps(each))) for each in case[:2])
    differences = compare(control, candidate)
    assert differences, case
    assert verdict_of(differences) is Verdict.MISMATCHED


@given(mutated())
def test_a_change_within_an_object_is_found_at_its_place_or_above(case: tuple[Any, Any, str]) -> None:
    control, candidate = (exchange(answer(json.dumps({"a": each, "b": case[0]}))) for each in case[:2])
    assert any(each.where.startswith(("$.a", "body")) or each.where == "$" for each in compare(control, candidate))
    assert not any(each.where.startswith("$.b") for each in compare(control, candidate))


@given(st.binary(max_size=300), MEDIA, HEADERS)
def test_an_exchange_does_not_differ_from_itself(
    body: bytes, media: str, headers: tuple[tuple[bytes, bytes], ...]
) -> None:
    response = RecordedResponse(200, ((b"content-type", media.encode()), *headers), body)
    assert compare(exchange(response), exchange(response)) == ()


@given(st.tuples(RESPONSES, RESPONSES), st.binary(max_size=40))
def test_no_bytes_break_the_comparison(responses: tuple[RecordedResponse, RecordedResponse], target: bytes) -> None:
    ours, theirs = responses
    asked = target.decode("latin-1")
    differences = compare(exchange(ours, target=asked), exchange(theirs, target=asked))
    assert ours.body == theirs.body or differences
    for each in differences:
        for text in (each.where, each.control or "", each.candidate or ""):
            assert "\0" not in text
            text.encode()


@given(mutated(), st.sampled_from(['{"a":%s}', "[%s]", '[1,{"b":%s}]']))
def test_noise_of_a_path_excuses_its_own_differences(case: tuple[Any, Any, str], frame: str) -> None:
    runs = [exchange(answer(frame % json.dumps(each))) for each in case[:2]]
    found = compare(*runs, noise=noise(*runs))
    assert verdict_of(found) is Verdict.EXCUSED


@given(st.lists(DOCUMENTS, min_size=1, max_size=30), st.integers(1, 5))
def test_no_more_than_the_limit_is_kept(items: list[Any], limit: int) -> None:
    control = exchange(answer(json.dumps(items)))
    candidate = exchange(answer(json.dumps([[each] for each in items])))
    assert len(compare(control, candidate, options=CompareOptions(limit=limit))) <= limit + 1


@given(TEXT)
def test_the_kind_of_a_place_keeps_its_keys(key: str) -> None:
    control, candidate = (exchange(answer(json.dumps([{key: each}, 0]))) for each in ("a b c", "x y z"))
    where = compare(control, candidate)[0].where
    assert where.startswith("$[0]")
    assert general(where) == where.replace("[0]", "[*]", 1)
