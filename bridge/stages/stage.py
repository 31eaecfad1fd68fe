"""The stages an operation passes through."""

from __future__ import annotations

from enum import Enum

from bridge.errors import UnknownStage

__all__ = ["Stage"]


class Stage(Enum):
    """
    Which path serves an operation, and which is checked against it.

    The *legacy path* is the bridged one where there is one, else the Flask view.

    Attributes:
        LEGACY: The legacy path serves. The starting point and the kill switch.
        SHADOW: The legacy path serves; the port is checked against it, never visible to the caller.
        CANARY: The port serves a sticky share of the callers, the legacy path the rest.
        VERIFY: The port serves; the legacy path is checked against it, on safe methods.
        NATIVE: The port serves.
    """

    LEGACY = "legacy"
    SHADOW = "shadow"
    CANARY = "canary"
    VERIFY = "verify"
    NATIVE = "native"

    @classmethod
    def parse(cls, value: str | Stage) -> Stage:
        """
        Read a stage from a setting.

        Raises:
            UnknownStage: *value* names no stage.
        """
        try:
            return cls(value)
        except ValueError:
            known = ", ".join(stage.value for stage in cls)
            msg = f"{value!r} is not a stage: use one of {known}"
            raise UnknownStage(msg) from None

    @property
    def needs_port(self) -> bool:
        """Whether an operation has to have a native path to be at this stage."""
        return self is not Stage.LEGACY
