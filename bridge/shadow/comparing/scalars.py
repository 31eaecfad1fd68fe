"""Tell how two values differ that are not both objects or both arrays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from bridge.shadow.comparing.document import Number, Numbers, read_json
from bridge.shadow.comparing.moments import moment_rule, read_moment
from bridge.shadow.comparing.numerals import is_constant, number_rule, read_number
from bridge.shadow.comparing.strings import string_rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.shadow.comparing.run import Runs

__all__ = ["scalar_rule"]


def scalar_rule(control: Any, candidate: Any, name: str, runs: Runs) -> str | None:
    """
    Return the rule for two values that differ; None where both are made up by their runs.

    Args:
        control: A value as `read_json` has it.
        candidate: Another one.
        name: The key or column that holds them.
        runs: What the runs made up.
    """
    if control is None or candidate is None:
        return _nothing(control, candidate)
    kinds = type(control), type(candidate)
    if kinds == (str, str):
        return _strings(control, candidate, name, runs)
    if kinds == (Number, Number):
        return _numbers(control.text, candidate.text, name, runs)
    return MIXED[frozenset(kinds)](control, candidate) if frozenset(kinds) in MIXED else _shapes(control, candidate)


def _strings(control: str, candidate: str, name: str, runs: Runs) -> str | None:
    moments = read_moment(control), read_moment(candidate)
    if moments[0] and moments[1]:
        aligned = runs.aligned(moments[0], moments[1])
        return None if aligned == moments[0] else moment_rule(moments[0], aligned)
    if runs.same_key(control, candidate, name) or runs.same_text(control, candidate):
        return None
    return string_rule(control, candidate)


def _numbers(control: str, candidate: str, name: str, runs: Runs) -> str | None:
    if is_constant(control) or is_constant(candidate):
        return "json.nan"
    if runs.same_key(control, candidate, name) or runs.same_number(control, candidate):
        return None
    numbers = read_number(control), read_number(candidate)
    return "json.value" if numbers[0] is None or numbers[1] is None else number_rule(numbers[0], numbers[1])


def _truth_and_number(control: Any, candidate: Any) -> str:
    texts = {str(int(each)) if isinstance(each, bool) else each.text for each in (control, candidate)}
    return "json.bool_as_int" if len(texts) == 1 else "json.type"


def _truth_and_string(control: Any, candidate: Any) -> str:
    return "json.bool_as_string" if str(control).casefold() == str(candidate).casefold() else "json.type"


def _string_and_number(control: Any, candidate: Any) -> str:
    text, written = (control, candidate.text) if isinstance(control, str) else (candidate, control.text)
    if is_constant(written) or is_constant(text):
        return "json.nan"
    if read_moment(text):
        return "json.datetime.epoch"
    number, other = read_number(text), read_number(written)
    if number is None or other is None:
        return "json.type"
    if number != other:
        return number_rule(number, other)
    if text is candidate:
        return "json.number_as_string"
    return "json.decimal.digits" if "." in text else "json.string_as_number"


def _nothing(control: Any, candidate: Any) -> str:
    value = candidate if control is None else control
    if isinstance(value, Number) and is_constant(value.text):
        return "json.nan"
    if value in ("", [], {}):
        return "json.empty_for_null" if control is None else "json.null_for_empty"
    return "json.value_for_null" if control is None else "json.null_for_value"


def _shapes(control: Any, candidate: Any) -> str:
    if type(control) is type(candidate):
        return "json.value"
    for inner, outer in ((control, candidate), (candidate, control)):
        if isinstance(outer, str) and outer[:1] in ("{", "[") and _reads_as(outer, inner):
            return "json.encoded_twice"
        if outer == [inner] or (isinstance(outer, dict) and len(outer) == 1 and inner in outer.values()):
            return "json.envelope"
    return "json.type"


def _reads_as(text: str, value: Any) -> bool:
    try:
        return bool(read_json(text, Numbers()) == value)
    except (json.JSONDecodeError, RecursionError):
        return False


MIXED: Final[dict[frozenset[type], Callable[[Any, Any], str]]] = {
    frozenset({bool, Number}): _truth_and_number,
    frozenset({bool, str}): _truth_and_string,
    frozenset({str, Number}): _string_and_number,
}
