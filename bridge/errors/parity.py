"""Two paths disagree: the author of the port has to act."""

from __future__ import annotations

from bridge.errors.base import BridgeError

__all__ = ["ParityMismatch"]


class ParityMismatch(BridgeError, AssertionError):
    """Two paths of one operation disagree. Raised by tests only."""

    code = "parity-mismatch"
