"""The document of a promotion, and that of a roll-back by the guard."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from uuid import uuid4

from bridge.evidence.requirements import ORDER
from bridge.evidence.store import Document
from bridge.stages import StageSetting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from bridge.evidence.assessment import Assessment
    from bridge.evidence.policy import PromotionPolicy

__all__ = ["CERTIFICATE", "INTENT", "ROLLBACK", "Certificate", "IgnoreRule", "covers", "rollback_document"]

CERTIFICATE: Final = "certificate"
INTENT: Final = "intent"
ROLLBACK: Final = "rollback"
SCHEMA: Final = 1


class IgnoreRule(Protocol):
    """A rule that excuses differences; `Ignore` is one."""

    @property
    def rule(self) -> str:
        """The rules it excuses."""

    @property
    def where(self) -> str:
        """The places it excuses them in."""

    @property
    def reason(self) -> str:
        """Why they do not matter."""

    @property
    def until(self) -> date | None:
        """The last day on which it excuses anything; None for ever."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """
    The record of one promotion: who asked for it, and on what evidence.

    Attributes:
        id: Names it.
        operation: Name of the operation.
        before: The setting before, as text.
        to: The setting it was promoted to, as text.
        version: Version of the port that the evidence is of.
        who: Who asked for it.
        why: The reason given.
        at: When, with a time zone.
        forced: Whether something was missing.
        content: Everything, as JSON; docs/reference/certificate.md describes it.
    """

    id: str
    operation: str
    before: str
    to: str
    version: str
    who: str
    why: str
    at: datetime
    forced: bool
    content: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        assessment: Assessment,
        *,
        policy: PromotionPolicy,
        ignores: Iterable[IgnoreRule],
        who: str,
        why: str,
        at: float,
    ) -> Certificate:
        """Make the certificate of a promotion."""
        content = {
            "schema": SCHEMA,
            **assessment.to_json(),
            "who": who,
            "why": why,
            "at": datetime.fromtimestamp(at, UTC).isoformat(),
            "forced": not assessment.granted,
            "policy": asdict(policy),
            "ignores": [
                {
                    "rule": each.rule,
                    "where": each.where,
                    "reason": each.reason,
                    "until": each.until.isoformat() if each.until else None,
                }
                for each in ignores
            ],
        }
        return cls.read(uuid4().hex, content)

    @classmethod
    def read(cls, name: str, content: Mapping[str, Any]) -> Certificate:
        """Read a certificate from its JSON."""
        return cls(
            id=name,
            operation=content["operation"],
            before=content["from"],
            to=content["to"],
            version=content["version"],
            who=content["who"],
            why=content["why"],
            at=datetime.fromisoformat(content["at"]),
            forced=content["forced"],
            content=content,
        )

    def document(self, kind: str = CERTIFICATE) -> Document:
        """Return what a store keeps: an intent while the operation is being moved, and then a certificate."""
        return Document(self.id, kind, self.operation, self.at.timestamp(), self.content)


def covers(certificate: Certificate, setting: StageSetting) -> bool:
    """Tell whether *certificate* was given for *setting* or for more."""
    given = StageSetting.parse(certificate.to)
    return (ORDER.index(given.stage), given.percent) >= (ORDER.index(setting.stage), setting.percent)


def rollback_document(
    operation: str, version: str, *, before: StageSetting, after: StageSetting, why: str, at: float
) -> Document:
    """Return the document of a roll-back by the guard."""
    content = {
        "schema": SCHEMA,
        "operation": operation,
        "version": version,
        "from": str(before),
        "to": str(after),
        "why": why,
        "at": datetime.fromtimestamp(at, UTC).isoformat(),
    }
    return Document(uuid4().hex, ROLLBACK, operation, at, content)
