"""What the routes of the shop return; each is read from the mapped object itself."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel


class ReviewRead(BaseModel):
    """A review, as the response shows it."""

    stars: int


class ItemRead(BaseModel):
    """An item, as the response shows it."""

    id: int
    name: str
    price: Decimal
    listed_at: datetime
    reviews: list[ReviewRead]
