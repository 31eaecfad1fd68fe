"""Put the layers on the engines that need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.database.parity.codecs import align_values
from bridge.database.parity.errors import align_errors
from bridge.database.parity.parameters import align_parameters
from bridge.database.parity.rowcounts import count_rows

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from bridge.database.parity.layers import ParityLayers

__all__ = ["install_parity"]


def install_parity(sync_engine: Engine, async_engine: Engine, layers: ParityLayers) -> None:
    """
    Put *layers* on both engines; only asyncpg needs more than a common way to read errors.

    Args:
        sync_engine: The synchronous engine.
        async_engine: The synchronous face of the asynchronous one.
        layers: Which to put.
    """
    if layers.errors:
        align_errors(sync_engine)
        align_errors(async_engine)
    if async_engine.dialect.driver == "asyncpg":
        if layers.rowcounts:
            count_rows(async_engine)
        if layers.values:
            align_values(async_engine)
        if layers.parameters:
            align_parameters(async_engine)
