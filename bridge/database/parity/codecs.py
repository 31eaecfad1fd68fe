"""How values travel between asyncpg and Python, set up once for each connection and without asking the server."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from bridge.database.parity.numbers import decode_numeric, decode_real, encode_numeric, encode_real
from bridge.database.parity.zones import EPOCH, MICROSECOND, Zones

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Engine

__all__ = ["align_values"]

# Formats are those of the wire. Text would be shorter, but asyncpg cannot read a range, a row or a composite type of which a
# part is text: https://magicstack.github.io/asyncpg/current/api/index.html#asyncpg.connection.Connection.set_type_codec
INFINITY_US: Final = 2**63 - 1
LATEST: Final = datetime.max.replace(tzinfo=UTC)
EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


def align_values(engine: Engine) -> None:
    """
    Have new connections of *engine*, which is asyncpg's, read and write values as psycopg2 does.

    Connecting raises `bridge.errors.TimeZoneUnknown` where this machine does not know the session's time zone.
    """
    zones = Zones()

    def set_codecs(connection: Any, _record: object) -> None:
        connection.run_async(lambda driver: _set_all(driver, zones))

    event.listen(engine, "connect", set_codecs)


async def _set_all(driver: Any, zones: Zones) -> None:
    # The server reports each change of the zone, so that these are true after SET and RESET, too, without a question:
    # https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-ASYNC
    settings = driver.get_settings()
    if settings.TimeZone not in zones:
        # The first use reads the zone's file, which is not for the event loop to wait for.
        await asyncio.to_thread(zones.__getitem__, settings.TimeZone)
    codecs = (
        ("timestamptz", _timestamp_encoder(settings, zones), _timestamp_decoder(settings, zones), "tuple"),
        ("numeric", encode_numeric, decode_numeric, "binary"),
        ("float4", encode_real, decode_real, "binary"),
        ("inet", str, str, "text"),
        ("cidr", str, str, "text"),
    )
    for name, encoder, decoder, wire in codecs:
        # Types of the system's own catalogue have fixed numbers, which asyncpg knows.
        await driver.set_type_codec(name, schema="pg_catalog", encoder=encoder, decoder=decoder, format=wire)


def _timestamp_decoder(settings: Any, zones: Zones) -> Callable[[tuple[int]], datetime]:
    def decode(value: tuple[int]) -> datetime:
        (moment_us,) = value
        if -INFINITY_US < moment_us < INFINITY_US:
            return zones[settings.TimeZone].to_datetime(moment_us)
        return LATEST if moment_us > 0 else EARLIEST

    return decode


def _timestamp_encoder(settings: Any, zones: Zones) -> Callable[[object], tuple[int]]:
    def encode(value: object) -> tuple[int]:
        if isinstance(value, datetime):
            if value.tzinfo is not None:
                return ((value - EPOCH) // MICROSECOND,)
        elif isinstance(value, date):
            value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- the session's zone gives it one
        else:
            msg = f"a date or a datetime is required, not {type(value).__name__}"
            raise TypeError(msg)
        return (zones[settings.TimeZone].from_naive(value),)

    return encode
