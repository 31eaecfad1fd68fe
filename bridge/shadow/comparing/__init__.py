"""Compare two exchanges, and name each place where they disagree."""

from bridge.shadow.comparing.compare import compare, noise
from bridge.shadow.comparing.ignore import Ignore
from bridge.shadow.comparing.noise import QUIET, Noise
from bridge.shadow.comparing.options import COMPARED_HEADERS, CompareOptions
from bridge.shadow.comparing.place import general
from bridge.shadow.comparing.row_pairs import pair_rows
from bridge.shadow.comparing.verdict import Group, describe, summarise, verdict_of

__all__ = [
    "COMPARED_HEADERS",
    "QUIET",
    "CompareOptions",
    "Group",
    "Ignore",
    "Noise",
    "compare",
    "describe",
    "general",
    "noise",
    "pair_rows",
    "summarise",
    "verdict_of",
]
