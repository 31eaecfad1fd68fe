"""Roll operations back when they go wrong, and promote them along a plan while they do not."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.errors import EvidenceStoreUnavailable, PromotionRefused, StageConflict
from bridge.evidence.certificate import ROLLBACK, rollback_document
from bridge.evidence.counts import Counts
from bridge.evidence.look import Health, look_at
from bridge.evidence.promotion import observed_of
from bridge.evidence.troubles import Troubles
from bridge.evidence.watch import GUARDED, Move, Situation, Watch
from bridge.offload import finish
from bridge.stages import Stage, StageSetting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.evidence.clock import Clock
    from bridge.evidence.control import Operations, StageControl
    from bridge.evidence.counts import Tally
    from bridge.evidence.guard_settings import GuardSettings
    from bridge.evidence.look import Look
    from bridge.evidence.plan import Plan
    from bridge.evidence.promotion import Promotions
    from bridge.evidence.store import Document, EvidenceStore
    from bridge.stages import StageChange

__all__ = ["GUARD", "PLAN", "Guard", "GuardReport"]

logger = logging.getLogger("bridge.evidence")

GUARD: Final = "guard"
PLAN: Final = "plan"
# How long the totals of a legacy path that does not serve any more are taken to be the same.
BASE_FOR_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class GuardReport:
    """
    What the guard knows of one operation.

    Attributes:
        look: What it saw last; None where the port serves nobody.
        waiting_for: What the next step of the plan still needs, a sentence each; empty where the plan has no further step.
    """

    look: Look | None = None
    waiting_for: tuple[str, ...] = ()


class Guard:
    """
    Rolls an operation back, in every process, when its port breaches a limit; promotes it along a plan while it does not.

    Every process has one, and all may come to the same conclusion: a change names the version it replaces, so that only one of them
    goes through.
    """

    def __init__(
        self,
        settings: GuardSettings,
        plans: Mapping[str, Plan],
        *,
        stages: StageControl,
        operations: Operations,
        store: EvidenceStore,
        promotions: Promotions,
        settle: float,
        clock: Clock,
    ) -> None:
        """
        Args:
            settings: The limits.
            plans: Plan by name of the operation; ``*`` is for those without one of their own.
            stages: Moves operations.
            operations: What is known of them.
            store: Holds what every process has counted.
            promotions: Promotes.
            settle: Seconds after a change until what is counted belongs to the setting that it made.
            clock: Tells the time.
        """
        self._settings = settings
        self._plans = plans
        self._stages = stages
        self._operations = operations
        self._store = store
        self._promotions = promotions
        self._settle = settle
        self._clock = clock
        self._watches: dict[str, Watch] = {}
        self._last_change: dict[str, tuple[int, StageChange | None, float]] = {}
        self._bases: dict[tuple[str, str], tuple[float, Counts]] = {}
        self._reports: dict[str, GuardReport] = {}
        self._unanswered: dict[str, Document] = {}
        self._troubles = Troubles(clock)
        self._error: str | None = None
        self._task: asyncio.Task[None] | None = None

    def report(self) -> Mapping[str, GuardReport]:
        """Return what the guard knows, by name of the operation."""
        return dict(self._reports)

    def start(self) -> None:
        """Look from now on, every few seconds."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="bridge.evidence.guard")

    async def close(self) -> None:
        """Stop looking; a change that is under way is finished."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await finish(_ended(task))

    async def look(self) -> None:
        """
        Look at every operation once, and act; one that cannot be moved is logged, and does not keep back the others.

        Raises:
            EvidenceStoreUnavailable: Nothing is known.
        """
        now = self._clock.time()
        settings = self._stages.snapshot()
        watched = {name: setting for name, setting in settings.items() if self._is_watched(name, setting)}
        self._reports = {name: report for name, report in self._reports.items() if name in watched}
        if not watched:
            return
        guarded = any(setting.stage in GUARDED for setting in watched.values())
        counted = await self._store.read(since=now - self._settings.window) if guarded else {}
        for operation, setting in watched.items():
            try:
                await self._look_at(operation, setting, counted, now)
            except EvidenceStoreUnavailable:  # nothing is known of the others, either
                raise
            except Exception as error:  # noqa: BLE001  a store may be of any kind, and others may have to be rolled back
                self._troubles.met(operation, self._last_look(operation), error)
            else:
                self._note_end_of_trouble(operation)
            # A store in memory never waits, and requests are not to wait for all operations.
            await asyncio.sleep(0)

    async def _look_at(
        self, operation: str, setting: StageSetting, counted: Mapping[Tally, Counts], now: float
    ) -> None:
        version, expected = self._operations.version(operation), self._stages.version(operation)
        if version is None:
            return
        last, changed_at = await self._changed(operation, expected, now)
        look = None
        if setting.stage in GUARDED:
            if last is not None and changed_at + self._settle > now - self._settings.window:
                counted = await self._store.read(operation, since=changed_at + self._settle)
            window = observed_of(counted, operation, version)
            look = look_at(self._settings, window, await self._base(operation, version, window.legacy, now))
        rolled_back = last is not None and last.who == GUARD and await self._was_rolled_back(operation, version, last)
        held = await self._promotions.held(operation, version) if rolled_back else 0.0
        plan = self._plans.get(operation) or self._plans.get("*")
        watch = self._watches.setdefault(operation, Watch(self._settings, plan))
        move = watch.decide(look, Situation(setting, now - changed_at, held, rolled_back))
        self._reports[operation] = GuardReport(look)
        if move is Move.ROLL_BACK and look is not None:
            await finish(self._roll_back(operation, version, setting, look.why, expected))
        elif move is Move.PROMOTE and plan is not None:
            await self._promote(operation, setting, plan, look, expected)

    async def _roll_back(self, operation: str, version: str, before: StageSetting, why: str, expected: int) -> None:
        after = StageSetting(Stage.parse(self._settings.roll_back_to))
        reason = f"{why} (version {version}, within {self._settings.window:g} s)"
        document = rollback_document(operation, version, before=before, after=after, why=reason, at=self._clock.time())
        await self._store.keep(document)
        try:
            await self._stages.change(operation, after, who=GUARD, why=reason, expected=expected)
        except StageConflict:
            await self._store.discard(document)
        except Exception:
            self._unanswered[operation] = document
            await self._store.discard(document)
            raise
        else:
            logger.error("%s is rolled back from '%s' to '%s': %s", operation, before, after, reason)
        self._watches[operation].changed()

    async def _promote(
        self, operation: str, setting: StageSetting, plan: Plan, look: Look | None, expected: int
    ) -> None:
        step = plan.after(setting)
        if step is None:
            return
        why = f"plan {plan}" + (f"; {look.why}" if look else "")
        try:
            await self._promotions.promote(operation, step, who=PLAN, why=why, expected=expected)
        except PromotionRefused as refused:
            missing = getattr(refused.assessment, "missing", ())
            self._reports[operation] = GuardReport(look, missing)
        except StageConflict:
            self._watches[operation].changed()
        else:
            self._watches[operation].changed()
            logger.info("%s is promoted from '%s' to '%s': %s", operation, setting, step, why)

    async def _changed(self, operation: str, version: int, now: float) -> tuple[StageChange | None, float]:
        """Return the last change of *operation*, and when that was; where there was none, when it was seen first."""
        known = self._last_change.get(operation)
        if known is None or known[0] != version:
            found = await self._stages.history(operation, limit=1)
            last = found[0] if found else None
            known = (version, last, last.at.timestamp() if last else now)
            self._last_change[operation] = known
        return known[1], known[2]

    async def _base(self, operation: str, version: str, legacy: Counts, now: float) -> Counts:
        """Return what to compare with: the legacy path within the window, or ever, where it serves nobody any more."""
        if legacy.served >= self._settings.min_requests:
            return legacy
        key = (operation, version)
        read_at, base = self._bases.get(key, (0.0, Counts()))
        if now - read_at >= BASE_FOR_S:
            base = observed_of(await self._store.read(operation), operation, version).legacy
            self._bases[key] = (now, base)
        return base

    async def _was_rolled_back(self, operation: str, version: str, last: StageChange) -> bool:
        unanswered = self._unanswered.get(operation)
        if unanswered is not None and unanswered.content["why"] == last.why:
            # The answer was lost, and not the change.
            await self._store.keep(unanswered)
        self._unanswered.pop(operation, None)
        found = await self._store.documents(ROLLBACK, operation, limit=1)
        return bool(found) and found[0].content["version"] == version

    def _last_look(self, operation: str) -> Look | None:
        report = self._reports.get(operation)
        return report.look if report else None

    def _note_end_of_trouble(self, operation: str) -> None:
        look = self._last_look(operation)
        if look is None or look.health is not Health.INCONCLUSIVE:
            self._troubles.over(operation)

    def _is_watched(self, operation: str, setting: StageSetting) -> bool:
        planned = setting.stage is not Stage.LEGACY and (operation in self._plans or "*" in self._plans)
        return setting.stage in GUARDED or planned

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._settings.every)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  a store may be of any kind, and the guard must not end
                if self._error is None:
                    logger.warning("the guard sees nothing, so it moves nothing: %s", error)
                self._error = str(error)
            else:
                if self._error is not None:
                    logger.warning("the guard sees again")
                    self._error = None


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])
