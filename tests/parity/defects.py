"""
Prove that the suite bites: break the port in one way at a time, and see which exchanges notice.

``python -m tests.parity.defects`` works on a copy of the project and prints a table; exit status 1 if a defect goes unnoticed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.parity.exchanges import EXCHANGES

ROOT = Path(__file__).resolve().parent.parent.parent
QUERIES = "async_app/native/user_queries.py"
COMMANDS = "async_app/native/user_commands.py"
FAILED = re.compile(r"^FAILED .*\[(?P<id>[^\]]+)\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Defect:
    """
    One way to break the port.

    Attributes:
        name: What is wrong.
        operation: The operation it breaks; its exchanges are run.
        file: Where.
        old: The text that is replaced.
        new: By what.
    """

    name: str
    operation: str
    file: str
    old: str
    new: str


DEFECTS = (
    Defect(
        "nothing is committed",
        "POST /users",
        "bridge/database/unit_of_work.py",
        "await finish(session.commit())",
        "await finish(session.flush())",
    ),
    Defect("oldest first", "GET /users", QUERIES, "User.created_at.desc(), User.id.desc()", "User.created_at, User.id"),
    Defect("the second page comes first", "GET /users", QUERIES, "(search.page - 1)", "search.page"),
    Defect("total counts the page", "GET /users", QUERIES, "total=total or 0", "total=search.size"),
    Defect("wildcards are not escaped", "GET /users", QUERIES, "autoescape=True, escape=ESCAPE", "autoescape=False"),
    Defect("users without posts are lost", "GET /users/stats", QUERIES, ".outerjoin(", ".join("),
    Defect("inactive users are ranked", "GET /users/stats", QUERIES, "User.is_active.is_(True), ", ""),
    Defect(
        "tags are loaded lazily",
        "GET /users/{user_id}",
        QUERIES,
        "selectinload(User.posts).selectinload(Post.tags)",
        "",
    ),
    Defect(
        "the version is not checked",
        "PATCH /users/{user_id}",
        COMMANDS,
        """        raise StaleVersion(user.version)
    await _refuse_email_in_use(session, payload.email, user_id)
    # The check stands in the statement: of two requests with the same version, one finds no row.
    statement = (
        update(User)
        .where(User.id == user_id, User.version == payload.version)""",
        """        pass
    await _refuse_email_in_use(session, payload.email, user_id)
    statement = (
        update(User)
        .where(User.id == user_id)""",
    ),
    Defect("the version stays", "PATCH /users/{user_id}", COMMANDS, "**changes, version=User.version + 1", "**changes"),
    Defect(
        "members change their own role",
        "PATCH /users/{user_id}",
        COMMANDS,
        "ADMIN_FIELDS & changes.keys()",
        "not changes",
    ),
    Defect(
        "inactive users are counted",
        "POST /users/deactivate",
        COMMANDS,
        "User.id.in_(payload.ids), User.is_active.is_(True)",
        "User.id.in_(payload.ids)",
    ),
    Defect(
        "anybody deletes anybody",
        "DELETE /users/{user_id}",
        COMMANDS,
        "    await one_user(session, user_id)\n    require_self_or_admin(actor, user_id)\n    await session.execute",
        "    await one_user(session, user_id)\n    await session.execute",
    ),
    Defect("a batch loses its balances", "POST /users/bulk", COMMANDS, '"role", "balance"}', '"role"}'),
    Defect(
        "a batch is not all or nothing",
        "POST /users/bulk",
        COMMANDS,
        "    await _refuse_clash(session, payloads, numbered=numbered)\n    users",
        "    session.add(await _new_user(payloads[0]))\n    await session.commit()\n"
        "    await _refuse_clash(session, payloads[1:], numbered=numbered)\n    payloads = payloads[1:]\n    users",
    ),
)


def caught_by(defect: Defect, project: Path) -> list[str]:
    """Break the copy in *project*, run the operation's exchanges, and return the ids of those that failed."""
    source = project / defect.file
    text = source.read_text()
    if text.count(defect.old) != 1:
        msg = f"{defect.name!r} no longer fits {defect.file}: {text.count(defect.old)} places hold {defect.old!r}"
        raise SystemExit(msg)
    source.write_text(text.replace(defect.old, defect.new))
    test = "tests/parity/test_parity.py::test_every_path_has_the_same_outcome"
    cases = [f"{test}[{exchange.id}]" for exchange in EXCHANGES if exchange.operation == defect.operation]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *cases],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    source.write_text(text)
    if run.returncode not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
        msg = f"pytest could not run:\n{run.stdout}{run.stderr}"
        raise SystemExit(msg)
    return [found["id"] for found in FAILED.finditer(run.stdout)]


def main() -> int:
    """Run every defect whose name holds the first argument, and return the exit status."""
    defects = [defect for defect in DEFECTS if sys.argv[1:2] == [] or sys.argv[1] in defect.name]
    console = Console()
    table = Table("defect", "exchanges that failed", box=None)
    missed = 0
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory) / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", ".postgres", "__pycache__", ".*_cache")
        shutil.copytree(ROOT, project, ignore=ignored)
        for number, defect in enumerate(defects, start=1):
            console.print(f"{number}/{len(defects)} {defect.name} ...")
            caught = caught_by(defect, project)
            missed += not caught
            shown = ", ".join(caught[:3]) + (f" and {len(caught) - 3} more" if len(caught) > 3 else "")
            table.add_row(f"{defect.name} ({defect.operation})", shown or "[red]none[/red]")
    console.print(table)
    console.print(f"{len(defects) - missed} of {len(defects)} defects were caught.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
