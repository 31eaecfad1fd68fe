"""A small Flask application, as a team may have it in production."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from sqlalchemy import DateTime, Engine, ForeignKey, Numeric
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, scoped_session, sessionmaker
from werkzeug.exceptions import NotFound


class Base(DeclarativeBase):
    """Base of the entities."""


class Review(Base):
    """What a customer wrote about an item."""

    __tablename__ = "reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    stars: Mapped[int]


class Item(Base):
    """Something to buy."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    listed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

    reviews: Mapped[list[Review]] = relationship(order_by=Review.id)


def find_item(session: Session, item_id: int) -> Item:
    """Load an item, or answer 404."""
    item = session.get(Item, item_id)
    if item is None:
        raise NotFound
    return item


def create_flask_app(engine: Engine) -> Flask:
    """Build the application over *engine*."""
    app = Flask("shop")
    sessions = scoped_session(sessionmaker(engine))

    @app.teardown_appcontext
    def remove_session(_error: BaseException | None) -> None:
        sessions.remove()

    @app.get("/items/<int:item_id>")
    def show_item(item_id: int) -> dict[str, Any]:
        item = find_item(sessions(), item_id)
        return {
            "id": item.id,
            "name": item.name,
            "price": item.price,
            "listed_at": item.listed_at,
            "reviews": [{"stars": review.stars} for review in item.reviews],
        }

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    return app


def fill(engine: Engine) -> None:
    """Create the tables and two items."""
    Base.metadata.create_all(engine)
    listed_at = datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=UTC)
    reviews = [Review(stars=5), Review(stars=3)]
    with Session(engine) as session:
        session.add(Item(name="Kaffeemühle", price=Decimal("49.90"), listed_at=listed_at, reviews=reviews))
        session.add(Item(name="Filter", price=Decimal("3.00"), listed_at=listed_at))
        session.commit()
