"""What the caller of a finished job gets."""

from __future__ import annotations

from asyncio import CancelledError
from typing import TYPE_CHECKING, Any, Final, NoReturn

from bridge.errors import DeadlineExceeded, StopIterationEscaped, WorkerExit
from bridge.offload.portal import PORTAL
from bridge.offload.refusal import LAZY_TYPES, name_of, refuse_lazy

if TYPE_CHECKING:
    from contextvars import Context

    from bridge.offload.job import Job

__all__ = ["finish_unusual"]

EXITS: Final = (KeyboardInterrupt, SystemExit, GeneratorExit, CancelledError)


def finish_unusual(job: Job, deadline: float | None, *, write_back: bool) -> None:
    """
    Do what a finished *job* needs besides handing its result over; raises instead of returning if it has none.

    Args:
        job: The call.
        deadline: Its deadline in seconds.
        write_back: Set the context variables it set for its caller too.
    """
    if job.error is not None or job.expired:
        _raise_error(job, deadline)
    if type(job.result) in LAZY_TYPES:
        refuse_lazy(job.fn, job.result)
    if write_back:
        _write_back(job.context)


def _raise_error(job: Job, deadline: float | None) -> NoReturn:
    """
    Raise what the function of *job* raised.

    Args:
        job: A finished call that has no result for its caller.
        deadline: Its deadline in seconds.

    Raises:
        DeadlineExceeded: The deadline passed while it ran.
        StopIterationEscaped: It raised StopIteration.
        WorkerExit: It raised what would stop the event loop, or look like a cancellation that nobody asked for.
        BaseException: Whatever else it raised, with the traceback of the worker.
    """
    if job.expired:
        _raise_expired(job, deadline or 0.0)
    error, job.error = job.error, None
    try:
        assert error is not None  # noqa: S101  for the type checker
        if isinstance(error, StopIteration):
            msg = f"{name_of(job.fn)} raised StopIteration: catch it there, or give next() a default"
            raise StopIterationEscaped(msg) from error
        if isinstance(error, EXITS):
            msg = f"{name_of(job.fn)} raised {type(error).__name__}({error}) on a worker thread, where it ends nothing but the call"
            raise WorkerExit(msg) from error
        raise error
    finally:
        del error  # its traceback refers to this frame: without the cycle both go at once


def _raise_expired(job: Job, deadline: float) -> NoReturn:
    error, job.error = job.error, None
    how = "had finished by then all the same: what it committed is committed" if error is None else "was stopped"
    expired = DeadlineExceeded(
        f"{name_of(job.fn)} ran past its deadline of {deadline:g} s and {how}; raise the deadline, or make it faster"
    )
    expired.completed = error is None
    try:
        raise expired from error
    finally:
        del error, expired


def _write_back(context: Context) -> None:
    """Set in the current context what differs in *context*."""
    for variable, value in context.items():
        if variable is PORTAL:
            continue
        try:
            same = variable.get() is value
        except LookupError:
            same = False
        if not same:
            _set(variable, value)


def _set(variable: Any, value: Any) -> None:
    variable.set(value)
