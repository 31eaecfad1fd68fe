"""Errors that services raise for callers to turn into responses."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

# Rules about a whole object, whose own message says more than the generic one.
OBJECT_RULES: Final = frozenset({"nothing_to_change"})
# What Pydantic calls a value that should have been an object; the second where it may also read attributes.
NOT_AN_OBJECT: Final = frozenset({"model_type", "model_attributes_type"})


class ServiceError(Exception):
    """A refusal with a machine-readable code, a message for people and an HTTP status."""

    def __init__(self, code: str, message: str, status: int, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details


class NotFound(ServiceError):
    """There is no such entity."""

    def __init__(self, entity: str) -> None:
        super().__init__("not_found", f"{entity} not found", 404)


class Conflict(ServiceError):
    """A unique value is in use already."""

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__("conflict", message, 409, details)

    @classmethod
    def taken(cls, field: str, value: str | None = None, row: int | None = None) -> Self:
        """``row`` is the 1-based position in a batch."""
        known = {"field": field, "value": value, "row": row}
        return cls(f"{field} is already taken", {key: item for key, item in known.items() if item is not None})


class StaleVersion(ServiceError):
    """The entity has changed since the client read it."""

    def __init__(self, current_version: int) -> None:
        message = "the record has been changed in the meantime"
        super().__init__("stale_version", message, 409, {"current_version": current_version})


class InvalidFields(ServiceError):
    """The input breaks the rules; ``details["fields"]`` maps dotted field names to messages."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("invalid_fields", "the input is not valid", 400, {"fields": dict(fields)})

    @classmethod
    def from_errors(cls, errors: Sequence[Mapping[str, Any]]) -> Self:
        """From Pydantic's error dictionaries; the first message for a field wins, input values are left out."""
        fields: dict[str, str] = {}
        for error in errors:
            name = ".".join(str(part) for part in error["loc"])
            fields.setdefault(name or "_", _message(error))
        return cls(fields)


class Unauthorized(ServiceError):
    """The caller is not known, or not any more."""

    def __init__(self, message: str = "login required") -> None:
        super().__init__("unauthorized", message, 401)


class Forbidden(ServiceError):
    """The caller is known but may not do this."""

    def __init__(self, message: str = "not allowed") -> None:
        super().__init__("forbidden", message, 403)


class InvalidState(ServiceError):
    """The entity's state does not allow the operation."""

    def __init__(self, message: str) -> None:
        super().__init__("invalid_state", message, 409)


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] in NOT_AN_OBJECT or (not error["loc"] and error["type"] not in OBJECT_RULES):
        return "expected a JSON object"
    return str(error["msg"])
