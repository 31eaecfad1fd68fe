"""Where evidence is kept, so that what every process has seen adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.evidence.counts import Counts, Tally

__all__ = ["Batch", "CounterKey", "Document", "EvidenceStore"]


class CounterKey(NamedTuple):
    """
    One counter in one window of time.

    Attributes:
        tally: What it belongs to.
        window: When its window began, in seconds since 1970.
        counter: Its name.
    """

    tally: Tally
    window: int
    counter: str


@dataclass(frozen=True, slots=True)
class Batch:
    """
    What one process has counted since its last batch.

    Attributes:
        process: Names the process; no two have the same.
        number: Of the batch in its process, from 1. A batch that is added again, because nobody knows whether it was, counts once.
        counters: How much each counter has grown.
    """

    process: str
    number: int
    counters: Mapping[CounterKey, int]


@dataclass(frozen=True, slots=True)
class Document:
    """
    A promotion or a roll-back, as JSON.

    Attributes:
        id: Names it; no two have the same.
        kind: ``certificate``, ``rollback``, or ``intent``: the certificate of a promotion that is under way.
        operation: Name of the operation.
        at: When, in seconds since 1970.
        content: What JSON can hold.
    """

    id: str
    kind: str
    operation: str
    at: float
    content: Mapping[str, Any]


class EvidenceStore(Protocol):
    """Adds up counts and keeps documents. Used from one event loop at a time."""

    async def add(self, batch: Batch) -> None:
        """
        Add *batch*, wholly or not at all.

        Raises:
            EvidenceRefused: Nothing of it was added, and it never will be; parts of it may be, as batches of their own.
            EvidenceStoreUnavailable: The store cannot be reached, or did not answer in time; the same batch may be added again.
        """

    async def read(self, operation: str | None = None, *, since: float | None = None) -> Mapping[Tally, Counts]:
        """
        Return what was counted.

        Args:
            operation: One operation; None is every one.
            since: Only windows that began then or later, in seconds since 1970; None is everything there ever was.

        Raises:
            EvidenceStoreUnavailable: The store cannot be reached.
        """

    async def prune(self, *, windows_before: float, totals_before: float) -> None:
        """
        Forget windows that began, and totals that have not grown, since the given seconds since 1970. Documents stay.

        Raises:
            EvidenceStoreUnavailable: The store cannot be reached.
        """

    async def keep(self, document: Document) -> None:
        """
        Keep *document*, in place of the one with its id, if there is one.

        Raises:
            EvidenceStoreUnavailable: The store cannot be reached.
        """

    async def discard(self, document: Document) -> None:
        """
        Forget *document*, because what it says did not come about.

        Raises:
            EvidenceStoreUnavailable: The store cannot be reached.
        """

    async def documents(self, kind: str, operation: str | None = None, *, limit: int = 100) -> Sequence[Document]:
        """
        Return the newest *limit* documents of a kind, newest first, of one operation or of all.

        Raises:
            EvidenceStoreUnavailable: The store cannot be reached.
        """

    async def close(self) -> None:
        """Let go of connections; the next use opens them again."""
