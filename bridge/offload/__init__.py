"""Run synchronous code off the event loop, on a bounded number of worker threads."""

from bridge.offload.call import offload
from bridge.offload.capacity import Capacity
from bridge.offload.finish import finish, settled
from bridge.offload.forking import call_in_forked_child
from bridge.offload.from_thread import from_thread
from bridge.offload.refusal import check_callable, name_of
from bridge.offload.statistics import CapacityStatistics, Histogram, StuckCall
from bridge.offload.stopper import arm, disarm, guard, raise_if_stopped, spare, stoppable
from bridge.offload.waiting import wait_at_most

__all__ = [
    "Capacity",
    "CapacityStatistics",
    "Histogram",
    "StuckCall",
    "arm",
    "call_in_forked_child",
    "check_callable",
    "disarm",
    "finish",
    "from_thread",
    "guard",
    "name_of",
    "offload",
    "raise_if_stopped",
    "settled",
    "spare",
    "stoppable",
    "wait_at_most",
]
