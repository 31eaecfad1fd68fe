"""Notice cursors of the driver that the application uses past SQLAlchemy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import pool

from bridge.porting.callsite import call_site, in_sqlalchemy
from bridge.porting.redaction import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from bridge.porting.callsite import CallSite

__all__ = ["RawCursors"]

PROXIES: Final[Any] = pool._ConnectionFairy  # noqa: SLF001  not documented, as said below
WATCHED: Final = ("execute", "executemany", "callproc", "copy_expert", "copy_from", "copy_to", "copy")
DRIVERS: Final = ("psycopg2", "psycopg")


class RawCursors:
    """
    Gives the connections of a pool a ``cursor_factory`` whose cursors tell who uses them.

    SQLAlchemy uses them too; it is told apart by the caller. A ``cursor_factory`` given to `cursor()` goes before that of the connection,
    and some connections are out of the pool when this begins, as that of a fixture is: so the class of the pool's proxies, which is not
    documented, is changed as well; `close` takes that back.
    """

    def __init__(
        self,
        found: Callable[[str, CallSite, str], None],
        active: Callable[[], bool],
        covers: Callable[[object], bool],
    ) -> None:
        """
        Args:
            found: Called with the rule, the place and the subject.
            active: Asked at each checkout and each cursor whether to watch.
            covers: Tells whether to look at the connections of a pool.
        """
        self._found = found
        self._active = active
        self._covers = covers
        self._defaults: dict[type, type] = {}
        self._classes: dict[type, type] = {}
        self._own: dict[int, tuple[Any, Any]] = {}
        self._own_cursor: Any = None

    def open(self) -> None:
        """Begin to watch connections that are in use."""
        self._own_cursor = original = PROXIES.cursor

        def cursor(proxy: Any, *arguments: Any, **options: Any) -> Any:
            driver = proxy.dbapi_connection
            if id(driver) not in self._own and self._covers(proxy._pool):  # noqa: SLF001  not documented, as said above
                self.check_out(driver)
            if id(driver) in self._own and options.get("cursor_factory"):
                options["cursor_factory"] = self._class_over(options["cursor_factory"])
            return original(proxy, *arguments, **options)

        PROXIES.cursor = cursor

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
        PROXIES.cursor = self._own_cursor

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
            try:
                return original(cursor, *arguments, **options)
            finally:
                self._judge(sys._getframe(1), name, cursor, (*arguments, *options.values()))  # noqa: SLF001  documented, in spite of its underscore

        return watching

    def _judge(self, frame: FrameType | None, name: str, cursor: Any, arguments: tuple[Any, ...]) -> None:
        extras = False
        while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in DRIVERS:
            extras = True
            frame = frame.f_back
        if frame is None or in_sqlalchemy(frame):
            return
        if name == "execute" and not any(arguments[1:]) and _in_hook(frame):
            # The cursor that SQLAlchemy gives the same hook on asyncpg takes it, too.
            return
        text = _text(arguments[0] if arguments else "", cursor)
        copies = name.startswith("copy") or text.lstrip()[:5].upper() == "COPY "
        kind = "probe.copy" if copies else "probe.execute_values" if extras else "probe.raw_cursor"
        self._found(kind, call_site(frame), shown(text))


def _text(statement: Any, cursor: Any) -> str:
    if isinstance(statement, bytes):
        return statement.decode(errors="replace")
    # What `psycopg2.sql` composes is shown as it is sent.
    return str(statement.as_string(cursor) if hasattr(statement, "as_string") else statement)


def _in_hook(frame: FrameType | None) -> bool:
    """Tell whether SQLAlchemy has called what *frame* runs, as it does for an event such as ``checkout``."""
    while frame is not None and not in_sqlalchemy(frame):
        frame = frame.f_back
    return frame is not None
