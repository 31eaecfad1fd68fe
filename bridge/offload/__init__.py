"""Run synchronous code off the event loop, on a bounded number of worker threads."""

from bridge.offload.call import offload, refuse_async
from bridge.offload.capacity import Capacity, CapacityStatistics

__all__ = ["Capacity", "CapacityStatistics", "offload", "refuse_async"]
