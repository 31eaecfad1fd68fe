"""Notice cursors of the driver that the application uses past SQLAlchemy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from bridge.porting.callsite import call_site, in_sqlalchemy
from bridge.porting.redaction import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from bridge.porting.callsite import CallSite

__all__ = ["RawCursors"]

WATCHED: Final = ("execute", "executemany", "callproc", "copy_expert", "copy_from", "copy_to", "copy")
DRIVERS: Final = ("psycopg2", "psycopg")


class RawCursors:
    """
    Gives the connections of a pool a ``cursor_factory`` whose cursors tell who uses them.

    SQLAlchemy uses them too; it is told apart by the caller.
    """

    def __init__(self, found: Callable[[str, CallSite, str], None], active: Callable[[], bool]) -> None:
        """
        Args:
            found: Called with the rule, the place and the subject.
            active: Asked at each checkout whether to watch.
        """
        self._found = found
        self._active = active
        self._defaults: dict[type, type] = {}
        self._classes: dict[type, type] = {}
        self._own: dict[int, tuple[Any, Any]] = {}

    def check_out(self, driver: Any, *_: object) -> None:
        """Watch the cursors of *driver*, if it has what that takes."""
        if self._active() and type(driver).__module__.startswith(DRIVERS) and id(driver) not in self._own:
            own = driver.cursor_factory
            self._own[id(driver)] = (driver, own)
            driver.cursor_factory = self._class_over(own or self._default(driver))

    def check_in(self, driver: Any, *_: object) -> None:
        """Give *driver* back as it was."""
        watched, own = self._own.pop(id(driver), (None, None))
        if watched is not None:
            watched.cursor_factory = own

    def close(self) -> None:
        """Give every connection back as it was."""
        for driver, own in list(self._own.values()):
            driver.cursor_factory = own
        self._own.clear()

    def _default(self, driver: Any) -> type:
        """Return the class of cursors that the driver makes by itself, which it does not name."""
        if type(driver) not in self._defaults:
            cursor = driver.cursor()
            cursor.close()
            self._defaults[type(driver)] = type(cursor)
        return self._defaults[type(driver)]

    def _class_over(self, base: type) -> type:
        if base not in self._classes:
            members = {name: self._watching(base, name) for name in WATCHED if hasattr(base, name)}
            self._classes[base] = type(base.__name__, (base,), members)
        return self._classes[base]

    def _watching(self, base: type, name: str) -> Callable[..., Any]:
        original = getattr(base, name)

        def watching(cursor: Any, *arguments: Any, **options: Any) -> Any:
            result = original(cursor, *arguments, **options)
            self._judge(sys._getframe(1), name, arguments[0] if arguments else "")  # noqa: SLF001
            return result

        return watching

    def _judge(self, frame: FrameType | None, name: str, statement: object) -> None:
        extras = False
        while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in DRIVERS:
            extras = True
            frame = frame.f_back
        if frame is None or in_sqlalchemy(frame):
            return
        text = statement.decode(errors="replace") if isinstance(statement, bytes) else str(statement)
        copies = name.startswith("copy") or text.lstrip()[:5].upper() == "COPY "
        kind = "probe.copy" if copies else "probe.execute_values" if extras else "probe.raw_cursor"
        self._found(kind, call_site(frame), shown(text))
