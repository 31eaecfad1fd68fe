"""The TOML file in which stages and their history are kept."""

from __future__ import annotations

import os
import shutil
import tomllib
from contextlib import contextmanager
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from bridge.errors import StageStoreUnavailable
from bridge.stages.store import StageChange, StageEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["StageFile", "locked", "read_stage_file", "replace_file"]

STAGES: Final = "stages"
HISTORY: Final = "history"
# Of a file that is made; workers may run under other accounts than the operator.
READABLE: Final = 0o644
FIELDS: Final = ("operation", "after", "version", "who", "why", "at")


class StageFile:
    """
    What a file holds.

    Attributes:
        text: The whole text.
        settings: The text form of each setting, by operation or pattern.
        changes: The history, oldest first.
    """

    def __init__(self, text: str, settings: Mapping[str, str], changes: list[StageChange]) -> None:
        self.text = text
        self.settings = settings
        self.changes = changes

    def entry(self, operation: str) -> StageEntry | None:
        """Return the entry of *operation*; one that differs from the last change was edited by hand, which counts as one more."""
        setting = self.settings.get(operation)
        last = self.last_change(operation)
        if setting is None:
            return None
        if last is None:
            return StageEntry(setting, 1)
        return StageEntry(setting, last.version + (setting != last.after))

    def entries(self) -> dict[str, StageEntry]:
        """Return every entry."""
        return {operation: entry for operation in self.settings if (entry := self.entry(operation))}

    def last_change(self, operation: str) -> StageChange | None:
        """Return the newest change of *operation* that the history has."""
        return next((change for change in reversed(self.changes) if change.operation == operation), None)


def read_stage_file(path: Path, *, missing_is_empty: bool) -> StageFile:
    """
    Read the file at *path*. Blocks.

    Raises:
        StageStoreUnavailable: It cannot be read, is no TOML, or has no table ``[stages]``: half-written, perhaps.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if missing_is_empty and path.parent.is_dir():
            return StageFile("", {}, [])
        msg = f"{path} is gone" if path.parent.is_dir() else f"{path.parent} is not there"
        raise StageStoreUnavailable(msg) from None
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read: {error}"
        raise StageStoreUnavailable(msg) from error
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is no valid TOML: {error}"
        raise StageStoreUnavailable(msg) from None
    settings = document.get(STAGES)
    if not isinstance(settings, dict):
        msg = f"{path} has no table [{STAGES}], so it may be half-written: write to another file and rename it"
        raise StageStoreUnavailable(msg)
    # A value of another type is shown as one that is no stage.
    texts = {name: value if isinstance(value, str) else repr(value) for name, value in settings.items()}
    return StageFile(text, texts, [change for row in document.get(HISTORY, ()) if (change := _change_of(row))])


def modified_at(path: Path) -> datetime:
    """Return when the file at *path* was last written."""
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def replace_file(path: Path, text: str, *, until: float) -> None:
    """
    Put a file with this *text* at *path* in one step, so that nobody reads half of it. Blocks.

    Raises:
        TimeoutError: It is after *until*, by the monotonic clock, so nobody waits for it any more.
    """
    path = path.resolve()  # a link stays one
    with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8") as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, file.name)
            else:
                os.fchmod(file.fileno(), READABLE)
            if monotonic() > until:
                msg = "it took too long, and nothing was changed"
                raise TimeoutError(msg)  # noqa: TRY301 - what was written is taken away as after any error
            os.replace(file.name, path)  # noqa: PTH105 - the name is a str
        except BaseException:  # whatever it is, no half-written file stays
            Path(file.name).unlink(missing_ok=True)
            raise


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from changing the file at *path* until the block ends. Blocks while one does."""
    # Another file, because the one at *path* is replaced.
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def _change_of(row: Any) -> StageChange | None:
    """Return the change of one ``[[history]]`` table; None for one that was edited into something else."""
    if not isinstance(row, dict) or not all(name in row for name in FIELDS):
        return None
    if not isinstance(row["version"], int) or not isinstance(row["at"], datetime):
        return None
    at = row["at"] if row["at"].tzinfo else row["at"].replace(tzinfo=UTC)
    before = row.get("before")
    return StageChange(
        operation=str(row["operation"]),
        before=None if before is None else str(before),
        after=str(row["after"]),
        version=row["version"],
        who=str(row["who"]),
        why=str(row["why"]),
        at=at,
    )
