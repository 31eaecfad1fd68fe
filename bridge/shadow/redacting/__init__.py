"""Hide secrets before a check is stored or shown."""

from bridge.shadow.redacting.apply import redact
from bridge.shadow.redacting.settings import Redaction

__all__ = ["Redaction", "redact"]
