"""Loading entities by primary key."""

from typing import TypeVar

from sqlalchemy.orm import Session

from legacy_sync.models import MAX_ID, Base

E = TypeVar("E", bound=Base)


def find_by_id(session: Session, entity: type[E], entity_id: int) -> E | None:
    """Load an entity by its primary key; None when there is no such row."""
    # No row can have a larger id, and not every driver accepts a larger parameter.
    if entity_id > MAX_ID:
        return None
    return session.get(entity, entity_id)
