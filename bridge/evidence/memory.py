"""Evidence of one process, for tests and for programs without a store."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from bridge.evidence.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.evidence.counts import Tally
    from bridge.evidence.store import Batch, Document

__all__ = ["MemoryEvidence"]


class MemoryEvidence:
    """Keeps evidence for as long as the process runs. Shared by every `Evidence` that is given it."""

    def __init__(self) -> None:
        self._windows: dict[int, dict[Tally, dict[str, int]]] = {}
        self._totals: dict[Tally, dict[str, int]] = {}
        self._grown_at: dict[Tally, int] = {}
        self._last: dict[str, int] = {}
        self._documents: dict[str, Document] = {}

    def __repr__(self) -> str:
        return "MemoryEvidence()"

    async def add(self, batch: Batch) -> None:
        """Add *batch* to the windows and to the totals."""
        if self._last.get(batch.process, 0) >= batch.number:
            return
        self._last[batch.process] = batch.number
        for (tally, window, counter), amount in batch.counters.items():
            in_window = self._windows.setdefault(window, {}).setdefault(tally, defaultdict(int))
            in_window[counter] += amount
            self._totals.setdefault(tally, defaultdict(int))[counter] += amount
            self._grown_at[tally] = max(window, self._grown_at.get(tally, 0))

    async def read(self, operation: str | None = None, *, since: float | None = None) -> Mapping[Tally, Counts]:
        """Return what was counted."""
        sources = [self._totals] if since is None else [each for at, each in self._windows.items() if at >= since]
        found: dict[Tally, list[Counts]] = {}
        for source in sources:
            for tally, counters in source.items():
                if operation in {None, tally.operation}:
                    found.setdefault(tally, []).append(Counts.of(counters))
        return {tally: Counts.total(several) for tally, several in found.items()}

    async def prune(self, *, windows_before: float, totals_before: float) -> None:
        """Forget old windows and totals."""
        self._windows = {at: each for at, each in self._windows.items() if at >= windows_before}
        self._totals = {tally: each for tally, each in self._totals.items() if self._grown_at[tally] >= totals_before}

    async def keep(self, document: Document) -> None:
        """Keep *document*, in place of the one with its id."""
        self._documents[document.id] = document

    async def discard(self, document: Document) -> None:
        """Forget *document*."""
        self._documents.pop(document.id, None)

    async def documents(self, kind: str, operation: str | None = None, *, limit: int = 100) -> Sequence[Document]:
        """Return the newest *limit* documents of a kind, newest first."""
        found = [
            each
            for each in reversed(self._documents.values())
            if each.kind == kind and operation in {None, each.operation}
        ]
        return found[:limit]

    async def close(self) -> None:
        """Do nothing: what is in memory needs no closing."""
