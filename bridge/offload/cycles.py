"""Notice that nobody can ever go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import CallCycle
from bridge.offload.refusal import name_of

if TYPE_CHECKING:
    from bridge.offload.job import Job
    from bridge.offload.portal import Portal

__all__ = ["refuse_cycle"]


def refuse_cycle(job: Job, portal: Portal) -> None:
    """
    Refuse *job*, called through *portal* and in line for a token, if every holder waits for calls that wait for each other.

    Two capacities are needed for that, as a nested call uses the token its caller has: one call holds the only token of A and
    waits for B, another holds the only one of B and waits for A.

    Raises:
        CallCycle: Nobody could ever go on.
    """
    if job.waiting and not _can_move(job, set()) and job.admission.leave(job):
        msg = (
            f"{name_of(job.fn)}, called from {name_of(portal.job.fn)}, waits for a token whose holders all wait for "
            "calls that come after it: use one capacity for both, or offload the inner call before the outer one"
        )
        raise CallCycle(msg)


def _can_move(job: Job, seen: set[Job]) -> bool:
    """Return whether *job* leads to one that runs and waits for no nested call: that one will end some time."""
    if job in seen:
        return False
    seen.add(job)
    if job.waiting:
        holders = job.admission.running()
        # With fewer holders than tokens, a thread is about to take a job from the line.
        return len(holders) < job.admission.tokens or any(_can_move(holder, seen) for holder in holders)
    if job.inner is None or not job.inner.nested:
        return True
    return any(_can_move(nested, seen) for nested in job.inner.nested)
