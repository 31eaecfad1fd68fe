"""What is known of a port from the requests it has answered and the checks it has passed."""

from bridge.evidence.assessment import Assessment, Observed, Requirement
from bridge.evidence.certificate import Certificate, IgnoreRule
from bridge.evidence.clock import Clock, SystemClock
from bridge.evidence.confidence import lower_bound, rate_difference, trials_needed, upper_bound
from bridge.evidence.control import Operations, StageControl
from bridge.evidence.counts import Counts, Tally
from bridge.evidence.evidence import Evidence
from bridge.evidence.guard import GuardReport
from bridge.evidence.guard_settings import GuardSettings
from bridge.evidence.handler_version import version_of
from bridge.evidence.latency import Latency, latency_ratio
from bridge.evidence.look import Health, Look
from bridge.evidence.memory import MemoryEvidence
from bridge.evidence.pair_version import version_of_pair
from bridge.evidence.plan import Plan
from bridge.evidence.policy import PromotionPolicy
from bridge.evidence.settings import EvidenceSettings
from bridge.evidence.sql import SQLEvidence
from bridge.evidence.store import Batch, CounterKey, Document, EvidenceStore
from bridge.evidence.tallies import Tallies, TallyStatistics

__all__ = [
    "Assessment",
    "Batch",
    "Certificate",
    "Clock",
    "CounterKey",
    "Counts",
    "Document",
    "Evidence",
    "EvidenceSettings",
    "EvidenceStore",
    "GuardReport",
    "GuardSettings",
    "Health",
    "IgnoreRule",
    "Latency",
    "Look",
    "MemoryEvidence",
    "Observed",
    "Operations",
    "Plan",
    "PromotionPolicy",
    "Requirement",
    "SQLEvidence",
    "StageControl",
    "SystemClock",
    "Tallies",
    "Tally",
    "TallyStatistics",
    "latency_ratio",
    "lower_bound",
    "rate_difference",
    "trials_needed",
    "upper_bound",
    "version_of",
    "version_of_pair",
]
