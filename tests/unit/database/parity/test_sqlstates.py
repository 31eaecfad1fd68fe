"""Our table says what psycopg2 says."""

from __future__ import annotations

import pytest
from psycopg2 import errorcodes, errors

from bridge.database.parity.sqlstates import error_class_name

BASES = {
    "OperationalError", "IntegrityError", "DataError", "InternalError", "ProgrammingError", "NotSupportedError", "DatabaseError"
}  # fmt: skip


def psycopg2_states() -> dict[str, str]:
    """Return the class of PEP 249 for each SQLSTATE that psycopg2 has a class for."""
    found = {}
    for state in {value for value in vars(errorcodes).values() if isinstance(value, str) and len(value) == 5}:
        try:
            kind = errors.lookup(state)
        except KeyError:
            continue
        found[state] = next(base.__name__ for base in kind.__mro__ if base.__name__ in BASES)
    return found


STATES = psycopg2_states()


def test_there_is_something_to_compare() -> None:
    assert len(STATES) > 200


@pytest.mark.parametrize("state", sorted(STATES))
def test_a_state_has_psycopg2s_class(state: str) -> None:
    assert error_class_name(state) == STATES[state]


def test_a_state_that_nobody_knows_has_the_class_of_its_group() -> None:
    assert error_class_name("22ABC") == "DataError"
    assert error_class_name("ZZ999") == "DatabaseError"
    assert error_class_name("") == "DatabaseError"
