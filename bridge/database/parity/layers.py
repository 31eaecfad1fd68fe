"""Which differences between the drivers are evened out."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ParityLayers"]


@dataclass(frozen=True, slots=True)
class ParityLayers:
    """
    What is done so that asyncpg behaves as psycopg2 does; each layer can be switched off on its own.

    Attributes:
        errors: Each SQLSTATE raises the SQLAlchemy class that psycopg2 gives it, a failed connect is an `OperationalError`, and
            ``error.orig`` has ``pgcode``, ``sqlstate`` and ``diag`` on either engine.
        rowcounts: Batches and MERGE know how many rows they touched, so that the ORM notices a stale row.
        values: Timestamps are read and written in the time zone of the session; numeric, real and inet values read as with psycopg2.
        parameters: A value whose Python type is not that of its column is sent as psycopg2 sends it, instead of being refused.
    """

    errors: bool = True
    rowcounts: bool = True
    values: bool = True
    parameters: bool = True
