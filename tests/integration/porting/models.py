"""Mapped classes with every way of loading on touch that SQLAlchemy has."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - read when the classes are mapped
from typing import TYPE_CHECKING

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Table, func, select
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    Session,
    WriteOnlyMapped,
    column_property,
    deferred,
    mapped_column,
    relationship,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["Account", "Base", "Book", "Country", "Event", "Genre", "Manager", "Person", "Writer", "fill"]


class Base(DeclarativeBase):
    pass


book_genres = Table(
    "book_genres",
    Base.metadata,
    Column("book_id", ForeignKey("book.id"), primary_key=True),
    Column("genre_id", ForeignKey("genre.id"), primary_key=True),
)


class Country(Base):
    __tablename__ = "country"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Account(Base):
    __tablename__ = "account"
    id: Mapped[int] = mapped_column(primary_key=True)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writer.id"))
    iban: Mapped[str]


class Genre(Base):
    __tablename__ = "genre"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    pages: Mapped[int] = mapped_column(default=100)
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("writer.id"))
    writer: Mapped[Writer | None] = relationship(back_populates="books")
    genres: Mapped[list[Genre]] = relationship(secondary=book_genres)


class Writer(Base):
    __tablename__ = "writer"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    biography: Mapped[str | None] = deferred(mapped_column(String), group="long")
    photo: Mapped[str | None] = deferred(mapped_column(String), group="long")
    country_id: Mapped[int | None] = mapped_column(ForeignKey("country.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    updated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), onupdate=func.now())
    visits: Mapped[int] = mapped_column(default=0)

    books: Mapped[list[Book]] = relationship(back_populates="writer", order_by=Book.id, cascade="all, delete-orphan")
    account: Mapped[Account | None] = relationship(uselist=False)
    country: Mapped[Country | None] = relationship()
    eager_books: Mapped[list[Book]] = relationship(lazy="selectin", viewonly=True, order_by=Book.id)
    written: WriteOnlyMapped[Book] = relationship(viewonly=True)
    shelf: DynamicMapped[Book] = relationship(viewonly=True, order_by=Book.id)

    titles: AssociationProxy[list[str]] = association_proxy("books", "title")
    book_count: Mapped[int] = column_property(
        select(func.count(Book.id))
        .where(Book.writer_id == id)  # noqa: A003  its name is the column's
        .correlate_except(Book)
        .scalar_subquery(),
        deferred=True,
    )

    @hybrid_property
    def has_books(self) -> bool:
        return bool(self.books)


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}  # noqa: RUF012  SQLAlchemy's form


class Manager(Person):
    __tablename__ = "manager"
    id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    budget: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "manager"}  # noqa: RUF012  SQLAlchemy's form


class Event(Base):
    """Fills what the database makes at once, which PostgreSQL does with RETURNING."""

    __tablename__ = "event"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str]
    changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True), onupdate=func.now())
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  SQLAlchemy's form


def fill(engine: Engine) -> None:
    """Create the tables and a few rows."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        country = Country(name="Ceylon")
        genres = [Genre(name="travel"), Genre(name="satire")]
        for number in (1, 2):
            writer = Writer(name=f"writer {number}", biography="long", photo="large", country=country)
            writer.account = Account(iban=f"account {number}")
            writer.books = [Book(title=f"book {number}.{volume}", genres=genres) for volume in (1, 2, 3)]
            session.add(writer)
        session.add_all([Manager(name="boss", budget=5), Event(name="fair"), Book(title="anonymous")])
        session.commit()
