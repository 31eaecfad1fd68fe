"""Tell how two strings differ."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.moments import moment_rule, read_moment
from bridge.shadow.comparing.numerals import number_rule, read_number

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRING_RULES", "string_rule"]

UUID_HEX: Final = re.compile(r"[0-9a-fA-F]{32}")
ADDRESS: Final = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]+)(?P<prefix>/\d{1,3})?")
ENUM_NAME: Final = re.compile(r"[^\W\d]\w*\.(?P<member>[^\W\d]\w*)")
REPLACED: Final = "\ufffd"
# Below that, a prefix is a coincidence.
SHORTEST_CUT: Final = 3
# Longer texts are not looked at from every side, which takes a tenth of a second for a megabyte.
LONGEST: Final = 20_000


def string_rule(control: str, candidate: str) -> str:
    """Return the rule for two strings that differ."""
    moments = read_moment(control), read_moment(candidate)
    if moments[0] and moments[1]:
        return moment_rule(moments[0], moments[1])
    numbers = read_number(control), read_number(candidate)
    if numbers[0] is not None and numbers[1] is not None and (control[0] != "0" or "." in control):
        return number_rule(numbers[0], numbers[1])
    if max(len(control), len(candidate)) > LONGEST:
        return "json.string.truncated" if _truncated(control, candidate) else "json.value"
    return next((rule for rule, recognises in STRING_RULES if recognises(control, candidate)), "json.value")


def _uuid_dashes(control: str, candidate: str) -> bool:
    bare = control.replace("-", ""), candidate.replace("-", "")
    return bool(UUID_HEX.fullmatch(bare[0])) and bare[0].lower() == bare[1].lower() and len(control) != len(candidate)


def _inet_prefix(control: str, candidate: str) -> bool:
    addresses = ADDRESS.fullmatch(control), ADDRESS.fullmatch(candidate)
    return all(addresses) and control.partition("/")[0] == candidate.partition("/")[0]


def _enum_name(control: str, candidate: str) -> bool:
    return any(
        (found := ENUM_NAME.fullmatch(name)) is not None and found["member"].casefold() == value.casefold()
        for name, value in ((control, candidate), (candidate, control))
    )


def _html_escapes(control: str, candidate: str) -> bool:
    return html.unescape(control) == html.unescape(candidate)


def _encoding(control: str, candidate: str) -> bool:
    if (REPLACED in control) != (REPLACED in candidate):
        return True
    return _mangled(control) == candidate or _mangled(candidate) == control


def _mangled(text: str) -> str | None:
    """Return *text* as somebody reads it who takes its UTF-8 for Latin-1."""
    return None if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def _normalisation(control: str, candidate: str) -> bool:
    return unicodedata.normalize("NFC", control) == unicodedata.normalize("NFC", candidate)


def _case(control: str, candidate: str) -> bool:
    return control.casefold() == candidate.casefold()


def _whitespace(control: str, candidate: str) -> bool:
    return "".join(control.split()) == "".join(candidate.split())


def _truncated(control: str, candidate: str) -> bool:
    kept = candidate.removesuffix("...").removesuffix("\u2026")
    return SHORTEST_CUT <= len(kept) < len(control) and control.startswith(kept)


STRING_RULES: Final[tuple[tuple[str, Callable[[str, str], bool]], ...]] = (
    ("json.uuid_dashes", _uuid_dashes),
    ("json.inet_prefix", _inet_prefix),
    ("json.enum_name", _enum_name),
    ("json.html_escapes", _html_escapes),
    ("json.string.encoding", _encoding),
    ("json.string.normalisation", _normalisation),
    ("json.string.case", _case),
    ("json.string.whitespace", _whitespace),
    ("json.string.truncated", _truncated),
)
