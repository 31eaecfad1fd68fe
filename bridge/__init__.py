"""Move a Flask and synchronous SQLAlchemy application to FastAPI and AsyncSession, one endpoint at a time."""

from bridge.compat import FlaskCompat, FlaskSession, flask_session, lenient_int
from bridge.database import Database, PoolSettings, async_unit_of_work, unit_of_work
from bridge.errors import (
    BridgeError,
    ConfigurationError,
    DatabaseUnreachable,
    InvalidDatabaseURL,
    InvalidPoolSize,
    LazyLoadOutsideSession,
    LegacyIsAsync,
    LiveObjectReturned,
    NotPorted,
    ParityMismatch,
    SignatureMismatch,
    Unavailable,
    UnknownOperation,
    UnknownStage,
    UsageError,
)
from bridge.offload import Capacity, CapacityStatistics, offload
from bridge.routing import Bridge, BridgeRouter, Operation
from bridge.stages import Path, Stage, Stages

__all__ = [
    "Bridge",
    "BridgeError",
    "BridgeRouter",
    "Capacity",
    "CapacityStatistics",
    "ConfigurationError",
    "Database",
    "DatabaseUnreachable",
    "FlaskCompat",
    "FlaskSession",
    "InvalidDatabaseURL",
    "InvalidPoolSize",
    "LazyLoadOutsideSession",
    "LegacyIsAsync",
    "LiveObjectReturned",
    "NotPorted",
    "Operation",
    "ParityMismatch",
    "Path",
    "PoolSettings",
    "SignatureMismatch",
    "Stage",
    "Stages",
    "Unavailable",
    "UnknownOperation",
    "UnknownStage",
    "UsageError",
    "async_unit_of_work",
    "flask_session",
    "lenient_int",
    "offload",
    "unit_of_work",
]
