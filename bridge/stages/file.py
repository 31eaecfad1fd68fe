"""Stages in a TOML file, for processes that share one, such as a file in the deployment's repository or a mounted ConfigMap."""

from __future__ import annotations

import errno
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bridge.errors import ConfigurationError, StageStoreReadOnly, StageStoreUnavailable
from bridge.offload import finish
from bridge.stages.blocking import Blocking
from bridge.stages.extras import require
from bridge.stages.store import StageChange, require_version
from bridge.stages.toml_file import HISTORY, STAGES, StageFile, locked, modified_at, read_stage_file, replace_file
from bridge.stages.watching import DirectoryWatch

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from bridge.stages.store import StageEntry

__all__ = ["FileStageStore"]

EXTRA: Final = "file"
# What is kept of the history in the file.
LONGEST_HISTORY: Final = 500
READ_ONLY: Final = (errno.EROFS, errno.EACCES, errno.EPERM)
BY_HAND: Final = "an editor of the file"

T = TypeVar("T")


class FileStageStore:
    """
    Keeps stages in a TOML file: a table ``[stages]`` with a setting for each operation or pattern, and a history below.

    The file is watched, and looked at every second besides, since some network file systems tell of no change. It may be edited by
    hand; a file that is half-written, invalid or gone leaves the last good stages standing, and so does a file system that does not
    answer. Changes made here keep its comments, and replace it in one step.
    """

    def __init__(self, path: str | os.PathLike[str], *, poll_every: float = 0.8, timeout: float = 5.0) -> None:
        """
        Args:
            path: The file; it need not exist yet, but its directory does.
            poll_every: Seconds after which the file is looked at when nothing has told of a change.
            timeout: Seconds that the file system may take, and that a change may wait for another one.

        Raises:
            ConfigurationError: A time is not positive.
            ExtraMissing: ``watchfiles`` or ``tomlkit`` is not installed.
        """
        if min(poll_every, timeout) <= 0:
            msg = f"poll_every={poll_every}, timeout={timeout}: each has to be more than 0 seconds"
            raise ConfigurationError(msg)
        self._path = Path(path).absolute()
        self._poll_every = poll_every
        self._timeout = timeout
        self._watchfiles: Any = require("watchfiles", extra=EXTRA)
        self._tomlkit: Any = require("tomlkit", extra=EXTRA)
        # Apart, because one reads while another waits for the lock of a change.
        self._reading = Blocking("bridge.stages.file", timeout=timeout)
        self._changing = Blocking("bridge.stages.file.change", timeout=timeout)
        self._was_there = False

    def __repr__(self) -> str:
        return f"FileStageStore({str(self._path)!r})"

    async def load(self) -> Mapping[str, StageEntry]:
        """
        Return every entry; none where there is no file yet.

        Raises:
            StageStoreUnavailable: The file cannot be read, or was there and is gone.
        """
        return (await self._read()).entries()

    async def change(self, operation: str, setting: str, *, who: str, why: str, expected: int | None) -> StageChange:
        """
        Set *operation*; see `StageStore.change`.

        Raises:
            StageConflict: Somebody has changed it since.
            StageStoreReadOnly: The file may not be written.
            StageStoreUnavailable: The file cannot be read or written, or not in time.

        Cancellation:
            Delivered when the file was changed, or will not be.
        """
        # What comes too late must not undo what somebody else did meanwhile.
        until = monotonic() + self._timeout
        change = partial(self._change, operation, setting, who, why, expected, until)
        return await finish(self._in_time(self._changing, change))

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
        Yield every entry, and again after each change in the directory, and at least every *poll_every* seconds.

        Raises:
            StageStoreUnavailable: The file cannot be read, or was there and is gone.
        """
        # First, because watching a directory that does not answer would block the event loop.
        await self._read()
        watch = DirectoryWatch(self._path.parent, self._watchfiles)
        try:
            while True:
                yield (await self._read()).entries()
                await watch.wait(self._poll_every)
        finally:
            await watch.close()

    async def close(self) -> None:
        """Do nothing: the file is not held open."""

    async def _read(self) -> StageFile:
        return await self._in_time(self._reading, self._read_now)

    async def _in_time(self, blocking: Blocking, call: Callable[[], T]) -> T:
        try:
            return await blocking.run(call)
        except TimeoutError:
            msg = f"{self!r} has not answered within {self._timeout:g} s: check the file system, and who holds the lock beside the file"
            raise StageStoreUnavailable(msg) from None

    def _read_now(self) -> StageFile:
        # Also when it is followed anew: or one that is gone would take every stage back to its default.
        file = read_stage_file(self._path, missing_is_empty=not self._was_there)
        self._was_there = self._was_there or bool(file.text)
        return file

    def _change(  # noqa: PLR0917 - a thread is given them by position
        self, operation: str, setting: str, who: str, why: str, expected: int | None, until: float
    ) -> StageChange:
        try:
            with locked(self._path):
                file = self._read_now()
                entry, last = file.entry(operation), file.last_change(operation)
                changes = []
                if entry and (last is None or last.after != entry.setting):
                    before, at = last.after if last else None, modified_at(self._path)
                    last = StageChange(operation, before, entry.setting, entry.version, BY_HAND, "", at)
                    changes.append(last)
                require_version(operation, expected, entry.version if entry else 0, last)
                before, version = (entry.setting, entry.version) if entry else (None, last.version if last else 0)
                change = StageChange(operation, before, setting, version + 1, who, why, datetime.now(UTC))
                replace_file(self._path, self._with(file, [*changes, change]), until=until)
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
        _shorten(rows)
        # Last, because a table that follows an array of tables would be hard to find.
        document[HISTORY] = rows
        text: str = kit.dumps(document)
        return text


def _shorten(rows: Any) -> None:
    """Forget the oldest changes, but no operation's last one, which counts its versions."""
    for _ in range(len(rows) - LONGEST_HISTORY):
        names = [str(row.get("operation")) for row in rows]
        superseded = (number for number, name in enumerate(names) if name in names[number + 1 :])
        oldest = next(superseded, None)
        if oldest is not None:
            del rows[oldest]
