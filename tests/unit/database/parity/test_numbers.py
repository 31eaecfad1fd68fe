"""PostgreSQL's binary numbers, without PostgreSQL."""

from __future__ import annotations

import math
import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.database.parity.numbers import decode_numeric, decode_real, encode_numeric, encode_real

FINITE = st.decimals(allow_nan=False, allow_infinity=False, min_value=Decimal("-1e60"), max_value=Decimal("1e60"))


@given(FINITE)
def test_a_numeric_comes_back_with_all_its_digits(number: Decimal) -> None:
    read = decode_numeric(encode_numeric(number))
    assert read == number
    # PostgreSQL keeps the digits after the point and no exponent above 0; it has no negative zero.
    assert read.as_tuple().exponent == min(0, int(number.as_tuple().exponent))
    assert repr(read) == repr(Decimal(f"{number or abs(number):f}"))


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e60, max_value=1e60))
def test_a_float_is_sent_as_its_shortest_text(number: float) -> None:
    assert decode_numeric(encode_numeric(number)) == Decimal(repr(number))


@pytest.mark.parametrize(
    ("given_", "read"), [("NaN", "NaN"), ("sNaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "-Infinity")]
)
def test_what_is_no_number_comes_back(given_: str, read: str) -> None:
    assert str(decode_numeric(encode_numeric(Decimal(given_)))) == read


@pytest.mark.parametrize("number", [5, "5", 5.0, Decimal(5)])
def test_numbers_of_several_types_are_sent(number: object) -> None:
    assert decode_numeric(encode_numeric(number)) == 5


@pytest.mark.parametrize(
    ("value", "error"),
    [(None, TypeError), ([], TypeError), ("five", ArithmeticError), (Decimal("1e-20000"), ValueError)],
)
def test_what_cannot_be_sent_is_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        encode_numeric(value)


@given(st.binary(min_size=4, max_size=4))
def test_a_real_is_read_as_the_shortest_float_that_stands_for_it(data: bytes) -> None:
    (exact,) = struct.unpack(">f", data)
    read = decode_real(data)
    if math.isnan(exact):
        assert math.isnan(read)
    else:
        assert encode_real(read) == data
        assert len(repr(read)) <= len(repr(exact))
