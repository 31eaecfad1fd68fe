"""Settings of the server, in libpq's words and as a mapping."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.database.arguments.options import parse_options, render_options

NAMES = st.text(string.ascii_lowercase + "_.", min_size=1)
VALUES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ("", {}),
        ("  ", {}),
        ("-c geqo=off", {"geqo": "off"}),
        ("-cgeqo=off", {"geqo": "off"}),
        ("--geqo=off", {"geqo": "off"}),
        ("--statement-timeout=5s", {"statement_timeout": "5s"}),
        ("-c TimeZone=Asia/Tokyo", {"timezone": "Asia/Tokyo"}),
        ("-c a=1 --a=2", {"a": "2"}),
        ("-c a=b=c", {"a": "b=c"}),
        ("-c a=", {"a": ""}),
        (r"-c search_path=a,\ b", {"search_path": "a, b"}),
        (r"-c a=\\", {"a": "\\"}),
        ("-c a=\\", {"a": ""}),
        ("\t-c\n a=1\v", {"a": "1"}),
    ],
)
def test_every_way_to_write_a_setting_is_read(options: str, settings: dict[str, str]) -> None:
    assert parse_options(options) == settings


@pytest.mark.parametrize("options", ["-S 64", "-c a=1 -f b", "-c", "-c a", "--a", "--=1", "a=1", "-e"])
def test_what_is_no_setting_is_left_to_the_server(options: str) -> None:
    assert parse_options(options) is None


@given(settings=st.dictionaries(NAMES, VALUES))
def test_settings_survive_being_written_and_read(settings: dict[str, str]) -> None:
    assert parse_options(render_options(settings)) == settings
