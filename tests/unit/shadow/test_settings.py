"""How much is checked has limits that make sense."""

from __future__ import annotations

from typing import Any

import pytest

from bridge import CheckOptions, CheckSettings, InvalidShadowSetting


@pytest.mark.parametrize("sample", [-0.1, 1.1])
@pytest.mark.parametrize("kind", [CheckSettings, CheckOptions])
def test_a_share_lies_between_nothing_and_everything(kind: Any, sample: float) -> None:
    with pytest.raises(InvalidShadowSetting, match="between 0 and 1"):
        kind(sample=sample)
    assert kind(sample=0.0).sample == 0.0
    assert kind(sample=1.0).sample == 1.0


@pytest.mark.parametrize("name", ["concurrency", "queue"])
def test_what_could_check_nothing_is_refused_with_what_to_do_instead(name: str) -> None:
    settings: dict[str, Any] = {name: 0}
    with pytest.raises(InvalidShadowSetting, match=f"{name} is 0.*set sample=0"):
        CheckSettings(**settings)


@pytest.mark.parametrize(
    "name",
    [
        "per_second",
        "max_age",
        "deadline",
        "max_body_bytes",
        "busy_above",
        "patience",
        "write_deadline",
        "write_lock_timeout",
    ],
)
def test_no_limit_is_negative(name: str) -> None:
    settings: dict[str, Any] = {name: -1}
    with pytest.raises(InvalidShadowSetting, match=f"{name} is -1, but cannot be negative"):
        CheckSettings(**settings)
