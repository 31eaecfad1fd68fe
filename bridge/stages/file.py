"""Stages in a TOML file, for processes that share one, such as a file in the deployment's repository or a mounted ConfigMap."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from bridge.errors import StageStoreReadOnly, StageStoreUnavailable
from bridge.stages.extras import require
from bridge.stages.store import StageChange, require_version
from bridge.stages.toml_file import HISTORY, STAGES, StageFile, locked, modified_at, read_stage_file, replace_file

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from bridge.stages.store import StageEntry

__all__ = ["FileStageStore"]

EXTRA: Final = "file"
# What is kept of the history in the file.
LONGEST_HISTORY: Final = 500
# Editors write a file in several steps, milliseconds apart.
SETTLED_MS: Final = 50
LONGEST_UNSETTLED_MS: Final = 400
READ_ONLY: Final = (errno.EROFS, errno.EACCES, errno.EPERM)
BY_HAND: Final = "an editor of the file"


class FileStageStore:
    """
    Keeps stages in a TOML file: a table ``[stages]`` with a setting for each operation or pattern, and a history below.

    The file is watched, and looked at every second besides, since some network file systems tell of no change. It may be edited by
    hand; a file that is half-written, invalid or gone leaves the last good stages standing. Changes made here keep its comments, and
    replace it in one step.
    """

    def __init__(self, path: str | os.PathLike[str], *, poll_every: float = 0.8) -> None:
        """
        Args:
            path: The file; it need not exist yet, but its directory does.
            poll_every: Seconds after which the file is looked at when nothing has told of a change.

        Raises:
            ExtraMissing: ``watchfiles`` or ``tomlkit`` is not installed.
        """
        self._path = Path(path).absolute()
        self._poll_every_ms = max(1, round(poll_every * 1000))
        self._watchfiles: Any = require("watchfiles", extra=EXTRA)
        self._tomlkit: Any = require("tomlkit", extra=EXTRA)

    def __repr__(self) -> str:
        return f"FileStageStore({str(self._path)!r})"

    async def load(self) -> Mapping[str, StageEntry]:
        """
        Return every entry; none where there is no file yet.

        Raises:
            StageStoreUnavailable: The file cannot be read.
        """
        return (await self._read()).entries()

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        """
        Set *operation*; see `StageStore.change`.

        Raises:
            StageConflict: Somebody has changed it since.
            StageStoreReadOnly: The file may not be written.
            StageStoreUnavailable: The file cannot be read or written.
        """
        return await to_thread.run_sync(self._change, operation, setting, who, why, expected)

    async def history(self, operation: str | None = None, *, limit: int = 100) -> Sequence[StageChange]:
        """
        Return the newest *limit* changes that were made here, newest first.

        Raises:
            StageStoreUnavailable: The file cannot be read.
        """
        changes = (await self._read()).changes
        return [change for change in reversed(changes) if operation in {None, change.operation}][:limit]

    async def follow(self) -> AsyncGenerator[Mapping[str, StageEntry], None]:
        """
        Yield every entry, and again after each change of the directory, and at least every *poll_every* seconds.

        Raises:
            StageStoreUnavailable: The file cannot be read, or was there and is gone.
        """
        watching = self._watchfiles.awatch(
            # The directory, because a file that is replaced is another one; a ConfigMap only changes a link beside it.
            self._path.parent,
            watch_filter=None,
            recursive=False,
            step=SETTLED_MS,
            debounce=LONGEST_UNSETTLED_MS,
            rust_timeout=self._poll_every_ms,
            yield_on_timeout=True,
        )
        try:
            was_there = False
            while True:
                file = await self._read(missing_is_empty=not was_there)
                was_there = was_there or bool(file.text)
                yield file.entries()
                await anext(watching)
        finally:
            await watching.aclose()

    async def close(self) -> None:
        """Do nothing: the file is not held open."""

    async def _read(self, *, missing_is_empty: bool = True) -> StageFile:
        read = partial(read_stage_file, self._path, missing_is_empty=missing_is_empty)
        # A network file system that hangs is not waited for at shutdown.
        return await to_thread.run_sync(read, abandon_on_cancel=True)

    def _change(self, operation: str, setting: str, who: str, why: str, expected: int | None) -> StageChange:
        try:
            with locked(self._path):
                file = read_stage_file(self._path, missing_is_empty=True)
                entry, last = file.entry(operation), file.last_change(operation)
                changes = []
                if entry and (last is None or last.after != entry.setting):
                    before, at = last.after if last else None, modified_at(self._path)
                    last = StageChange(operation, before, entry.setting, entry.version, BY_HAND, "", at)
                    changes.append(last)
                require_version(operation, expected, entry.version if entry else 0, last)
                before, version = (entry.setting, entry.version) if entry else (None, last.version if last else 0)
                change = StageChange(operation, before, setting, version + 1, who, why, datetime.now(UTC))
                replace_file(self._path, self._with(file, [*changes, change]))
        except OSError as error:
            if error.errno in READ_ONLY:
                msg = f"{self._path} may not be written ({error.strerror}): change it where it comes from"
                raise StageStoreReadOnly(msg) from None
            msg = f"{self._path} cannot be written: {error}"
            raise StageStoreUnavailable(msg) from error
        return change

    def _with(self, file: StageFile, changes: list[StageChange]) -> str:
        kit = self._tomlkit
        document = kit.parse(file.text)
        if STAGES not in document:
            document[STAGES] = kit.table()
        document[STAGES][changes[-1].operation] = changes[-1].after
        rows = document.pop(HISTORY, None) or kit.aot()
        for change in changes:
            row = kit.table()
            row.update({"operation": change.operation, **({} if change.before is None else {"before": change.before})})
            row.update({"after": change.after, "version": change.version})
            row.update({"who": change.who, "why": change.why, "at": change.at})
            rows.append(row)
        while len(rows) > LONGEST_HISTORY:
            del rows[0]
        # Last, because a table that follows an array of tables would be hard to find.
        document[HISTORY] = rows
        text: str = kit.dumps(document)
        return text
