"""The operations that have left Flask."""

from async_app.routes.auth import auth_router
from async_app.routes.posts import posts_router
from async_app.routes.users import users_router

__all__ = ["auth_router", "posts_router", "users_router"]
