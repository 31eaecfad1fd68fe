"""Which line of the application led to what an instrument saw."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["CallSite", "call_site", "in_application", "in_sqlalchemy"]

SQLALCHEMY: Final = str(Path(sqlalchemy.__file__).parent) + os.sep
# What SQLAlchemy names the wrappers that it compiles, such as that of `Session._flush`.
GENERATED: Final = "<sqlalchemy "
BRIDGE: Final = str(Path(__file__).parent.parent) + os.sep
LIBRARIES: Final = tuple({sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib")})

# Where the code that Jinja generates keeps its template; Jinja's own tracebacks read it.
TEMPLATE: Final = "__jinja_template__"


@dataclass(frozen=True, slots=True, order=True)
class CallSite:
    """
    A line of the application.

    Attributes:
        file: Its file, relative to the working directory where it is below that.
        line: Its number, from 1.
        function: The function it is in.
    """

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def call_site(frame: FrameType | None) -> CallSite:
    """
    Find the innermost line of the application in the stack of *frame*.

    Where nothing but libraries is on the stack, as when the application itself is installed as a package, it is the innermost line
    that is neither SQLAlchemy's nor ours.
    """
    fallback: FrameType | None = None
    while frame is not None:
        kind = _kind(frame.f_code.co_filename)
        if kind == "application" or TEMPLATE in frame.f_globals:
            return _site(frame)
        if kind == "library" and fallback is None:
            fallback = frame
        frame = frame.f_back
    return _site(fallback) if fallback is not None else CallSite("unknown", 0, "unknown")


def in_sqlalchemy(frame: FrameType) -> bool:
    """Tell whether *frame* runs a line of SQLAlchemy."""
    return _kind(frame.f_code.co_filename) == "sqlalchemy"


def in_application(frame: FrameType) -> bool:
    """Tell whether *frame* runs neither SQLAlchemy nor this library, whose watches sit between two frames of SQLAlchemy."""
    return _kind(frame.f_code.co_filename) not in {"sqlalchemy", "bridge"}


@lru_cache(maxsize=4096)
def _kind(file: str) -> str:
    if file.startswith((SQLALCHEMY, GENERATED)):
        return "sqlalchemy"
    if file.startswith(BRIDGE):
        return "bridge"
    # Compiled code, and what the import system and dataclasses generate, has no file: "<frozen importlib>".
    return "library" if file.startswith((*LIBRARIES, "<")) else "application"


def _site(frame: FrameType) -> CallSite:
    line = frame.f_lineno
    # Jinja runs generated code; its template knows the line that somebody wrote.
    template = frame.f_globals.get(TEMPLATE)
    if template is not None:
        line = template.get_corresponding_lineno(line)
    return CallSite(_shown(frame.f_code.co_filename), line, frame.f_code.co_name)


@lru_cache(maxsize=4096)
def _shown(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
