"""Tags."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from legacy_sync.models.base import Base


class Tag(Base):
    """A label shared by posts; it stays when its last post goes."""

    __tablename__ = "tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
