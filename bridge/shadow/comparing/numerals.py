"""Tell how two numbers differ."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

__all__ = ["NUMERIC", "is_constant", "number_rule", "read_number"]

NUMERIC: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
# Longer ones are compared as text: they are nobody's price, and slow to reckon with.
LONGEST: Final = 60
NOISE: Final = Decimal("1e-6")
# A REAL read as a double has 16 digits or so, a number that somebody wrote has fewer.
NOISY_DIGITS: Final = 10
SCALES: Final = frozenset(Decimal(10) ** power for power in range(-6, 7)) - {Decimal(1)}


def is_constant(text: str) -> bool:
    """Return whether *text* is NaN or an infinity."""
    return text in {"NaN", "Infinity", "-Infinity"}


def read_number(text: str) -> Decimal | None:
    """Return the number that *text* is, or None."""
    return Decimal(text) if len(text) <= LONGEST and NUMERIC.fullmatch(text) else None


def number_rule(control: Decimal, candidate: Decimal) -> str:
    """Return the rule for two numbers that are not written alike."""
    gap = abs(control - candidate)
    places = _places(control), _places(candidate)
    whole = max(places) == 0
    rules = (
        (gap == 0, "json.decimal.digits"),
        (control == -candidate, "json.number_sign"),
        (_is_noise(control, candidate, gap), "json.float_noise"),
        (whole and candidate == -1 and control >= 0, "json.rowcount"),
        (whole and gap == 1, "json.off_by_one"),
        (not whole and gap <= Decimal(1).scaleb(-min(places)), "json.rounding"),
        (control and candidate and candidate / control in SCALES, "json.number_scale"),
    )
    return next((rule for holds, rule in rules if holds), "json.value")


def _is_noise(control: Decimal, candidate: Decimal, gap: Decimal) -> bool:
    digits = max(len(control.as_tuple().digits), len(candidate.as_tuple().digits))
    return digits >= NOISY_DIGITS and _places_differ(control, candidate) and gap <= NOISE * abs(control)


def _places_differ(control: Decimal, candidate: Decimal) -> bool:
    places = _places(control), _places(candidate)
    return max(places) > 0 and (places[0] != places[1] or min(places) >= NOISY_DIGITS)


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
