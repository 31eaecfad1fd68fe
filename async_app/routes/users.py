"""Users: every operation is bridged and ported; the stage picks the path."""

from typing import Any

from async_app.native import user_commands, user_queries
from async_app.schemas import Deactivated, Items, PageRead, UserBatchRead, UserDetail, UserPostCountRead, UserRead
from bridge import Bridge, BridgeRouter, FlaskCompat
from legacy_sync.models import User
from legacy_sync.services import users as legacy

__all__ = ["users_router"]


def users_router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    """Declare the operations on users."""
    users = bridge.router(prefix="/users", tags=["users"], compat=compat)

    users.post("", status_code=201, legacy=legacy.create_user, response_model=UserRead, headers=_location)(
        user_commands.create_user
    )
    users.get("", legacy=legacy.list_users, response_model=PageRead[UserRead])(user_queries.list_users)
    users.get("/stats", legacy=legacy.user_stats, response_model=Items[UserPostCountRead], present=_items)(
        user_queries.user_stats
    )
    users.get("/{user_id:flask_int}", legacy=legacy.get_user, response_model=UserDetail)(user_queries.get_user)
    users.patch("/{user_id:flask_int}", legacy=legacy.update_user, response_model=UserRead)(user_commands.update_user)
    users.delete("/{user_id:flask_int}", status_code=204, legacy=legacy.delete_user)(user_commands.delete_user)
    users.post("/bulk", status_code=201, legacy=legacy.create_users, response_model=UserBatchRead, present=_batch)(
        user_commands.create_users
    )
    users.post("/deactivate", legacy=legacy.deactivate_users, response_model=Deactivated, present=_deactivated)(
        user_commands.deactivate_users
    )
    return users


def _location(user: User) -> dict[str, str]:
    return {"Location": f"/users/{user.id}"}


def _items(items: list[Any]) -> dict[str, Any]:
    return {"items": items}


def _batch(created: list[User]) -> dict[str, Any]:
    return {"users": created, "count": len(created)}


def _deactivated(count: int) -> dict[str, int]:
    return {"deactivated": count}
