"""The stage of each operation, as this process knows it."""

from __future__ import annotations

from difflib import get_close_matches
from threading import Lock
from typing import TYPE_CHECKING

from bridge.errors import NotPorted, UnknownOperation
from bridge.stages.decision import LEGACY, Decision
from bridge.stages.setting import StageSetting
from bridge.stages.share import in_share
from bridge.stages.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.types import Scope

__all__ = ["Stages"]


class Stages:
    """
    The stage of each operation, from settings at start-up and changeable at any time, from any thread.

    A setting may name an operation that is declared later (routers are built after settings are read), so names are
    checked by `validate` when the application starts, and by `set` at once after that.
    """

    def __init__(
        self,
        settings: Mapping[str, str | Stage | StageSetting] | None = None,
        *,
        default: str | Stage | StageSetting = Stage.LEGACY,
    ) -> None:
        """
        Args:
            settings: Stage by operation, for example ``{"GET /users/{user_id}": "canary 5 %"}``.
            default: The stage of every operation that *settings* does not name and that has a port.

        Raises:
            UnknownStage: A value is not a stage.
        """
        self._default = StageSetting.parse(default)
        self._settings = {operation: StageSetting.parse(stage) for operation, stage in (settings or {}).items()}
        self._ported: dict[str, bool] = {}
        self._changing = Lock()

    def declare(self, operation: str, *, ported: bool) -> None:
        """Make *operation* known; *ported* tells whether it has a native path."""
        self._ported[operation] = ported

    def get(self, operation: str) -> StageSetting:
        """Return the stage of *operation* now."""
        setting = self._settings.get(operation, self._default)
        return setting if self._ported.get(operation, False) else StageSetting(Stage.LEGACY)

    def decide(self, operation: str, scope: Scope) -> Decision:
        """
        Return what the stage of *operation* means for one request.

        Args:
            operation: Its name.
            scope: The ASGI scope of the request, which is looked into only where the answer depends on it.
        """
        setting = self.get(operation)
        stage = setting.stage
        if stage is Stage.LEGACY:
            return LEGACY
        if stage is Stage.CANARY:
            return Decision(stage, native=in_share(f"{operation}\n{scope['client'][0]}", setting.percent), checks=False)
        return Decision(stage, native=stage is not Stage.SHADOW, checks=stage is not Stage.NATIVE)

    def set(self, operation: str, stage: str | Stage | StageSetting) -> StageSetting:
        """
        Move *operation* to *stage*; requests that begin afterwards follow it.

        Returns:
            The setting it had before, so that the caller can roll back.

        Raises:
            UnknownOperation: No route declares *operation*.
            UnknownStage: *stage* is not a stage.
            NotPorted: *stage* needs a native port and *operation* has none.
        """
        wanted = StageSetting.parse(stage)
        self._check(operation, wanted)
        # One step, or two callers would both be told to roll back to the same stage.
        with self._changing:
            before = self.get(operation)
            self._settings[operation] = wanted
        return before

    def validate(self) -> None:
        """
        Check every setting against the declared operations; called when the application starts.

        Raises:
            UnknownOperation: A setting names an operation that no route declares.
            NotPorted: A setting asks for a native path that does not exist.
        """
        for operation, setting in tuple(self._settings.items()):
            self._check(operation, setting)

    def snapshot(self) -> dict[str, StageSetting]:
        """Return the stage of every declared operation."""
        return {operation: self.get(operation) for operation in sorted(self._ported)}

    def _check(self, operation: str, setting: StageSetting) -> None:
        if operation not in self._ported:
            near = get_close_matches(operation, self._ported, n=3)
            hint = f"did you mean {', '.join(map(repr, near))}?" if near else f"declared are {sorted(self._ported)}"
            msg = f"no route declares the operation {operation!r}: {hint}"
            raise UnknownOperation(msg)
        if setting.stage.needs_port and not self._ported[operation]:
            msg = f"{operation!r} has no native port, so it cannot go to stage '{setting}': port it first, or leave it at 'legacy'"
            raise NotPorted(msg)
