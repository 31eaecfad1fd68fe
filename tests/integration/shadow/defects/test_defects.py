"""A hundred defects, planted in ports, are found by the callers' own traffic and called by their names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bridge.shadow import Verdict
from bridge.shadow.rules import RULES
from tests.integration.shadow.defects.table import MISSED, PLANTED, PORTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.shadow import Check
    from tests.integration.shadow.defects.conftest import Shop
    from tests.integration.shadow.defects.planting import Operation, Sent

# One event loop for the application that the tests share.
pytestmark = pytest.mark.asyncio(loop_scope="module")
ENOUGH = 0.95
# The control's own failure, and the note that a list was cut.
NOT_OF_A_PORT = {"control", "check"}
ENOUGH_RULES = 100
OTHERS = "somebody else changed rows of books between the two paths"


async def traffic(shop: Shop, prefix: str, operation: Operation, sent: Iterable[Sent]) -> list[Check]:
    migration, client = shop
    for each in sent:
        before = len(migration.checks)
        callers = [client.request(operation.method, prefix + each.path, **each.options) for _ in range(each.times)]
        await asyncio.gather(*callers)
        assert len(await migration.settled()) == before + each.times, migration.bridge.checks.statistics()
    return migration.checks


@pytest.mark.parametrize("number", [pytest.param(i, id=f"{each.method} {each.path}") for i, each in enumerate(PORTED)])
async def test_a_correct_port_is_not_accused(number: int, shop: Shop) -> None:
    operation = PORTED[number]
    checks = await traffic(shop, f"/correct{number}", operation, operation.traffic.values())
    others = [check for check in checks if check.verdict is not Verdict.MATCHED]
    assert [check.differences for check in others if check.verdict is not Verdict.NOT_COMPARABLE] == []
    # Callers who write the same row at once may see each other's writes.
    at_once = sum(each.times for each in operation.traffic.values() if each.times > 1)
    assert [check.reason for check in others] == [OTHERS] * len(others)
    assert len(others) <= at_once


@pytest.mark.parametrize("number", [pytest.param(i, id=defect.id) for i, (_, defect) in enumerate(PLANTED)])
async def test_a_defect_is_found_and_called_by_its_name(number: int, shop: Shop) -> None:
    operation, defect = PLANTED[number]
    sent = defect.sent or list(operation.traffic)[:1]
    checks = await traffic(shop, f"/defect{number}", operation, [operation.traffic[name] for name in sent])
    found = [difference for check in checks for difference in check.differences if not difference.excused]
    names = {difference.rule for difference in found}
    assert names == (set() if defect.missed else {defect.rule, *defect.also}), found
    assert any(check.verdict is Verdict.MISMATCHED for check in checks) is (defect.missed is None)


async def test_at_least_95_of_100_are_found() -> None:
    """Each test above has held the table against what was found."""
    assert len({defect.id for _, defect in PLANTED}) == len(PLANTED) >= 100
    assert len(PLANTED) - len(MISSED) >= ENOUGH * len(PLANTED)


async def test_every_family_of_rules_has_its_defects() -> None:
    named = {defect.rule for _, defect in PLANTED if defect not in MISSED}
    families = {rule.name.partition(".")[0] for rule in RULES}
    assert {name.partition(".")[0] for name in named} == families - NOT_OF_A_PORT
    assert len(named & {rule.name for rule in RULES}) >= ENOUGH_RULES
