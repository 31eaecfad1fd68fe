"""Compare two texts by lines."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.place import line_place

if TYPE_CHECKING:
    from bridge.shadow.comparing.found import Found
    from bridge.shadow.comparing.run import Runs

__all__ = ["compare_texts"]

BODY: Final = "body"
LONGEST: Final = 200
# Comparing every line with every other one takes a tenth of a second for 1000 of them.
ALIGNED: Final = 200


def compare_texts(control: str, candidate: str, found: Found, runs: Runs) -> None:
    """Find the lines that differ."""
    if control == candidate or runs.same_text(control, candidate):
        return
    endings = "\r\n" in control, "\r\n" in candidate
    ours, theirs = (text.replace("\r\n", "\n").replace("\r", "\n") for text in (control, candidate))
    told = False
    if endings[0] != endings[1] and ours.count("\n") and theirs.count("\n"):
        found.add("text.line_endings", BODY, *(repr("\r\n" if each else "\n") for each in endings))
        told = True
    if ours.endswith("\n") != theirs.endswith("\n"):
        found.add("text.trailing_newline", BODY, repr(ours[-1:]), repr(theirs[-1:]))
        told = True
    lines = ours.removesuffix("\n").split("\n"), theirs.removesuffix("\n").split("\n")
    if lines[0] != lines[1]:
        _compare_lines(*lines, found, runs)
    elif not told:
        found.add("text.line_endings", BODY, repr(control[:LONGEST]), repr(candidate[:LONGEST]))


def _compare_lines(ours: list[str], theirs: list[str], found: Found, runs: Runs) -> None:
    shorter = min(len(ours), len(theirs))
    start = next((i for i in range(shorter) if ours[i] != theirs[i]), shorter)
    same = next((i for i in range(shorter - start) if ours[-1 - i] != theirs[-1 - i]), shorter - start)
    mine, other = ours[start : len(ours) - same], theirs[start : len(theirs) - same]
    if max(len(mine), len(other)) <= ALIGNED:
        blocks = SequenceMatcher(None, mine, other, autojunk=False).get_opcodes()
    else:
        blocks = [("replace", 0, len(mine), 0, len(other))]
    for kind, a, b, c, d in blocks:
        if kind == "equal":
            continue
        pairs = min(b - a, d - c)
        for i in range(pairs):
            one, two = mine[a + i], other[c + i]
            if one != two and not runs.same_text(one, two):
                found.add(_line_rule(found, one, two), line_place(start + a + i + 1), *_cut(one, two))
        for i in range(a + pairs, b):
            found.add(
                found.hints.rename("text.missing_line", None, None), line_place(start + i + 1), _cut(mine[i])[0], None
            )
        for i in range(c + pairs, d):
            found.add(
                found.hints.rename("text.extra_line", None, None), line_place(start + i + 1), None, _cut(other[i])[0]
            )


def _line_rule(found: Found, control: str, candidate: str) -> str:
    if "".join(control.split()) == "".join(candidate.split()):
        return "text.whitespace"
    return (
        "text.case"
        if control.casefold() == candidate.casefold()
        else found.hints.rename("text.line", control, candidate)
    )


def _cut(*lines: str) -> list[str]:
    return [line if len(line) <= LONGEST else f"{line[:LONGEST]}..." for line in lines]
