"""
The tables of the corpus: one column of each type, one row to compare with, and a few tables as applications have them.

``samples`` and ``pg_samples`` are empty when a case begins; ``constants`` and ``pg_constants`` hold one row that no case changes.
"""

from __future__ import annotations

import enum
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Enum,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    UniqueConstraint,
    Uuid,
    insert,
    text,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import REAL

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = [
    "Color",
    "Document",
    "Item",
    "Label",
    "Shelf",
    "constants",
    "create_schema",
    "documents_table",
    "fill",
    "items_table",
    "pg_constants",
    "pg_samples",
    "rewind",
    "samples",
    "shelves_table",
    "tables",
]


class Color(enum.Enum):
    RED = "red"
    GREEN = "green"


class Base(DeclarativeBase):
    """Tables that every database can have."""


class Shelf(Base):
    __tablename__ = "shelves"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(20))


class Item(Base):
    __tablename__ = "items"
    __table_args__ = (
        UniqueConstraint("name", name="items_name_key"),
        CheckConstraint("quantity >= 0", name="items_quantity_check"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(server_default=text("1"))
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelves.id", name="items_shelf_id_fkey"))


class Document(Base):
    """Has a version counter, as optimistic locking wants it."""

    __tablename__ = "documents"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column()
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own spelling


class Label(Base):
    """Has a key that is no integer."""

    __tablename__ = "labels"
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    mark: Mapped[UUID] = mapped_column(Uuid)


def _columns() -> list[Column[Any]]:
    return [
        Column("small", SmallInteger),
        Column("integer", Integer),
        Column("big", BigInteger),
        Column("price", Numeric(10, 2)),
        Column("exact", Numeric(30, 12)),
        Column("loose", Numeric(10, 2, asdecimal=False)),
        Column("real", REAL),
        Column("double", Double),
        Column("string", String(20)),
        Column("text", Text),
        Column("flag", Boolean),
        Column("day", Date),
        Column("moment", DateTime),
        Column("instant", DateTime(timezone=True)),
        Column("clock", Time),
        Column("span", Interval),
        Column("blob", LargeBinary),
        Column("data", JSON),
        Column("key", Uuid),
        Column("color", Enum(Color, name="color")),
    ]


def _pg_columns() -> list[Column[Any]]:
    return [
        Column("anything", Numeric),
        Column("document", pg.JSONB),
        Column("integers", pg.ARRAY(Integer)),
        Column("texts", pg.ARRAY(Text)),
        Column("numbers", pg.ARRAY(Numeric)),
        Column("instants", pg.ARRAY(DateTime(timezone=True))),
        Column("address", pg.INET),
        Column("network", pg.CIDR),
        Column("hardware", pg.MACADDR),
        Column("ints", pg.INT4RANGE),
        Column("nums", pg.NUMRANGE),
        Column("days", pg.DATERANGE),
        Column("period", pg.TSTZRANGE),
        Column("multi", pg.INT4MULTIRANGE),
        Column("zoned_clock", Time(timezone=True)),
        Column("bits", pg.BIT(3)),
        Column("money", pg.MONEY),
        Column("fixed", pg.CHAR(5)),
        Column("words", pg.TSVECTOR),
        Column("object", pg.OID),
        Column("pairs", pg.HSTORE),
        Column("folded", pg.CITEXT),
    ]


def _table(name: str, metadata: MetaData, columns: list[Column[Any]]) -> Table:
    return Table(name, metadata, Column("id", Integer, primary_key=True, autoincrement=False), *columns)


items_table: Final = Base.metadata.tables["items"]
documents_table: Final = Base.metadata.tables["documents"]
shelves_table: Final = Base.metadata.tables["shelves"]
_PG: Final = MetaData()
samples: Final = _table("samples", Base.metadata, _columns())
constants: Final = _table("constants", Base.metadata, _columns())
pg_samples: Final = _table("pg_samples", _PG, _pg_columns())
pg_constants: Final = _table("pg_constants", _PG, _pg_columns())

_CONSTANT: Final[dict[str, Any]] = {
    "id": 1,
    "small": 5,
    "integer": 5,
    "big": 2**40,
    "price": Decimal("1.10"),
    "exact": Decimal("1.1"),
    "loose": 1.5,
    "real": 1.5,
    "double": 1.1,
    "string": "5",
    "text": "5",
    "flag": True,
    "day": date(2024, 2, 29),
    "moment": datetime(2024, 2, 29, 12, 30),  # noqa: DTZ001 - the column has no zone
    "instant": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
    "clock": time(12, 30),
    "span": timedelta(days=1, seconds=2),
    "blob": b"\x00\xff",
    "data": {"a": [1, None]},
    "key": UUID("12345678-1234-5678-1234-567812345678"),
    "color": Color.RED,
}
_PG_CONSTANT: Final = """
INSERT INTO pg_constants VALUES (
    1, 1.10, '{"a": 1}', '{1,2}', '{a,b}', '{1.10}', '{2024-02-29 12:30+00}', '10.0.0.1', '10.0.0.0/8',
    '08:00:2b:01:02:03', '[1,5)', '[1.5,2.5)', '[2024-01-01,2024-02-01)', '[2024-01-01 00:00+00,2024-02-01 00:00+00)',
    '{[1,2),[5,6)}', '12:30+01', '101', '12.34', 'abc', 'a b', 42, 'a=>1', 'Straße')
"""
_PG_SETUP: Final = (
    "CREATE EXTENSION hstore",
    "CREATE EXTENSION citext",
    "CREATE EXTENSION btree_gist",
    "CREATE TYPE mood AS ENUM ('glad', 'sad')",
    "CREATE TYPE point3 AS (x integer, y numeric, z text)",
    "CREATE DOMAIN percent AS integer CONSTRAINT percent_check CHECK (VALUE BETWEEN 0 AND 100)",
)
_PG_BOOKINGS: Final = """
CREATE TABLE bookings (
    room integer NOT NULL, during int4range NOT NULL,
    CONSTRAINT bookings_overlap EXCLUDE USING gist (room WITH =, during WITH &&),
    CONSTRAINT bookings_room_later CHECK (room > 0))
"""
_ROWS: Final = (
    "INSERT INTO shelves (id, name) VALUES (1, 'upper'), (2, 'lower')",
    "INSERT INTO items (id, name, quantity, shelf_id) VALUES (1, 'pen', 5, 1), (2, 'ink', 3, 1), (3, 'cup', 0, NULL)",
    "INSERT INTO documents (id, title, version) VALUES (1, 'one', 1), (2, 'two', 1), (3, 'three', 1)",
    "INSERT INTO labels (code, mark) VALUES ('5', '12345678123456781234567812345678')",
)
_SEQUENCES: Final = {
    "postgresql": "SELECT setval('items_id_seq', 3)",
    "mysql": "ALTER TABLE items AUTO_INCREMENT = 4",
}
_EMPTIED: Final = ("items", "shelves", "documents", "labels", "samples")


def create_schema(engine: Engine) -> None:
    """Create every table that the database of *engine* can have, with the constant row."""
    with engine.begin() as connection:
        is_postgresql = connection.dialect.name == "postgresql"
        for statement in _PG_SETUP if is_postgresql else ():
            connection.execute(text(statement))
        Base.metadata.create_all(connection)
        connection.execute(insert(constants), _CONSTANT)
        if is_postgresql:
            _PG.create_all(connection)
            connection.exec_driver_sql(_PG_CONSTANT)
            connection.execute(text(_PG_BOOKINGS))
        fill(connection)
        rewind(connection)


def fill(connection: Connection) -> None:
    """Bring the tables back to the rows that every case begins with."""
    backend = connection.dialect.name
    statements = [*(f"DELETE FROM {name}" for name in tables(backend)), *_ROWS]  # noqa: S608 - our own names
    if backend == "postgresql":
        # At once, because it takes a round trip and a transaction each otherwise, and most cases need it.
        statements = ["; ".join(statements)]
    for statement in statements:
        connection.exec_driver_sql(statement)


def rewind(connection: Connection) -> None:
    """Have the next generated key be the one after the rows that every case begins with."""
    statement = _SEQUENCES.get(connection.dialect.name)
    if statement:
        connection.exec_driver_sql(statement)


def tables(backend: str) -> dict[str, list[str]]:
    """Return the columns of each table that a case may change, the referring ones first."""
    portable = {name: [column.name for column in Base.metadata.tables[name].columns] for name in _EMPTIED}
    if backend != "postgresql":
        return portable
    return {
        **portable,
        "pg_samples": [column.name for column in pg_samples.columns],
        "bookings": ["room", "during"],
    }
