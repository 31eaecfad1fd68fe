"""What is known of every port, and what follows from it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from bridge.errors import NotInstalled
from bridge.evidence.clock import SystemClock
from bridge.evidence.guard import Guard
from bridge.evidence.guard_settings import GuardSettings
from bridge.evidence.memory import MemoryEvidence
from bridge.evidence.plan import Plan
from bridge.evidence.policy import PromotionPolicy
from bridge.evidence.promotion import Promotions, observed_of
from bridge.evidence.settings import ChangedHandler, EvidenceSettings
from bridge.evidence.tallies import Tallies
from bridge.offload import finish
from bridge.stages.declared import require_operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bridge.evidence.assessment import Assessment, Observed
    from bridge.evidence.certificate import Certificate
    from bridge.evidence.clock import Clock
    from bridge.evidence.control import Operations, StageControl
    from bridge.evidence.guard import GuardReport
    from bridge.evidence.store import EvidenceStore
    from bridge.stages import Stage, StageChange, StageSetting

__all__ = ["Evidence"]

logger = logging.getLogger("bridge.evidence")

EVERY_OPERATION: Final = "*"


class Evidence:
    """
    What is known of every port, and what follows from it: promotions, roll-backs, certificates.

    Attributes:
        store: Holds what every process has counted.
        tallies: What this process has counted.
    """

    def __init__(
        self,
        store: EvidenceStore | None = None,
        *,
        policy: PromotionPolicy | None = None,
        guard: GuardSettings | None = None,
        plan: Plan | Mapping[str, Plan] | None = None,
        settings: EvidenceSettings | None = None,
        clock: Clock | None = None,
    ) -> None:
        """
        Args:
            store: Holds what every process has counted; None is this process alone, for as long as it runs.
            policy: What a port has to show before it is given more.
            guard: When an operation is rolled back; None for the defaults of `GuardSettings`.
            plan: The steps along which operations are promoted without being asked: one for all, or by name. None promotes nothing.
            settings: How evidence is gathered.
            clock: Tells the time.
        """
        self.store: EvidenceStore = MemoryEvidence() if store is None else store
        self._policy = policy or PromotionPolicy()
        self._guard_settings = guard or GuardSettings()
        self._plans = {EVERY_OPERATION: plan} if isinstance(plan, Plan) else dict(plan or {})
        self._settings = settings or EvidenceSettings()
        self._clock = clock or SystemClock()
        self.tallies = Tallies(self.store, self._settings, self._clock)
        self._stages: StageControl | None = None
        self._operations: Operations | None = None
        self._promotions: Promotions | None = None
        self._guard: Guard | None = None
        self._task: asyncio.Task[None] | None = None

    def bind(self, stages: StageControl, operations: Operations) -> None:
        """
        Say what is to be moved, and what is known of it. `Bridge` does.

        Args:
            stages: Moves operations.
            operations: What is known of them.
        """
        self._stages = stages
        self._operations = operations
        self._promotions = Promotions(
            stages=stages,
            operations=operations,
            store=self.store,
            tallies=self.tallies,
            policy=self._policy,
            hold=self._guard_settings.hold,
            clock=self._clock,
        )
        self._guard = Guard(
            self._guard_settings,
            self._plans,
            stages=stages,
            operations=operations,
            store=self.store,
            promotions=self._promotions,
            settle=2 * self._settings.flush_every,
            clock=self._clock,
        )

    async def start(self) -> None:
        """
        Count, guard, and see whether ports have changed since their stage was granted; after the stages were started.

        Returns when the ports were compared, or could not be; then that is tried again until it is done.

        Raises:
            UnknownOperation: There is a plan for an operation that no route declares, or for a pattern.
        """
        self._promoting()
        assert self._guard is not None  # noqa: S101  bound together
        assert self._stages is not None  # noqa: S101  as above
        if self._stages.is_read_only:
            logger.warning(
                "stages are changed elsewhere, so the guard can roll nothing back and no plan promotes: a breach is logged as an error"
            )
        for operation in self._plans.keys() - {EVERY_OPERATION}:
            require_operation(operation, self._declared())
        self.tallies.start()
        self._guard.start()
        if not await self._compare_handlers():
            self._task = asyncio.create_task(self._go_on_comparing(), name="bridge.evidence.handlers")

    async def close(self) -> None:
        """Stop guarding, give what was counted to the store, and let go of it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await finish(_ended(task))
        if self._guard is not None:
            await self._guard.close()
        await self.tallies.close()
        await self.store.close()

    async def observed(self, operation: str) -> Observed:
        """
        Return what was counted for the version of the port in this process.

        Raises:
            UnknownOperation: No route declares *operation*, or it is a pattern.
            EvidenceStoreUnavailable: It cannot be read.
        """
        require_operation(operation, self._declared())
        version = self._known().version(operation) or ""
        await self.tallies.flush()
        return observed_of(await self.store.read(operation), operation, version)

    async def assess(self, operation: str, to: str | Stage | StageSetting) -> Assessment:
        """Return whether *operation* may be promoted to *to*, with the numbers; see `Promotions.assess`."""
        return await self._promoting().assess(operation, to)

    async def promote(
        self, operation: str, to: str | Stage | StageSetting, *, who: str, why: str, force: bool = False
    ) -> StageChange:
        """Move *operation* in every process, and keep a certificate; see `Promotions.promote`."""
        return await self._promoting().promote(operation, to, who=who, why=why, force=force)

    async def certificates(self, operation: str | None = None, *, limit: int = 100) -> Sequence[Certificate]:
        """Return the certificates of one operation or of all, newest first; see `Promotions.certificates`."""
        return await self._promoting().certificates(operation, limit=limit)

    def guarded(self) -> Mapping[str, GuardReport]:
        """Return what the guard of this process saw last, by name of the operation."""
        return {} if self._guard is None else self._guard.report()

    async def _compare_handlers(self) -> bool:
        promotions = self._promoting()
        try:
            for operation, why in (await promotions.changed_handlers()).items():
                if self._settings.on_changed_handler == ChangedHandler.SHADOW.value:
                    await promotions.fall_back(operation, why)
                else:
                    logger.warning("%s stays where it is, although %s", operation, why)
        except Exception as error:  # noqa: BLE001  stores may be of any kind, and the application starts all the same
            logger.warning("ports cannot be compared with those that their stages were granted for: %s", error)
            return False
        return True

    async def _go_on_comparing(self) -> None:
        while True:
            await self._clock.sleep(self._guard_settings.every)
            if await self._compare_handlers():
                return

    def _promoting(self) -> Promotions:
        if self._promotions is None:
            raise NotInstalled(
                "evidence is bound to no stages yet: give it to a Bridge, or call bind(stages, operations)"
            )
        return self._promotions

    def _declared(self) -> Collection[str]:
        self._promoting()
        assert self._stages is not None  # noqa: S101  bound together
        return self._stages.snapshot()

    def _known(self) -> Operations:
        self._promoting()
        assert self._operations is not None  # noqa: S101  bound together
        return self._operations


async def _ended(task: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.wait([task])
