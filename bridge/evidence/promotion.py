"""Move operations forward on evidence, and back without."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from bridge.errors import (
    ConfigurationError,
    EvidenceStoreUnavailable,
    PromotionRefused,
    StageConflict,
    StageStoreReadOnly,
)
from bridge.evidence.assessment import Assessment, Observed
from bridge.evidence.certificate import CERTIFICATE, INTENT, ROLLBACK, Certificate, covers
from bridge.evidence.counts import Counts
from bridge.evidence.pair_version import is_same_port, what_changed
from bridge.evidence.requirements import is_promotion, requirements_of
from bridge.offload import finish
from bridge.stages import Path, Stage, StageSetting
from bridge.stages.declared import require_operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.evidence.clock import Clock
    from bridge.evidence.control import Operations, StageControl
    from bridge.evidence.counts import Tally
    from bridge.evidence.policy import PromotionPolicy
    from bridge.evidence.store import Document, EvidenceStore
    from bridge.evidence.tallies import Tallies
    from bridge.stages import StageChange

__all__ = ["BRIDGE", "NEEDS_GRANT", "Promotions", "observed_of"]

logger = logging.getLogger("bridge.evidence")

BRIDGE: Final = "bridge"
NEEDS_GRANT: Final = frozenset({Stage.CANARY, Stage.VERIFY, Stage.NATIVE})


class Promotions:
    """Moves operations forward on evidence, and back without."""

    def __init__(
        self,
        *,
        stages: StageControl,
        operations: Operations,
        store: EvidenceStore,
        tallies: Tallies,
        policy: PromotionPolicy,
        hold: float,
        clock: Clock,
    ) -> None:
        """
        Args:
            stages: Moves them.
            operations: What is known of them.
            store: Holds what every process has counted.
            tallies: What this process has counted.
            policy: What a port has to show.
            hold: Seconds for which an operation is not promoted after the guard has rolled it back.
            clock: Tells the time.
        """
        self._stages = stages
        self._operations = operations
        self._store = store
        self._tallies = tallies
        self._policy = policy
        self._hold = hold
        self._clock = clock
        self._unanswered: dict[str, Document] = {}

    async def assess(self, operation: str, to: str | Stage | StageSetting) -> Assessment:
        """
        Return whether *operation* may be promoted to *to*, with the numbers.

        Raises:
            UnknownOperation: No route declares *operation*, or it is a pattern.
            UnknownStage: *to* is not a stage.
            EvidenceStoreUnavailable: What was counted cannot be read.
        """
        require_operation(operation, self._stages.snapshot())
        wanted, before = StageSetting.parse(to), self._stages.get(operation)
        version = self._operations.version(operation) or ""
        if not is_promotion(before, wanted):
            return Assessment(operation, before, wanted, version, ())
        await self._tallies.flush()
        observed = observed_of(await self._store.read(operation), operation, version)
        requirements = requirements_of(
            self._policy,
            before,
            wanted,
            observed,
            hooks=self._operations.undeclared_hooks(operation),
            hold=await self.held(operation, version),
        )
        return Assessment(operation, before, wanted, version, requirements, observed)

    async def promote(
        self,
        operation: str,
        to: str | Stage | StageSetting,
        *,
        who: str,
        why: str,
        force: bool = False,
        expected: int | None = None,
    ) -> StageChange:
        """
        Move *operation* in every process, and keep a certificate. A step back needs no evidence and gets no certificate.

        Args:
            operation: Its name.
            to: The setting.
            who: Who asks for it.
            why: The reason, for the history.
            force: Go on although something is missing, which the certificate records.
            expected: The version that this change replaces, as `Stages.version` says; None is the one that is assessed.

        Raises:
            PromotionRefused: Something is missing, and *force* is off; or it is on, and no reason was given.
            UnknownOperation: No route declares *operation*, or it is a pattern.
            UnknownStage: *to* is not a stage.
            NotPorted: *operation* has no port.
            StageConflict: Somebody has changed it since it was looked at.
            EvidenceStoreUnavailable: The evidence cannot be read, or the certificate not be kept.

        Cancellation:
            Once the certificate is being kept, delivered when the operation has moved or has not.
        """
        wanted, assessed = StageSetting.parse(to), self._stages.version(operation)
        assessment = await self.assess(operation, wanted)
        if not is_promotion(assessment.before, wanted):
            return await self._stages.change(operation, wanted, who=who, why=why, expected=expected)
        if not assessment.granted and not force:
            msg = f"{assessment}\n  Gather more evidence, or promote it by force, with the reason"
            raise PromotionRefused(msg, assessment)
        if force and not why.strip():
            msg = f"{operation!r} is to be promoted by force without a reason: say why, for whoever asks next year"
            raise PromotionRefused(msg, assessment)
        certificate = Certificate.of(
            assessment,
            policy=self._policy,
            ignores=self._operations.ignores(operation),
            who=who,
            why=why,
            at=self._clock.time(),
        )
        return await finish(self._move(certificate, wanted, assessed if expected is None else expected))

    async def certificates(self, operation: str | None = None, *, limit: int = 100) -> Sequence[Certificate]:
        """
        Return the certificates of one operation or of all, newest first.

        Raises:
            EvidenceStoreUnavailable: They cannot be read.
        """
        return await self._kept(CERTIFICATE, operation, limit=limit)

    async def held(self, operation: str, version: str) -> float:
        """Return for how many seconds *version* is still held after a roll-back by the guard."""
        for rollback in await self._store.documents(ROLLBACK, operation, limit=1):
            if rollback.content["version"] == version:
                return max(0.0, rollback.at + self._hold - self._clock.time())
        return 0.0

    async def changed_handlers(self) -> Mapping[str, str]:
        """
        Return, by operation, why its stage was granted for another port than the one in this process.

        An operation without a certificate was never granted anything: somebody has set its stage.

        Raises:
            EvidenceStoreUnavailable: The certificates cannot be read.
        """
        changed = {}
        for operation, setting in self._stages.snapshot().items():
            if setting.stage not in NEEDS_GRANT:
                continue
            kept = [*await self._kept(CERTIFICATE, operation), *await self._kept(INTENT, operation)]
            granted = [each for each in kept if covers(each, setting)]
            # Last, because it looks at the code of the port.
            version = self._operations.version(operation) if granted else None
            if version is not None and not any(is_same_port(each.version, version) for each in granted):
                changed[operation] = (
                    f"{what_changed(granted[0].version, version)}: '{setting}' was granted for version {granted[0].version}, this is version {version}, "
                    "of which nothing is known"
                )
        return changed

    async def fall_back(self, operation: str, why: str) -> bool:
        """Move *operation* to shadow in every process; tell whether this process was the one that did."""
        expected = self._stages.version(operation)
        if self._stages.get(operation).stage not in NEEDS_GRANT:
            return False
        try:
            await self._stages.change(operation, StageSetting(Stage.SHADOW), who=BRIDGE, why=why, expected=expected)
        except StageConflict:
            return False
        except StageStoreReadOnly as error:
            logger.error("%s cannot fall back to 'shadow', although %s: %s", operation, why, error)  # noqa: TRY400  no bug
            return False
        logger.warning("%s falls back to 'shadow': %s", operation, why)
        return True

    async def _kept(self, kind: str, operation: str | None, *, limit: int = 100) -> list[Certificate]:
        found = await self._store.documents(kind, operation, limit=limit)
        return [Certificate.read(document.id, document.content) for document in found]

    async def _move(self, certificate: Certificate, to: StageSetting, expected: int) -> StageChange:
        # First as an intent: of several who try the same, one gets a certificate; and if this process dies in between, it is known
        # what the stage was granted for.
        intent = certificate.document(INTENT)
        await self._store.keep(intent)
        try:
            change = await self._stages.change(
                certificate.operation, to, who=certificate.who, why=certificate.why, expected=expected
            )
        except ConfigurationError:
            await self._store.discard(intent)
            raise
        except Exception:
            # It may have moved all the same, so what it was granted for stays; of one attempt after another, only the last.
            await self._forget_unanswered(certificate.operation)
            self._unanswered[certificate.operation] = intent
            raise
        try:
            await self._store.keep(certificate.document())
            await self._forget_unanswered(certificate.operation)
        except EvidenceStoreUnavailable as error:
            logger.error("%s is promoted, and its certificate is still kept as an intent: %s", change.operation, error)  # noqa: TRY400  no bug
        return change

    async def _forget_unanswered(self, operation: str) -> None:
        earlier = self._unanswered.pop(operation, None)
        if earlier is not None:
            await self._store.discard(earlier)


def observed_of(counted: Mapping[Tally, Counts], operation: str, version: str) -> Observed:
    """Return what was counted of *operation* at one version of its port, by side."""
    mine = {
        tally.path: counts
        for tally, counts in counted.items()
        if (tally.operation, tally.version) == (operation, version)
    }
    legacy = [counts for path, counts in mine.items() if path is not Path.NATIVE]
    return Observed(mine.get(Path.NATIVE, Counts()), Counts.total(legacy), version)
