"""The version of the code that answers an operation, so that evidence is of one version and no other."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from enum import Enum
from hashlib import blake2b
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, Final, get_args

from bridge.evidence.bytecode import constant_token, loaded_globals, tokens_of_code

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["version_of"]

DIGITS: Final = 12


def version_of(*parts: Any) -> str:
    """
    Return a version of the code that *parts* run: 12 hexadecimal digits that change when what they do may have changed.

    Equal in every process and on every host with the same minor version of Python. In it are:

    * the instructions of each function, with the names and constants they use, its parameters, defaults and annotations, and the
      functions inside of it; not its name, file, line numbers, comments and docstrings;
    * what its closure holds, and what it wraps: ``functools.wraps``, ``functools.partial``, bound methods;
    * in the same way each function and class of the application that is named in it, also as an attribute of a module
      (``services.find_user``), and those that are named in these, and so on. The application is the top-level package of the first
      part;
    * of such a class: its bases, annotations, and the methods, properties and plain values that its body defines;
    * numbers, booleans, None, members of enumerations, and tuples and frozen sets of these, in global variables.

    Not in it: other packages, of which only names count; text in global variables, which may differ between hosts; global variables
    of other types; what is only reached through a parameter, an attribute of an object, or a registry; columns and constraints of
    mapped classes beyond their annotations; configuration, templates and the database. Where that is not enough, name the version
    yourself.

    Call it when every module has been imported: a function that is defined further down does not exist before.

    Args:
        parts: The port, and what else its answer comes from, such as a response model, or the legacy function it was checked
            against.
    """
    return _Reader(parts).digest()


class _Reader:
    """Reads everything that is reached from some objects, in the order in which it is met."""

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self._numbers: dict[int, int] = {}
        self._met: list[Any] = []
        self._parts = parts
        self._package = _package(parts[0]) if parts else None

    def digest(self) -> str:
        hashed = blake2b(digest_size=DIGITS // 2)
        for part in self._parts:
            self._number(_unbound(part))
        # Grows while it is read.
        for met in self._met:
            for token in self._tokens(met):
                hashed.update(token.encode("utf-8", "backslashreplace") + b"\0")
        return hashed.hexdigest()

    def _number(self, thing: Any) -> str:
        """Return a name for *thing* that is equal in every process, and read it later."""
        if id(thing) not in self._numbers:
            self._numbers[id(thing)] = len(self._met)
            self._met.append(thing)
        return f"@{self._numbers[id(thing)]}"

    def _tokens(self, thing: Any) -> Iterator[str]:
        if isinstance(thing, FunctionType):
            yield from self._function(thing)
        elif isinstance(thing, type):
            yield from self._class(thing)
        else:
            yield self._value(thing)

    def _function(self, function: FunctionType) -> Iterator[str]:
        yield from tokens_of_code(function.__code__)
        yield self._value(function.__defaults__)
        for name, value in sorted((function.__kwdefaults__ or {}).items()):
            yield f"{name}={self._value(value)}"
        yield from self._annotations(function)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            yield f"{name}:{self._value(_content(cell))}"
        if hasattr(function, "__wrapped__"):
            yield f"wraps {self._value(function.__wrapped__)}"
        for chain in loaded_globals(function.__code__):
            yield f"{'.'.join(chain)}:{self._loaded(function.__globals__, chain)}"

    def _class(self, kind: type) -> Iterator[str]:
        yield from map(self._value, kind.__bases__)
        yield from self._annotations(kind)
        for name, value in sorted(vars(kind).items()):
            if name == "__doc__":
                continue
            accessors = (value.fget, value.fset, value.fdel) if isinstance(value, property) else (value,)
            for accessor in accessors:
                function = _unbound(accessor)
                if isinstance(function, FunctionType) and self._is_written(function):
                    yield f"{name}:{self._number(function)}"
                elif not name.startswith("__") and (token := _plain(value)):
                    yield f"{name}={token}"

    def _annotations(self, thing: FunctionType | type) -> Iterator[str]:
        try:
            found = inspect.get_annotations(thing, eval_str=True)
        except Exception:  # noqa: BLE001  an annotation is any expression, of names that may only exist for a type checker
            found = inspect.get_annotations(thing)
        for name, annotation in found.items():
            yield f"{name}:{self._value(annotation)}"

    def _loaded(self, namespace: dict[str, Any], chain: tuple[str, ...]) -> str:
        """Return what a global name and the attributes read from it lead to."""
        value, *rest = namespace.get(chain[0]), *chain[1:]
        for name in rest:
            if not (isinstance(value, ModuleType) and self._is_own(value.__name__)):
                break
            value = vars(value).get(name)
        if isinstance(_unbound(value), FunctionType | type):
            return self._value(value)
        # Text may be a path, an address or a secret of this host.
        return (not _has_text(value) and _plain(value)) or self._value(type(value))

    def _value(self, value: Any) -> str:
        """Return a description of *value* that is equal in every process."""
        if token := _plain(value):
            return token
        if isinstance(value, tuple | list):
            return f"({','.join(map(self._value, value))})"
        if isinstance(value, functools.partial):
            given = [*value.args, *(part for item in sorted(value.keywords.items()) for part in item)]
            return f"partial {self._value(value.func)}({','.join(map(self._value, given))})"
        plain = _unbound(value)
        if isinstance(plain, BuiltinFunctionType | FunctionType | type):
            own = self._is_own(plain.__module__) or any(plain is part for part in self._parts)
            return self._number(plain) if own else _name(plain)
        return self._composed(value)

    def _composed(self, value: Any) -> str:
        """Return a description of an annotation with arguments, of a dataclass such as FastAPI's ``Depends``, or of any other object."""
        if arguments := get_args(value):
            return (
                f"{_name(type(value))}[{','.join(map(self._value, (getattr(value, '__origin__', None), *arguments)))}]"
            )
        if dataclasses.is_dataclass(value):
            fields = (
                f"{each.name}={self._value(getattr(value, each.name, None))}" for each in dataclasses.fields(value)
            )
            return f"{_name(type(value))}({','.join(fields)})"
        return self._value(type(value))

    def _is_written(self, function: FunctionType) -> bool:
        """Tell a method that somebody wrote from one that a decorator compiled: what that does follows from the annotations."""
        return self._is_own(function.__module__) and function.__code__.co_filename != "<string>"

    def _is_own(self, module: str | None) -> bool:
        return module is not None and module.partition(".")[0] == self._package


def _package(part: Any) -> str | None:
    if isinstance(part, functools.partial):
        return _package(part.func)
    module = getattr(inspect.unwrap(_unbound(part)), "__module__", None) or type(part).__module__
    return str(module).partition(".")[0]


def _unbound(value: Any) -> Any:
    """Return the function behind a bound, static, class or cached method."""
    if isinstance(value, MethodType | staticmethod | classmethod):
        return value.__func__
    return value.func if isinstance(value, functools.cached_property) else value


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _plain(value: Any) -> str | None:
    return f"{_name(type(value))}.{value.name}={value.value!r}" if isinstance(value, Enum) else constant_token(value)


def _has_text(value: Any) -> bool:
    if isinstance(value, tuple | frozenset):
        return any(map(_has_text, value))
    return isinstance(value, str | bytes) and not isinstance(value, Enum)


def _name(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
