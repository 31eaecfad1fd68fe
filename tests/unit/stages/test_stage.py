"""Stages as settings name them."""

from __future__ import annotations

import pytest

from bridge import Stage, UnknownStage


@pytest.mark.parametrize(("value", "stage"), [("legacy", Stage.LEGACY), ("native", Stage.NATIVE), (Stage.NATIVE, Stage.NATIVE)])  # fmt: skip
def test_a_stage_is_read_from_its_value(value: str | Stage, stage: Stage) -> None:
    assert Stage.parse(value) is stage


@pytest.mark.parametrize("value", ["", "Native", " native", "canary?", "NATIVE"])
def test_an_unknown_stage_is_an_error_that_lists_the_known_ones(value: str) -> None:
    with pytest.raises(UnknownStage) as raised:
        Stage.parse(value)
    assert f"{value!r} is not a stage: use one of legacy, shadow, canary, verify, native" in str(raised.value)
