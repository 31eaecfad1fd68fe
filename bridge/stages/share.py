"""Which callers belong to a share of them: the same ones each time, and to every larger share too."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

__all__ = ["in_share"]

# A share has two decimals.
PARTS: Final = 10_000


def in_share(key: str, percent: float) -> bool:
    """
    Return whether *key* is in a share of *percent*. Equal in every process and release; a larger share holds all of a smaller one.

    Args:
        key: Names the caller.
        percent: Size of the share, 0 to 100 with at most two decimals.
    """
    digest = blake2b(key.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % PARTS < round(percent * PARTS / 100)
