"""What is compared, and what is excused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.errors import InvalidShadowSetting

if TYPE_CHECKING:
    from bridge.shadow.comparing.ignore import Ignore

__all__ = ["COMPARED_HEADERS", "CompareOptions"]

# Headers that a client acts on. The others name the server or the moment, or follow from the body.
COMPARED_HEADERS: Final = (
    "content-type",
    "content-disposition",
    "location",
    "allow",
    "cache-control",
    "vary",
    "www-authenticate",
    "retry-after",
    "set-cookie",
)
DEEPEST: Final = 200


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """
    How two exchanges are compared.

    Attributes:
        headers: Response headers that are compared, in lower case; ``set-cookie`` by name and attributes, and by value unless
            it is signed or random.
        ignore: What is excused.
        limit: Differences kept of one check, those that matter most first; the others are counted.
        depth: Levels of a JSON document that are looked at one by one; what lies deeper is compared as a whole.
    """

    headers: tuple[str, ...] = COMPARED_HEADERS
    ignore: tuple[Ignore, ...] = ()
    limit: int = 50
    depth: int = 64

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidShadowSetting: A header is not in lower case, or a number is out of its range.
        """
        if isinstance(self.headers, str) or any(name != name.lower() or not name for name in self.headers):
            msg = f"CompareOptions(headers={self.headers!r}): give a tuple of names in lower case"
            raise InvalidShadowSetting(msg)
        if self.limit < 1:
            msg = f"CompareOptions(limit={self.limit}): keep at least 1 difference of a check"
            raise InvalidShadowSetting(msg)
        if not 1 <= self.depth <= DEEPEST:
            msg = f"CompareOptions(depth={self.depth}): give 1 to {DEEPEST} levels"
            raise InvalidShadowSetting(msg)
