"""The stages an operation passes through."""

from __future__ import annotations

from enum import Enum

from bridge.errors import UnknownStage

__all__ = ["Stage"]


class Stage(Enum):
    """
    Which path serves an operation.

    Attributes:
        LEGACY: The bridged path where there is one, else the Flask view. The starting point and the kill switch.
        NATIVE: The port to `AsyncSession`.
    """

    LEGACY = "legacy"
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
