"""Run synchronous code off the event loop, on a bounded number of worker threads."""

from bridge.offload.call import offload, refuse_async
from bridge.offload.capacity import Capacity, CapacityStatistics
from bridge.offload.finish import finish

__all__ = ["Capacity", "CapacityStatistics", "finish", "offload", "refuse_async"]
