"""Closed sets of values; the database stores the value, not the member name."""

from enum import StrEnum


class Role(StrEnum):
    """What a user may do; only ``ADMIN`` may change what belongs to others."""

    MEMBER = "member"
    EDITOR = "editor"
    ADMIN = "admin"


class PostStatus(StrEnum):
    """Where a post is in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"
