"""Input models: what clients may send."""

from legacy_sync.schemas.auth import Login
from legacy_sync.schemas.posts import PostCreate, PostSearch, PostUpdate
from legacy_sync.schemas.users import SignUp, StatsQuery, UserBatch, UserCreate, UserIds, UserSearch, UserUpdate

__all__ = [
    "Login",
    "PostCreate",
    "PostSearch",
    "PostUpdate",
    "SignUp",
    "StatsQuery",
    "UserBatch",
    "UserCreate",
    "UserIds",
    "UserSearch",
    "UserUpdate",
]
