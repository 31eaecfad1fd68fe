"""A bookshop: what is read and written by ports with and without defects."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

__all__ = ["RESTORE", "SCHEMA", "TABLES", "Author", "Book"]

TABLES = ("authors", "books", "reviews", "accounts", "movements", "audit")

# The zone is not UTC, or a port that confuses the two would be right.
SCHEMA = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Europe/Berlin''', current_database()); END $$;
CREATE TABLE authors (id serial PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE books (
    id serial PRIMARY KEY, title text NOT NULL UNIQUE, subtitle text, author integer REFERENCES authors, price numeric(10, 2) NOT NULL,
    discount numeric(10, 2) NOT NULL DEFAULT 0, weight real NOT NULL DEFAULT 0.3, score double precision, published date,
    created timestamptz NOT NULL DEFAULT now(), changed timestamp, in_print boolean NOT NULL DEFAULT true,
    hidden boolean NOT NULL DEFAULT false, token uuid, host inet, tags jsonb NOT NULL DEFAULT '[]', isbn text, note text,
    blurb text NOT NULL DEFAULT '', tag text, status text NOT NULL DEFAULT 'draft', stock integer NOT NULL DEFAULT 10,
    likes integer NOT NULL DEFAULT 0, version integer NOT NULL DEFAULT 1
);
CREATE TABLE reviews (id serial PRIMARY KEY, book integer NOT NULL, stars integer NOT NULL, words text, hidden boolean NOT NULL);
CREATE TABLE accounts (id serial PRIMARY KEY, owner text NOT NULL, balance numeric(12, 2) NOT NULL, version integer NOT NULL DEFAULT 1);
CREATE TABLE movements (id serial PRIMARY KEY, source integer NOT NULL, target integer NOT NULL, amount numeric(12, 2) NOT NULL);
CREATE TABLE audit (id serial PRIMARY KEY, book integer NOT NULL, what text NOT NULL, at timestamptz NOT NULL DEFAULT now());
"""

# Rows lie in the file in another order than that of their keys, as they do after a year of updates.
RESTORE = """
TRUNCATE authors, books, reviews, accounts, movements, audit RESTART IDENTITY;
INSERT INTO authors (name, email) VALUES ('Ada Lovelace', 'Ada@example.org'), ('Grace Hopper', 'grace@example.org');
INSERT INTO books (id, title, subtitle, author, price, discount, published, created, changed, in_print, hidden, token, host, tags, isbn, tag,
    blurb, likes)
SELECT n, 'Book ' || n, '', CASE WHEN n % 4 <> 2 THEN 1 + n % 3 % 2 END, (ARRAY[10.00, 12.50, 7.05, 19.99])[1 + n % 4], 1.25,
    date '2024-01-01' + n, timestamptz '2024-03-01 09:30:00+00' + n * interval '1 day', timestamp '2024-05-01 10:00:00.123456',
    n % 3 > 0, n = 5, ('0f8fad5b-d9cb-469f-a165-7086772895' || lpad(n::text, 2, '0'))::uuid, '10.0.0.1',
    '["engines", "notes", "poetry"]', '0198526636', CASE WHEN n % 3 = 1 THEN 'Maths' ELSE 'code' END,
    'A long description of what the reader will find in this volume, and why, including the parts that nobody reads.', n
FROM generate_series(14, 1, -1) AS n;
UPDATE books SET title = 'Mu' || chr(776) || 'ller & Söhne ', score = 4.5, note = 'signed', status = 'on_sale' WHERE id = 1;
UPDATE books SET title = '100% Python', subtitle = NULL, published = NULL, changed = NULL, token = NULL, score = 'NaN' WHERE id = 2;
UPDATE books SET title = '100 Pythons', price = 0.30 WHERE id = 3;
UPDATE books SET title = 'snake_case' WHERE id = 4;
UPDATE books SET title = 'snakeXcase' WHERE id = 6;
INSERT INTO reviews (book, stars, words, hidden) VALUES
    (3, 5, 'good', false), (1, 2, 'fine', false), (1, 3, 'better', false), (1, 3, 'again', false), (1, 1, 'spam', true),
    (1, 2, 'meh', false), (2, 4, 'ok', false), (7, 2, 'half', false), (7, 3, 'half', false);
INSERT INTO accounts (owner, balance) VALUES ('Ada', 100.00), ('Grace', 50.00), ('Linus', 0.00);
SELECT setval('books_id_seq', 14), setval('reviews_id_seq', 100);
"""


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]


class Book(Base):
    """As a port maps it that has forgotten the version."""

    __tablename__ = "books"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    author: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))
    version: Mapped[int]
    writer: Mapped[Author | None] = relationship()
