"""Our adapter passes every case, both for Flask's short way and for PEP 3333."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.conformance.adapters import OURS
from tests.conformance.cases import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import ASGIApp, WSGIApp


@pytest.mark.parametrize("adapter", OURS.values(), ids=OURS.keys())
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_adapter_passes(case: Case, adapter: Callable[[WSGIApp], ASGIApp]) -> None:
    async with asyncio.timeout(20):
        await case.run(adapter)
