"""What the routes return; each is read from the mapped object itself, on either path."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field

from legacy_sync.models import PostStatus, Role

__all__ = [
    "Deactivated",
    "Items",
    "PageRead",
    "PostRead",
    "UserBatchRead",
    "UserDetail",
    "UserPostCountRead",
    "UserRead",
]

T = TypeVar("T")

# NUMERIC columns hold NaN and infinity, too; what is stored is shown, as under Flask.
StoredDecimal = Annotated[Decimal, Field(allow_inf_nan=True)]


def _tag_name(tag: Any) -> Any:
    return getattr(tag, "name", tag)


class PostRead(BaseModel):
    """A post with its tag names in alphabetical order."""

    id: int
    author_id: int
    title: str
    body: str
    status: PostStatus
    rating: StoredDecimal | None
    meta: Any
    published_at: datetime | None
    created_at: datetime
    tags: list[Annotated[str, BeforeValidator(_tag_name)]]


class UserRead(BaseModel):
    """A user without posts."""

    id: int
    public_id: UUID
    username: str
    email: str
    role: Role
    is_active: bool
    balance: StoredDecimal
    version: int
    created_at: datetime
    last_seen_at: datetime | None


class UserDetail(UserRead):
    """A user with all posts, oldest first."""

    posts: list[PostRead]


class PageRead(BaseModel, Generic[T]):
    """One page; ``total`` counts the items of all pages."""

    items: list[T]
    total: int
    page: int
    size: int


class UserPostCountRead(BaseModel):
    """One line of the user statistics."""

    user_id: int
    username: str
    post_count: int


class Items(BaseModel, Generic[T]):
    """A bounded list."""

    items: list[T]


class UserBatchRead(BaseModel):
    """The users a batch created, in the order given."""

    users: list[UserRead]
    count: int


class Deactivated(BaseModel):
    """How many users were deactivated."""

    deactivated: int
