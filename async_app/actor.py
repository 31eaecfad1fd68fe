"""Who is logged in, by the Flask session cookie."""

from typing import Annotated

from fastapi import Depends

from bridge import FlaskSession
from legacy_sync.services.errors import Unauthorized

__all__ = ["ActorId"]


async def actor_id(session: FlaskSession) -> int:
    """Return the logged-in user's id, as the Flask views' ``login_required`` does. Raises Unauthorized."""
    if "user_id" not in session:
        raise Unauthorized
    user_id: int = session["user_id"]
    return user_id


ActorId = Annotated[int, Depends(actor_id)]
