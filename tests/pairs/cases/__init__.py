"""The cases, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pairs.cases import (
    collections,
    errors,
    integers,
    numerics,
    objects,
    scalars,
    sessions,
    statements,
    texts,
    times,
)

if TYPE_CHECKING:
    from tests.pairs.case import Case

__all__ = ["CASES"]

CASES: tuple[Case, ...] = (
    *integers.CASES,
    *numerics.CASES,
    *texts.CASES,
    *times.CASES,
    *scalars.CASES,
    *collections.CASES,
    *statements.CASES,
    *objects.CASES,
    *sessions.CASES,
    *errors.CASES,
)
