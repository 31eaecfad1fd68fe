"""
Run the corpus through every pair of drivers and write the page of the docs.

``python -m tests.pairs.report`` needs PostgreSQL, as the tests do, and MariaDB. With ``--prune``, cases that have become equal are
taken off the lists in ``differences/`` first; a new difference has to be listed by hand, with its reason.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from bridge.testing import postgres_server
from tests.conftest import ROOT
from tests.mariadb import mariadb_server
from tests.pairs.cases import CASES
from tests.pairs.differences import complaints, listed, prune
from tests.pairs.engines import COLUMNS, PAIRS, PROCESS_ZONE, SERVER_ZONE, SESSION_ZONE
from tests.pairs.outcome import shown
from tests.pairs.run import outcomes

if TYPE_CHECKING:
    from tests.pairs.differences import Difference
    from tests.pairs.engines import Pair
    from tests.pairs.run import Outcomes

__all__ = ["PAGE", "head", "section"]

PAGE: Final = ROOT / "docs" / "reference" / "database-pairs.md"
EXAMPLES: Final = 2
WIDTH: Final = 90
_FORMS: Final = {
    "insert": "`INSERT` by the type of a column, read back",
    "update": "`UPDATE` by the type of a column",
    "compare": "`column == value`",
    "in": "`column.in_(values)`",
    "get": "`session.get(Model, key)`",
    "select": "columns read by their type",
    "literal": "`literal(value)`",
    "cast": "`cast(value, type)`",
    "text": "parameters of `text()`",
    "read": "values of `text()`, which has no types",
    "time": "time zones and date arithmetic",
    "json": "paths and operators of JSON",
    "uuid": "UUIDs as text",
    "collection": "operators of arrays, ranges and networks",
    "statement": "rowcounts, batches, `RETURNING`, upserts, raw SQL",
    "object": "the ORM: batches, versions, bulk updates, rows that are gone",
    "cursor": "cursors on the server",
    "savepoint": "savepoints",
    "transaction": "isolation, autocommit, two phases, DDL",
    "lock": "row, table and advisory locks, time limits",
    "setting": "`SET`, `search_path`, roles, temporary tables",
    "error": "class, SQLSTATE and constraint of errors, and what follows",
}
_HEAD: Final = """\
# Pairs of drivers

<!-- Written by `python -m tests.pairs.report`; a test fails when it is out of date. -->

`Database` makes a synchronous and an asynchronous engine from one URL, and a port moves code from the one to the other.
This page says what the two do differently.
`tests/pairs/` runs every case below on both engines of each pair, against real servers, and compares what comes of it.
Nothing on this page is typed but the reasons: a difference that is not listed fails the tests, and so does a listed one that is gone.

*Bare* are the engines of `create_engine` and `create_async_engine`, *with the bridge* those of `Database`.
On the synchronous side the bridge changes nothing: every case has the same outcome with and without it.

| pair | cases | differ bare | differ with the bridge |
|---|---|---|---|
{totals}

## What is compared

- The value with its type, the number of rows, or the class of the error with its parents.
- The SQLSTATE, and the constraint as `error.orig.diag.constraint_name`.
- Whether the connection was lost, and whether the session can go on after a rollback.
- The rows in every table afterwards, cast to text by another connection.

Messages of errors are not compared.
Server, session and process have different time zones: {server}, {session} and {process}.

A case is one function over a `Session`, which the asynchronous side runs by `AsyncSession.run_sync`.
That is fair, because the methods of `AsyncSession` run those of `Session` in the same way; a test runs cases through both and finds no difference.
What only awaiting code meets, such as `MissingGreenlet`, is not in it.

The id of a case is its form, what it is about, and what is special about it; `tests/pairs/cases/` holds them all:

| form | |
|---|---|
{forms}
"""


def head() -> str:
    """Return the beginning of the page, from the cases and the listed differences."""
    totals = "\n".join(
        f"| {pair.name} | {_size(pair)} | {' | '.join(str(_count(listed(pair), column)) for column in COLUMNS)} |"
        for pair in PAIRS
    )
    forms = "\n".join(f"| `{form}` | {meaning} |" for form, meaning in _FORMS.items())
    return _HEAD.format(totals=totals, forms=forms, server=SERVER_ZONE, session=SESSION_ZONE, process=PROCESS_ZONE)


def section(pair: Pair, measured: Outcomes) -> str:
    """Return the part of the page about *pair*, with what was *measured*."""
    lines = [f"## {pair.name}", ""]
    differences = listed(pair)
    if not differences:
        return "\n".join([*lines, f"All {_size(pair)} cases are equal, with and without the bridge.", ""])
    lines += ["| form | cases | equal bare | equal with the bridge |", "|---|---|---|---|"]
    for form in _FORMS:
        ids = [case.id for case in CASES if pair.backend in case.backends and case.id.startswith(f"{form}: ")]
        if ids:
            differ = [{case for each in differences for case in each.cases(column)} for column in COLUMNS]
            equal = " | ".join(str(len(set(ids) - some)) for some in differ)
            lines.append(f"| `{form}` | {len(ids)} | {equal} |")
    lines.append("")
    for difference in differences:
        lines += _described(difference, pair, measured)
    return "\n".join(lines)


def _described(difference: Difference, pair: Pair, measured: Outcomes) -> list[str]:
    counts = f"Cases: {len(difference.bare)} bare, {len(difference.bridge)} with the bridge."
    lines = [f"### {difference.title}: {pair.name}", "", counts, "", difference.reason, "", difference.remedy, ""]
    shows_bare = not difference.bridge
    column = "bare" if shows_bare else "bridge"
    ids = difference.bare[:EXAMPLES] if shows_bare else difference.bridge
    lines += [
        f"| {'for example, bare' if shows_bare else 'case'} | {pair.sync} | {pair.asynchronous} |",
        "|---|---|---|",
    ]
    for case in ids:
        sync, asynchronous = measured[column][case]
        lines.append(f"| `{case}` | {_cell(shown(sync, asynchronous))} | {_cell(shown(asynchronous, sync))} |")
    return [*lines, ""]


def _cell(text: str) -> str:
    short = text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
    printable = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short)
    return f"`{printable.replace('|', chr(92) + '|').replace('`', chr(39))}`" if printable else "-"


def _count(differences: tuple[Difference, ...], column: str) -> int:
    return sum(len(difference.cases(column)) for difference in differences)


def _size(pair: Pair) -> int:
    return sum(pair.backend in case.backends for case in CASES)


def main() -> None:
    sections = []
    with (
        postgres_server(ROOT / ".postgres") as postgresql,
        TemporaryDirectory(prefix="mariadb") as directory,
        mariadb_server(Path(directory)) as mariadb,
    ):
        for pair in PAIRS:
            measured = outcomes(pair, mariadb if pair.backend == "mysql" else postgresql)
            if "--prune" in sys.argv:
                prune(pair, measured)
            problems = list(complaints(measured, listed(pair)))
            if problems:
                raise SystemExit("\n".join([pair.name, *problems]))
            sections.append(section(pair, measured))
    PAGE.write_text("\n".join([head(), *sections]), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")


if __name__ == "__main__":
    main()
