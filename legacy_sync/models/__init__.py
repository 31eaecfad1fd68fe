"""Database entities."""

from legacy_sync.models.base import MAX_ID, Base
from legacy_sync.models.enums import PostStatus, Role
from legacy_sync.models.post import Post, post_tags
from legacy_sync.models.tag import Tag
from legacy_sync.models.user import User

__all__ = ["MAX_ID", "Base", "Post", "PostStatus", "Role", "Tag", "User", "post_tags"]
