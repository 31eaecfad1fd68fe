"""Numbers in PostgreSQL's binary format, read as their text would be."""

from __future__ import annotations

import struct
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["decode_numeric", "decode_real", "encode_numeric", "encode_real"]

# numeric_send: digits of base 10,000, the power of the first, the sign, the digits after the point.
HEADER: Final = struct.Struct(">hhHH")
REAL: Final = struct.Struct(">f")
BASE: Final = 10_000
DIGITS: Final = 4
NEGATIVE: Final = 0x4000
NAN: Final = 0xC000
INFINITY: Final = 0xD000
NEGATIVE_INFINITY: Final = 0xF000
SPECIAL: Final = {NAN: Decimal("NaN"), INFINITY: Decimal("Infinity"), NEGATIVE_INFINITY: Decimal("-Infinity")}
EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
MOST_SCALE: Final = 0x3FFF
# Six digits always survive being a float4, and nine tell any two apart; below the smallest normal one, fewer survive.
REAL_DIGITS: Final = range(6, 10)
TINY_DIGITS: Final = range(1, 10)
SMALLEST_NORMAL: Final = 2.0**-126
MANTISSA: Final = 0x7FFFFF


# Prices and quantities repeat: a hit costs a tenth of the conversion. One megabyte at most, for values of usual length.
@lru_cache(maxsize=4096)
def decode_numeric(data: bytes) -> Decimal:
    """Return what `decimal.Decimal` makes of the value's text: 20000, where asyncpg's own reading is 2E+4."""
    count, weight, sign, scale = HEADER.unpack_from(data)
    if sign in SPECIAL:
        return SPECIAL[sign]
    value = 0
    for digit in struct.unpack_from(f">{count}H", data, HEADER.size):
        value = value * BASE + digit
    shift = (weight - count + 1) * DIGITS + scale
    value = value * 10**shift if shift >= 0 else value // 10**-shift
    number = Decimal(-value if sign == NEGATIVE else value)
    return EXACT.scaleb(number, -scale) if scale else number


def encode_numeric(value: object) -> bytes:
    """
    Return *value* as PostgreSQL reads its shortest text, so that the float 1.005 rounds up.

    Raises:
        TypeError: It is no number.
        ValueError: It is no number's text, or has more digits than PostgreSQL allows.
    """
    number = value if isinstance(value, Decimal) else _decimal(value)
    if not number.is_finite():
        code = NAN if number.is_nan() else NEGATIVE_INFINITY if number < 0 else INFINITY
        return HEADER.pack(0, 0, code, 0)
    _, minus, text = f"{number:f}".rpartition("-")
    whole, _, fraction = text.partition(".")
    if len(fraction) > MOST_SCALE:
        msg = f"{len(fraction)} digits after the point are more than the {MOST_SCALE} that PostgreSQL allows"
        raise ValueError(msg)
    # Digits of base 10,000 are counted from the point, on both sides of it.
    left, right = -(-len(whole) // DIGITS), -(-len(fraction) // DIGITS)
    padded = whole.rjust(left * DIGITS, "0") + fraction.ljust(right * DIGITS, "0")
    digits = [int(padded[start : start + DIGITS]) for start in range(0, len(padded), DIGITS)]
    code = NEGATIVE if minus else 0
    return struct.pack(f">hhHH{len(digits)}H", len(digits), left - 1, code, len(fraction), *digits)


def _decimal(value: object) -> Decimal:
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int | str):
        return Decimal(value)
    msg = f"a number is required, not {type(value).__name__}"
    raise TypeError(msg)


@lru_cache(maxsize=1024)
def decode_real(data: bytes) -> float:
    """Return the shortest float that stands for the same real: 1.1, where asyncpg's own reading is 1.100000023841858."""
    (value,) = REAL.unpack(data)
    for digits in TINY_DIGITS if abs(value) < SMALLEST_NORMAL else REAL_DIGITS:
        for shortest in _shown(value, digits, data):
            try:
                if REAL.pack(shortest) == data:
                    return shortest
            except OverflowError:  # rounded up past the largest real
                continue
    return float(value)


def _shown(value: float, digits: int, data: bytes) -> Iterator[float]:
    yield float(f"{value:.{digits}g}")
    # The reals above a power of two lie twice as far apart as those below, so the next text up may stand for it, too.
    if not int.from_bytes(data) & MANTISSA:
        whole, _, exponent = f"{value:.{digits - 1}e}".replace(".", "").partition("e")
        yield float(f"{int(whole) + (1 if value > 0 else -1)}e{int(exponent) - digits + 1}")


def encode_real(value: float) -> bytes:
    """
    Return *value* as a real.

    Raises:
        OverflowError: It is larger than a real can be.
        struct.error: It is no number.
    """
    return REAL.pack(value)
