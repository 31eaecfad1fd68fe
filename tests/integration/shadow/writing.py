"""A table to write, and a database whose units of work can join one connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

if TYPE_CHECKING:
    from tests.integration.server_side import ServerSide


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    stock: Mapped[int] = mapped_column(Integer, default=0)


SCHEMA = """
CREATE TABLE notes (
    id serial PRIMARY KEY, title varchar(100) NOT NULL UNIQUE, stock integer NOT NULL DEFAULT 0 CHECK (stock >= 0),
    written timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lines (
    id serial PRIMARY KEY, note integer NOT NULL REFERENCES notes ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, words text
);
INSERT INTO notes (title, stock) VALUES ('first', 10), ('second', 20), ('third', 30);
INSERT INTO lines (note, words) VALUES (1, 'a'), (1, 'b'), (2, 'c');
"""


def create(server: ServerSide) -> None:
    server.run(SCHEMA)


def contents(server: ServerSide) -> list[Any]:
    """Return every row, but for the moments they were written."""
    notes = server.rows("SELECT id, title, stock FROM notes ORDER BY id")
    return [*notes, *server.rows("SELECT id, note, words FROM lines ORDER BY id")]


INSERT = text("INSERT INTO notes (title, stock) VALUES (:title, :stock)")
