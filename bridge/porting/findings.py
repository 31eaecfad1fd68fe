"""What the instruments found, as values."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any

from bridge.porting.callsite import CallSite

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Finding", "Report", "Rule", "Severity"]


class Severity(StrEnum):
    """What happens to a port that does the same."""

    FAILS = "fails"
    DIFFERS = "differs"
    RISK = "risk"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One kind of trouble.

    Attributes:
        name: Its stable name, such as ``guard.lazy_load``.
        severity: What happens to a port that does the same.
        says: What was seen.
        sync: What psycopg2, or a `Session`, does.
        asynchronous: What asyncpg, or an `AsyncSession`, does.
        remedy: What to change, where a finding does not know better.
        handled: What else takes care of it, if anything does.
    """

    name: str
    severity: Severity
    says: str
    sync: str
    asynchronous: str
    remedy: str
    handled: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """
    One kind of trouble in one place. It never holds a value that the application handled.

    Attributes:
        site: The line of the application.
        rule: Name of the rule.
        subject: What it is about: an attribute path, a column, a statement.
        detail: What was seen, with types in place of values.
        remedy: What to change.
        severity: What happens to a port that does the same.
        handled: What else takes care of it, if anything does.
    """

    site: CallSite
    rule: str
    subject: str
    detail: str
    remedy: str
    severity: Severity
    handled: str = ""

    @classmethod
    def of(cls, rule: Rule, site: CallSite, subject: str, *, detail: str = "", remedy: str = "") -> Finding:
        """Make a finding of *rule*, whose own words stand where none are given."""
        return cls(site, rule.name, subject, detail or rule.says, remedy or rule.remedy, rule.severity, rule.handled)


class Report:
    """
    The findings of one run, counted. Instruments on several threads may share one.

    ``report.text()`` is for reading, ``report.to_json()`` for keeping; `merge` adds what another process kept.
    """

    def __init__(self) -> None:
        self._counts: Counter[Finding] = Counter()
        self._lock = threading.Lock()

    def add(self, finding: Finding, count: int = 1) -> None:
        """Count *finding*."""
        with self._lock:
            self._counts[finding] += count

    @property
    def counts(self) -> Mapping[Finding, int]:
        """How often each finding was made, ordered by file and line."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    @property
    def rules(self) -> Mapping[str, int]:
        """How often each rule was met."""
        rules: Counter[str] = Counter()
        for finding, count in self.counts.items():
            rules[finding.rule] += count
        return dict(sorted(rules.items()))

    def __len__(self) -> int:
        return len(self._counts)

    def failures(self) -> list[Finding]:
        """Return the findings that fail on the asynchronous path."""
        return [finding for finding in self.counts if finding.severity is Severity.FAILS]

    def text(self) -> str:
        """Write the report for people: by file and line, each finding with its count and its remedy."""
        counts = self.counts
        if not counts:
            return "Nothing found."
        lines = []
        for site, found in groupby(counts, key=lambda finding: finding.site):
            lines.append(f"{site} in {site.function}")
            for finding in found:
                lines.append(f"  {counts[finding]} x {finding.severity} {finding.rule}: {finding.subject}")
                lines.append(f"      {finding.detail}")
                lines.append(f"      remedy: {finding.remedy}")
                if finding.handled:
                    lines.append(f"      note: {finding.handled}")
        places = len({finding.site for finding in counts})
        lines.append("")
        lines.append(f"{len(counts)} findings in {places} places: {self._by_severity()}.")
        return "\n".join(lines)

    def to_json(self) -> str:
        """Write the report for programs; `merge` reads it."""
        return json.dumps([{**asdict(finding), "count": count} for finding, count in self.counts.items()], indent=1)

    def merge(self, document: str) -> None:
        """Add the findings that `to_json` wrote."""
        for entry in json.loads(document):
            fields: dict[str, Any] = dict(entry)
            count = fields.pop("count")
            site = CallSite(**fields.pop("site"))
            self.add(Finding(site=site, severity=Severity(fields.pop("severity")), **fields), count)

    def _by_severity(self) -> str:
        numbers = Counter(finding.severity for finding in self.counts)
        return ", ".join(f"{numbers[severity]} {severity}" for severity in Severity if numbers[severity])
