"""The stage of each operation, as this process knows it."""

from __future__ import annotations

import logging
from threading import RLock
from typing import TYPE_CHECKING, Final

from bridge.errors import ChangeThroughStore
from bridge.stages.decision import IN_CANARY, OUTSIDE_CANARY, Decision
from bridge.stages.declared import require_declared, require_known_or_kept
from bridge.stages.follower import Follower
from bridge.stages.memory import MemoryStageStore
from bridge.stages.pattern import SettingLayer
from bridge.stages.reading import Reading, read_entries, with_own
from bridge.stages.rules import NOT_PORTED, UNREAD, Rule, Rules
from bridge.stages.setting import StageSetting
from bridge.stages.share import in_share
from bridge.stages.stage import Stage
from bridge.stages.status import StoreStatus
from bridge.stages.sticky import by_client_address
from bridge.stages.store import DEFAULT, StageEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.stages.override import StageOverride
    from bridge.stages.sticky import CallerKey
    from bridge.stages.store import StageChange, StageStore
    from bridge.types import Scope

__all__ = ["Stages"]

logger = logging.getLogger("bridge.stages")

# What a program says that sets a stage without a store.
PROGRAM: Final = "this program"


class Stages:
    """
    The stage of each operation, changeable at any time: in a store for every process that follows it, else in this one.

    The strongest place that names an operation counts: the store, the settings at start-up, the router, the default. In the store
    and in the settings, an exact name goes before a pattern such as ``GET /users/*``, and the narrowest pattern that fits before the
    others. Patterns, routers and the default move only what has a port.

    A setting may name an operation that is declared later (routers are built after settings are read), so names are
    checked by `validate` when the application starts, and by `set` and `change` at once after that.

    Attributes:
        override: Lets testers choose the side of one request; None lets nobody.
    """

    def __init__(
        self,
        settings: Mapping[str, str | Stage | StageSetting] | None = None,
        *,
        default: str | Stage | StageSetting = Stage.LEGACY,
        store: StageStore | None = None,
        sticky_by: CallerKey | None = None,
        override: StageOverride | None = None,
    ) -> None:
        """
        Args:
            settings: Stage by operation or pattern, for example ``{"GET /users/{user_id}": "canary 5 %"}``.
            default: The stage of every operation that has a port and that nothing else names.
            store: Where stages are changed for every process. Until it has been read, everything is at legacy. None is this
                process alone.
            sticky_by: Names the caller of a request at stage canary; None is `by_client_address`. A caller without a name stays on the
                legacy path below 100 %.
            override: Lets testers choose the side of one request; None lets nobody.

        Raises:
            UnknownStage: A value is not a stage.
        """
        self._settings = {operation: StageSetting.parse(stage) for operation, stage in (settings or {}).items()}
        self._rules = Rules(self._settings, StageSetting.parse(default))
        self._own = MemoryStageStore()
        self._store: StageStore = self._own if store is None else store
        self._follower = None if store is None else Follower(store, self._apply)
        self._sticky_by = sticky_by or by_client_address
        self.override = override
        self._ported: dict[str, bool] = {}
        self._found: dict[str, Rule] = {}
        self._is_read = store is None
        self._entries: Mapping[str, StageEntry] = {}
        self._reading = Reading()
        # Changes of this process that an answer of the store, asked for a moment before, may not show yet.
        self._mine: dict[str, StageEntry] = {}
        self._caller_failed = False
        self._changing = RLock()

    def declare(self, operation: str, *, ported: bool, default: str | Stage | StageSetting | None = None) -> None:
        """
        Make *operation* known.

        Args:
            operation: Its name.
            ported: Whether it has a native path.
            default: What its router says; None says nothing.

        Raises:
            UnknownStage: *default* is not a stage.
        """
        with self._changing:
            if default is not None:
                self._rules.set_router(operation, StageSetting.parse(default))
            self._ported = {**self._ported, operation: ported}
            self._found = {**self._found, operation: self._find(operation)}
            if self._entries:
                self._reading = read_entries(self._entries, self._ported, self._reading.settings)

    def get(self, operation: str) -> StageSetting:
        """Return the stage of *operation* now."""
        return self._found.get(operation, NOT_PORTED).setting

    def source(self, operation: str) -> str:
        """Return where the stage of *operation* comes from, for people to read: ``store``, ``settings, 'GET /users/*'``, ``router``."""
        return self._found.get(operation, NOT_PORTED).source

    def version(self, operation: str) -> int:
        """Return the version of what the store holds for *operation*, to be given to `change`; 0 for nothing."""
        entry = self._entries.get(operation)
        return entry.version if entry else 0

    def decide(self, operation: str, scope: Scope) -> Decision:
        """
        Return what the stage of *operation* means for one request.

        Args:
            operation: Its name.
            scope: The ASGI scope of the request, which is looked into only where the answer depends on it.
        """
        rule = self._found.get(operation, NOT_PORTED)
        if self.override is not None and rule.ported:
            native = self.override.native(operation, scope)
            if native is not None:
                return Decision(rule.setting.stage, native=native, checks=False, overridden=True)
        if rule.decision is not None:
            return rule.decision
        caller = self._caller(scope)
        return IN_CANARY if caller and in_share(f"{operation}\n{caller}", rule.setting.percent) else OUTSIDE_CANARY

    def set(self, operation: str, stage: str | Stage | StageSetting) -> StageSetting:
        """
        Move *operation* to *stage* in this process; requests that begin afterwards follow it. From any thread.

        Returns:
            The setting it had before, so that the caller can roll back.

        Raises:
            ChangeThroughStore: There is a store, which is the one to change.
            UnknownOperation: No route declares *operation*.
            UnknownStage: *stage* is not a stage.
            NotPorted: *stage* needs a native port and *operation* has none.
        """
        wanted = StageSetting.parse(stage)
        require_declared(operation, wanted, self._ported)
        if self._follower is not None:
            msg = (
                f"the stages of every process are in {self._store!r}: use await stages.change(...), which writes there"
            )
            raise ChangeThroughStore(msg)
        # One step, or two callers would both be told to roll back to the same stage.
        with self._changing:
            before = self.get(operation)
            change = self._own.put(operation, str(wanted), who=PROGRAM, why="Stages.set")
            self._take({**self._entries, operation: StageEntry(change.after, change.version)})
        return before

    async def change(
        self, operation: str, setting: str | Stage | StageSetting, *, who: str, why: str, expected: int | None = None
    ) -> StageChange:
        """
        Move *operation* in every process that follows the store, in this one at once; without a store, in this process alone.

        Args:
            operation: Its name, or a pattern such as ``GET /users/*``.
            setting: The setting, or ``default`` to take away what the store says, also of what is declared no more.
            who: Who asks for it.
            why: The reason, for the history.
            expected: The `version` that this change replaces; None replaces whatever there is.

        Raises:
            UnknownOperation: No route declares *operation*, or one that the pattern fits, and the store says nothing of it.
            UnknownStage: *setting* is not a stage.
            NotPorted: *setting* needs a native port and *operation* has none.
            StageConflict: Somebody has changed it since.
            StageStoreReadOnly: The store is changed elsewhere.
            StageStoreUnavailable: The store cannot be reached; whether it was changed shows when it can.
        """
        text = DEFAULT
        if setting == DEFAULT:
            await require_known_or_kept(operation, self._ported, self._store)
        else:
            wanted = StageSetting.parse(setting)
            text = str(wanted)
            require_declared(operation, wanted, self._ported)
        change = await self._store.change(operation, text, who=who, why=why, expected=expected)
        entry = StageEntry(change.after, change.version)
        with self._changing:
            if self._follower is not None:
                self._mine[operation] = entry
            if self._is_read:
                self._take({**self._entries, operation: entry})
        return change

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """
        Return the newest *limit* changes, newest first, of one operation or of all.

        Raises:
            StageStoreUnavailable: The store cannot be reached.
        """
        return await self._store.history(operation, limit=limit)

    @property
    def is_shared(self) -> bool:
        """Whether there is a store, which other processes may follow too."""
        return self._follower is not None

    @property
    def is_read_only(self) -> bool:
        """Whether stages are always changed where the store gets them from, and never by `change`."""
        return bool(getattr(self._store, "read_only", False))

    def status(self) -> StoreStatus:
        """Return what this process knows of the store that it follows."""
        if self._follower is None:
            return StoreStatus("this process alone", following=False)
        return self._follower.status(self._reading.ignored)

    def validate(self) -> None:
        """
        Check the settings against the declared operations; called when the application starts.

        Raises:
            UnknownOperation: A setting names an operation that no route declares, or a pattern that fits none.
            NotPorted: A setting asks for a native path that does not exist.
        """
        for operation, setting in self._settings.items():
            require_declared(operation, setting, self._ported)

    def snapshot(self) -> dict[str, StageSetting]:
        """Return the stage of every declared operation."""
        return {operation: rule.setting for operation, rule in sorted(self._found.items())}

    async def start(self, *, patience: float = 5.0) -> None:
        """
        Follow the store from now on; called when the application starts.

        Args:
            patience: Seconds to wait for its first answer. Without one the application starts all the same, with everything at legacy.
        """
        if self._follower is not None:
            await self._follower.start(patience=patience)

    async def close(self) -> None:
        """Stop following the store, and let go of it; what it said last stands."""
        if self._follower is not None:
            await self._follower.close()

    def _caller(self, scope: Scope) -> str | None:
        try:
            return self._sticky_by(scope)
        except Exception:  # the user's own function: callers go on without it
            if not self._caller_failed:
                self._caller_failed = True
                logger.exception("sticky_by failed; whom it cannot name stays on the legacy path; logged once")
            return None

    def _apply(self, entries: Mapping[str, StageEntry]) -> bool:
        with self._changing:
            entries = with_own(entries, self._mine)
            # Whoever is asked after this has seen them.
            self._mine = {}
            if self._is_read and entries == self._entries:
                return False
            self._take(entries)
        return True

    def _take(self, entries: Mapping[str, StageEntry]) -> None:
        reading = read_entries(entries, self._ported, self._reading.settings if self._is_read else None)
        for name, reason in reading.ignored.items():
            if self._reading.ignored.get(name) != reason:
                logger.warning("%r holds %r, which is ignored: %s", self._store, name, reason)
        self._entries, self._reading, self._is_read = entries, reading, True
        self._rules.store = SettingLayer(reading.settings)
        found = {operation: self._find(operation) for operation in self._ported}
        for operation, rule in found.items():
            before = self._found[operation].setting
            if rule.setting != before:
                logger.info("%s goes from '%s' to '%s' (%s)", operation, before, rule.setting, rule.source)
        self._found = found

    def _find(self, operation: str) -> Rule:
        if not self._ported[operation]:
            return NOT_PORTED
        return self._rules.find(operation) if self._is_read else UNREAD
