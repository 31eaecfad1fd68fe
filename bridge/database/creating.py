"""Let one process at a time create tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["wait_to_create"]

# "bridge" in ASCII: any number will do that nobody else takes.
KEY: Final = 0x627269646765


async def wait_to_create(connection: AsyncConnection) -> None:
    """
    Wait until no other process creates tables of the bridge, and have others wait until the transaction ends.

    On PostgreSQL only. There IF NOT EXISTS alone fails where two create the same table at the same time.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": KEY})
