"""The cases, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.pairs.cases import (
    batches,
    collections,
    cursors,
    errors,
    integers,
    locks,
    numerics,
    objects,
    scalars,
    statements,
    texts,
    times,
    transactions,
    writes,
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
    *writes.CASES,
    *objects.CASES,
    *batches.CASES,
    *cursors.CASES,
    *transactions.CASES,
    *locks.CASES,
    *errors.CASES,
)
