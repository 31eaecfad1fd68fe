"""Both sides of every pair of drivers, over the network and without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge import StopSettings
from tests.integration.faults.network import Network, network
from tests.integration.faults.sides import PAIRS, SIDES, Side, side_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

# Less than in production, so that the tests are quick; more than anything here takes that works.
STOPPING = StopSettings(cut_after=0.5, connect_timeout=2)


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=SIDES)
def side_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def side(side_name: str, pair: str, database_url: str) -> AsyncIterator[Side]:
    """One connection to a fresh database."""
    async with side_of(side_name, pair, database_url) as side:
        yield side


@pytest.fixture
def wire(database_url: str) -> Iterator[Network]:
    """The network between the application and its database."""
    with network(database_url) as wire:
        yield wire


@pytest.fixture
async def remote(side_name: str, pair: str, wire: Network) -> AsyncIterator[Side]:
    """One connection to a fresh database, over *wire*."""
    async with side_of(side_name, pair, wire.url, stopping=STOPPING) as side:
        yield side
        wire.flow()
