from __future__ import annotations

import pytest

from bridge.errors import InvalidContentLength, InvalidWSGISetting, RequestBodyTooLarge, TooManyHeaders
from bridge.wsgi import Settings
from bridge.wsgi.head import declared_length
from tests.conformance.client import http_scope


def _length(*values: bytes, settings: Settings | None = None) -> int | None:
    scope = http_scope(headers=[(b"content-length", value) for value in values])
    return declared_length(scope, settings or Settings())


def test_length_is_a_number_or_none() -> None:
    assert (_length(), _length(b"0"), _length(b"12")) == (None, 0, 12)


def test_equal_lengths_are_one() -> None:
    assert (_length(b"3", b"3"), _length(b"3, 3")) == (3, 3)


@pytest.mark.parametrize("value", [b"", b"-1", b"+1", b"1_0", b"x", b"\xb2", b"1 2", b"1,2"])
def test_anything_else_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidContentLength):
        _length(value)


def test_two_lengths_are_refused() -> None:
    with pytest.raises(InvalidContentLength):
        _length(b"3", b"4")


@pytest.mark.parametrize("value", [b"11", b"9" * 30, b"9" * 10_000])
def test_length_over_the_limit_is_refused(value: bytes) -> None:
    with pytest.raises(RequestBodyTooLarge):
        _length(value, settings=Settings(max_body_bytes=10))


def test_header_count_is_limited() -> None:
    headers = [(b"x-a", b"1")] * 3
    assert declared_length(http_scope(headers=headers), Settings(max_header_count=4)) is None
    with pytest.raises(TooManyHeaders):
        declared_length(http_scope(headers=headers), Settings(max_header_count=3))


@pytest.mark.parametrize(
    "change",
    [
        {"max_body_bytes": -1},
        {"body_memory_bytes": 0},
        {"max_header_count": 0},
        {"stream_buffer_bytes": 0},
        {"body": "x"},
    ],
    ids=str,
)
def test_settings_are_checked(change: dict[str, int]) -> None:
    (name,) = change
    with pytest.raises(InvalidWSGISetting, match=name):
        Settings(**change)  # type: ignore[arg-type]  # any setting
