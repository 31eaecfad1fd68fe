"""Posts and their tags."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, DateTime, ForeignKey, String, Table, Text, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from legacy_sync.models.base import Base, decimal_column, enum_column, json_column
from legacy_sync.models.enums import PostStatus
from legacy_sync.models.tag import Tag

post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Post(Base):
    """A text by one user. ``published_at`` is set when the status first leaves draft."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    status: Mapped[PostStatus] = mapped_column(enum_column(PostStatus, "status"), default=PostStatus.DRAFT)
    rating: Mapped[Decimal | None] = mapped_column(decimal_column())
    meta: Mapped[dict[str, Any]] = mapped_column(json_column(), default=dict)
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    tags: Mapped[list[Tag]] = relationship(secondary=post_tags, order_by=Tag.name, passive_deletes=True)
