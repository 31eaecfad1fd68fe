"""Settings as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import Stage, StageSetting, UnknownStage

PERCENT = st.integers(0, 10_000).map(lambda hundredths: hundredths / 100)
SETTINGS = st.sampled_from([stage for stage in Stage if stage is not Stage.CANARY]).map(StageSetting) | PERCENT.map(
    lambda percent: StageSetting(Stage.CANARY, percent)
)


@given(SETTINGS)
def test_what_a_setting_shows_as_is_read_as_that_setting(setting: StageSetting) -> None:
    assert StageSetting.parse(str(setting)) == setting
    assert repr(setting) == f"<{setting}>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("shadow", "shadow"),
        (" Native ", "native"),
        ("canary 5 %", "canary 5 %"),
        ("canary 5%", "canary 5 %"),
        ("CANARY   12.50", "canary 12.5 %"),
        ("canary 0 %", "canary 0 %"),
        ("canary 100 %", "canary 100 %"),
    ],
)
def test_people_may_write_a_setting_in_their_own_way(text: str, shown: str) -> None:
    assert str(StageSetting.parse(text)) == shown


@pytest.mark.parametrize("value", [Stage.VERIFY, StageSetting(Stage.VERIFY)])
def test_a_stage_and_a_setting_are_settings(value: Stage | StageSetting) -> None:
    assert StageSetting.parse(value) == StageSetting(Stage.VERIFY)


@pytest.mark.parametrize(
    "value", ["canary", "canary 101 %", "canary -1 %", "canary 1.234 %", "canary five", Stage.CANARY]
)
def test_a_canary_without_a_share_says_how_to_write_one(value: str | Stage) -> None:
    with pytest.raises(UnknownStage, match="write for example 'canary 5 %'"):
        StageSetting.parse(value)


@pytest.mark.parametrize("value", ["", "nativ", "legacy 5 %", "shadow canary 5 %", "\u0665"])
def test_what_is_no_stage_is_refused(value: str) -> None:
    with pytest.raises(UnknownStage, match="is not a stage"):
        StageSetting.parse(value)


@pytest.mark.parametrize(
    ("stage", "percent"),
    [
        (Stage.CANARY, 100.5),
        (Stage.CANARY, -1.0),
        (Stage.CANARY, 33.333),
        (Stage.CANARY, float("nan")),
        (Stage.NATIVE, 5.0),
    ],
)
def test_a_share_that_cannot_be_is_refused(stage: Stage, percent: float) -> None:
    with pytest.raises(UnknownStage):
        StageSetting(stage, percent)
