"""One URL, a synchronous and an asynchronous engine, and the unit of work over both."""

from bridge.database.database import Database
from bridge.database.live import refuse_live_objects
from bridge.database.pairs import PAIRS, DriverPair, choose_pair
from bridge.database.parity import ParityLayers, constraint_of, sqlstate_of
from bridge.database.pending import native_transaction, refuse_pending_writes
from bridge.database.pool import PoolSettings
from bridge.database.stopping import make_stoppable
from bridge.database.unit_of_work import async_unit_of_work, unit_of_work
from bridge.database.urls import DriverURLs, driver_urls

__all__ = [
    "PAIRS",
    "Database",
    "DriverPair",
    "DriverURLs",
    "ParityLayers",
    "PoolSettings",
    "async_unit_of_work",
    "choose_pair",
    "constraint_of",
    "driver_urls",
    "make_stoppable",
    "native_transaction",
    "refuse_live_objects",
    "refuse_pending_writes",
    "sqlstate_of",
    "unit_of_work",
]
