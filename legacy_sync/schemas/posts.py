"""Inputs about posts."""

from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, field_validator, model_validator

from legacy_sync.models import PostStatus
from legacy_sync.schemas.fields import (
    Body,
    Id,
    InputModel,
    Meta,
    PageNumber,
    PageSize,
    TagName,
    Title,
    refuse_null,
    require_change,
)

# The number of digits only keeps absurd scales such as 1E-20000, which NUMERIC cannot hold, out.
Rating = Annotated[Decimal, Field(ge=0, le=5, max_digits=100)]
TagNames = Annotated[list[TagName], Field(max_length=10)]


class PostCreate(InputModel):
    """A new draft; repeated tags count once."""

    title: Title
    body: Body
    tags: TagNames = Field(default_factory=list)
    rating: Rating | None = None
    meta: Meta = Field(default_factory=dict)


class PostUpdate(InputModel):
    """Changes to a post; fields left out stay as they are, ``rating: null`` removes the rating."""

    title: Title | None = None
    body: Body | None = None
    tags: TagNames | None = None
    rating: Rating | None = None
    meta: Meta | None = None

    _not_null = field_validator("title", "body", "tags", "meta", mode="before")(refuse_null)

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        require_change(self.changes())
        return self

    def changes(self) -> dict[str, Any]:
        """Return the new values by attribute name; ``tags`` are still names."""
        return self.model_dump(exclude_unset=True)


class PostSearch(InputModel):
    """Filter and page of the post list; filters combine with AND."""

    author: Id | None = None
    tag: TagName | None = None
    status: PostStatus | None = None
    page: PageNumber = 1
    size: PageSize = 20
