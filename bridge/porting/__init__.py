"""See trouble before it ships: three instruments over the synchronous code that is to be ported."""

from bridge.porting.callsite import CallSite
from bridge.porting.findings import Finding, Report, Rule, Severity
from bridge.porting.guard import OnFinding, guarded
from bridge.porting.rules import RULES

__all__ = ["RULES", "CallSite", "Finding", "OnFinding", "Report", "Rule", "Severity", "guarded"]
