"""The names of differences: what they mean, how much they matter, and what mends them."""

from bridge.shadow.rules.catalogue import RULES, names, rule_of
from bridge.shadow.rules.rule import Rule

__all__ = ["RULES", "Rule", "names", "rule_of"]
