"""What the page on checking reads shows works as it says."""

from __future__ import annotations

from flask import Flask

from bridge import Bridge, CheckOptions, CheckSettings, CompareOptions, Database, Ignore
from tests.unit.routing.applications import UNUSED


def test_the_settings_that_the_page_shows_are_taken() -> None:
    database, legacy = Database(UNUSED), Flask("legacy")
    bridge = Bridge(database=database, legacy=legacy, checks=CheckSettings(sample=0.1, per_second=20))
    assert bridge.checks.statistics().verdicts == {}
    check = CheckOptions(writes=True, sample=0.1)
    assert check.one_connection
    check = CheckOptions(compare=CompareOptions(ignore=(Ignore("json.*", where="$.served_by", reason="a host"),)))
    (rule,) = check.compare.ignore
    assert rule.covers("json.value", "$.served_by")
    assert not rule.covers("json.value", "$.name")
