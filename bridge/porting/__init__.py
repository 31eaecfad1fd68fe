"""See trouble before it ships: three instruments over the synchronous code that is to be ported."""

from bridge.porting.callsite import CallSite
from bridge.porting.findings import Finding, Report, Rule, Severity
from bridge.porting.guard import OnFinding, guarded
from bridge.porting.instrumented import instrumented
from bridge.porting.probe import probed
from bridge.porting.rules import RULES
from bridge.porting.sample import Sample
from bridge.porting.values import values_checked

__all__ = [
    "RULES",
    "CallSite",
    "Finding",
    "OnFinding",
    "Report",
    "Rule",
    "Sample",
    "Severity",
    "guarded",
    "instrumented",
    "probed",
    "values_checked",
]
