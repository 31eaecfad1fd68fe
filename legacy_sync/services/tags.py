"""Tags by name."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legacy_sync.models import Tag


def tags_named(session: Session, names: Iterable[str]) -> list[Tag]:
    """Return the tags with these names, creating those that do not exist; repeated names count once."""
    wanted = set(names)
    known = {tag.name: tag for tag in session.query(Tag).filter(Tag.name.in_(wanted))}
    # Sorted, so that two transactions creating the same tags cannot wait for each other.
    for name in sorted(wanted - known.keys()):
        known[name] = _create_tag(session, name)
    return [known[name] for name in sorted(wanted)]


def _create_tag(session: Session, name: str) -> Tag:
    tag = Tag(name=name)
    try:
        with session.begin_nested():
            session.add(tag)
    except IntegrityError:
        # Another transaction has committed the same tag since the query.
        return session.scalars(select(Tag).where(Tag.name == name)).one()
    return tag
