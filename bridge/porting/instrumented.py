"""All three instruments at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from bridge.porting.findings import Report
from bridge.porting.guard import guarded
from bridge.porting.listening import always
from bridge.porting.probe import probed
from bridge.porting.values import values_checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from bridge.porting.guard import OnFinding

__all__ = ["instrumented"]


@contextmanager
def instrumented(
    *engines: Engine,
    on_finding: OnFinding = "report",
    expire_on_commit: bool | None = False,
    report: Report | None = None,
    active: Callable[[], bool] = always,
) -> Iterator[Report]:
    """
    Use `guarded`, `probed` and `values_checked` together, with one report.

    Args:
        engines: Look only at these; by default at every synchronous engine.
        on_finding: What the guard does; the other two only report.
        expire_on_commit: What the `AsyncSession` of the port will have; None for what each session has.
        report: Where findings go; by default a new report.
        active: Asked for each statement whether to look at it.

    Raises:
        LazyLoadUnderGuard: From the line in question, when *on_finding* is ``raise``.
    """
    shared = report if report is not None else Report()
    with (
        probed(*engines, report=shared, active=active),
        values_checked(*engines, report=shared, active=active),
        guarded(*engines, on_finding=on_finding, expire_on_commit=expire_on_commit, report=shared, active=active),
    ):
        yield shared
