"""One URL, a synchronous and an asynchronous engine, and the unit of work over both."""

from bridge.database.async_stopping import make_async_stoppable
from bridge.database.budget import ConnectionBudget
from bridge.database.candidate_units import CandidateUnits
from bridge.database.checked_read import CheckedRead, checked_read, exported_snapshot
from bridge.database.control_units import ControlUnits
from bridge.database.creating import wait_to_create
from bridge.database.database import Database
from bridge.database.deployment import Deployment, PgBouncerLimits, ServerLimits
from bridge.database.joined import Joined, join_units, require_joinable
from bridge.database.joined_side import joined_unit
from bridge.database.live import refuse_live_objects
from bridge.database.pairs import PAIRS, DriverPair, choose_pair
from bridge.database.parity import ParityLayers, constraint_of, sqlstate_of
from bridge.database.pending import native_transaction, refuse_pending_writes
from bridge.database.pool import PoolSettings
from bridge.database.portable_types import UTCMoment, exact_name
from bridge.database.read_only import is_reading, watched_transactions
from bridge.database.stop_settings import StopSettings
from bridge.database.stopping import make_stoppable
from bridge.database.unit_of_work import async_unit_of_work, is_committed, unit_of_work
from bridge.database.urls import DriverURLs, driver_urls

__all__ = [
    "PAIRS",
    "CandidateUnits",
    "CheckedRead",
    "ConnectionBudget",
    "ControlUnits",
    "Database",
    "Deployment",
    "DriverPair",
    "DriverURLs",
    "Joined",
    "ParityLayers",
    "PgBouncerLimits",
    "PoolSettings",
    "ServerLimits",
    "StopSettings",
    "UTCMoment",
    "async_unit_of_work",
    "checked_read",
    "choose_pair",
    "constraint_of",
    "driver_urls",
    "exact_name",
    "exported_snapshot",
    "is_committed",
    "is_reading",
    "join_units",
    "joined_unit",
    "make_async_stoppable",
    "make_stoppable",
    "native_transaction",
    "refuse_live_objects",
    "refuse_pending_writes",
    "require_joinable",
    "sqlstate_of",
    "unit_of_work",
    "wait_to_create",
    "watched_transactions",
]
