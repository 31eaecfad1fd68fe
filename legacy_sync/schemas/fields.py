"""Field types and rules shared by the input models."""

import math
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from legacy_sync.models import MAX_ID

MAX_META_DEPTH: Final = 32
NUL: Final = "\x00"


class InputModel(BaseModel):
    """Base of all input models: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


def refuse_nul(text: str) -> str:
    """Return the text unless it contains NUL, which PostgreSQL cannot store."""
    if NUL in text:
        kind = "nul_character"
        raise PydanticCustomError(kind, "must not contain NUL characters")
    return text


def refuse_null(value: Any) -> Any:
    """Return the value unless it is None; for optional fields that may be left out but not set to null."""
    if value is None:
        kind = "null_not_allowed"
        raise PydanticCustomError(kind, "must not be null")
    return value


def require_change(changes: dict[str, Any]) -> None:
    """Refuse an update that changes nothing."""
    if not changes:
        kind = "nothing_to_change"
        raise PydanticCustomError(kind, "at least one field to change is required")


def refuse_unstorable(meta: dict[str, Any]) -> dict[str, Any]:
    """Return the object if JSONB can hold it and give it back."""
    pending: list[tuple[Any, int]] = [(meta, 1)]
    while pending:
        value, depth = pending.pop()
        if depth > MAX_META_DEPTH:
            kind = "too_deep"
            raise PydanticCustomError(kind, "must not be nested deeper than {limit} levels", {"limit": MAX_META_DEPTH})
        if isinstance(value, dict):
            pending.extend((part, depth + 1) for pair in value.items() for part in pair)
        elif isinstance(value, list):
            pending.extend((part, depth + 1) for part in value)
        elif not _is_storable(value):
            kind = "not_storable"
            raise PydanticCustomError(kind, "must not contain NUL characters, unpaired surrogates, NaN or infinity")
    return meta


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return NUL not in value and not any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, float) or math.isfinite(value)


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Username = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
Email = Annotated[
    str,
    # The first character is alphanumeric so that no address becomes a formula in a spreadsheet.
    StringConstraints(max_length=255, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.%+-]*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"),
]
TagName = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(refuse_nul)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(refuse_nul)]
Body = Annotated[str, StringConstraints(max_length=20_000), AfterValidator(refuse_nul)]
Keyword = Annotated[str, StringConstraints(max_length=100), AfterValidator(refuse_nul)]
Meta = Annotated[dict[str, Any], AfterValidator(refuse_unstorable)]
PageNumber = Annotated[int, Field(ge=1, le=10_000)]
PageSize = Annotated[int, Field(ge=1, le=100)]
