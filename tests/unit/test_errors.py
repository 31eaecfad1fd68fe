"""The errors: one base, distinct codes."""

from __future__ import annotations

import pytest

import bridge.errors
from bridge.errors import BridgeError, ConfigurationError, ParityMismatch, RequestRejected, Unavailable, UsageError

BRANCHES = (ConfigurationError, UsageError, RequestRejected, Unavailable, ParityMismatch)
ERRORS = [getattr(bridge.errors, name) for name in bridge.errors.__all__]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_has_the_one_base_and_shows_its_code(error: type[BridgeError]) -> None:
    assert issubclass(error, BridgeError)
    assert str(error("what happened")) == f"what happened [{error.code}]"


@pytest.mark.parametrize("error", [error for error in ERRORS if error is not BridgeError])
def test_every_error_says_who_has_to_act(error: type[BridgeError]) -> None:
    assert sum(issubclass(error, branch) for branch in BRANCHES) == 1


def test_a_parity_mismatch_is_an_assertion_error() -> None:
    assert issubclass(ParityMismatch, AssertionError)
