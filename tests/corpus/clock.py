"""A session whose clock stands still."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Flask

__all__ = ["StillSessionInterface"]

NOW: Final = 1_700_000_000


class StillSigner(TimestampSigner):
    def get_timestamp(self) -> int:
        return NOW


class StillSessionInterface(SecureCookieSessionInterface):
    """Flask's own, except that every cookie is signed at one moment: those of two servers can be compared byte for byte."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = StillSigner
        return serializer

    def get_expiration_time(self, app: Flask, session: Any) -> datetime | None:
        expires = super().get_expiration_time(app, session)
        return None if expires is None else StillSigner(b"").timestamp_to_datetime(NOW + 3600)
