"""The base of every error this library raises on purpose."""

from __future__ import annotations

from typing import ClassVar

__all__ = ["BridgeError"]


class BridgeError(Exception):
    """Base of every error this library raises on purpose."""

    code: ClassVar[str] = "bridge-error"

    def __str__(self) -> str:
        return f"{super().__str__()} [{self.code}]"
