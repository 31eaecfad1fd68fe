"""Give values that must differ between two runs one name, so that everything else can be compared exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from uuid import UUID

__all__ = ["Canonical"]

UUID_TEXT: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HTTP_DATE: Final = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT")
ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?")
PASSWORD_HASH: Final = re.compile(r"\$argon2[^\s\"]+")
# HTTP dates have whole seconds, so one may lie up to a second before the run began.
TOLERANCE: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Canonical:
    """
    Replaces what a run made up: random UUIDs, salted password hashes, and times that lie within the run.

    Values that stood in the database before are left as they are.

    Attributes:
        known: Text of every UUID and password hash that existed before the run.
        started: When the run began.
        finished: When it ended.
    """

    known: frozenset[str]
    started: datetime
    finished: datetime

    @staticmethod
    def known_in(state: Mapping[str, list[dict[str, Any]]]) -> frozenset[str]:
        """Return the UUIDs and password hashes that *state* holds."""
        values = (value for rows in state.values() for row in rows for value in row.values())
        return frozenset(str(value) for value in values if isinstance(value, UUID) or PASSWORD_HASH.match(str(value)))

    def value(self, value: Any) -> Any:
        """Return *value*, a plain Python structure, with every made-up part named."""
        if isinstance(value, Mapping):
            return {key: self.value(member) for key, member in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(member) for member in value]
        if isinstance(value, datetime):
            return "<now>" if self._is_now(value) else value
        if isinstance(value, UUID):
            return value if str(value) in self.known else "<uuid>"
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Return *text* with every made-up part named."""
        text = UUID_TEXT.sub(lambda found: found[0] if found[0] in self.known else "<uuid>", text)
        text = PASSWORD_HASH.sub(lambda found: found[0] if found[0] in self.known else "<password hash>", text)
        text = HTTP_DATE.sub(
            lambda found: "<now>" if self._is_text_now(found[0], parsedate_to_datetime) else found[0], text
        )
        return ISO_DATE.sub(
            lambda found: "<now>" if self._is_text_now(found[0], datetime.fromisoformat) else found[0], text
        )

    def _is_text_now(self, text: str, read: Callable[[str], datetime]) -> bool:
        try:
            return self._is_now(read(text))
        except ValueError:
            return False  # looks like a date, such as 2024-13-01T00:00:00, and is none

    def _is_now(self, moment: datetime) -> bool:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return self.started - TOLERANCE <= aware <= self.finished + TOLERANCE
