"""What a function does, as tokens that say nothing of where it is written."""

from __future__ import annotations

import dis
import inspect
from bisect import bisect_left
from types import CodeType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["constant_token", "loaded_globals", "tokens_of_code"]

# NOP only carries a line number, and EXTENDED_ARG and CACHE depend on how many constants and instructions come before.
WITHOUT_EFFECT: Final = frozenset({"CACHE", "EXTENDED_ARG", "NOP"})
CONSTANT: Final = frozenset(dis.hasconst)
JUMP: Final = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)
KIND: Final = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ITERABLE_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)
GLOBAL: Final = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
ATTRIBUTE: Final = frozenset({"LOAD_ATTR", "LOAD_METHOD"})


def tokens_of_code(code: CodeType) -> Iterator[str]:
    """
    Yield what *code* does: its parameters, instructions with the names and constants they use, exception handlers, inner functions.

    Equal for two compilations by one minor version of Python that differ only in file, line numbers and docstrings.
    """
    yield f"({code.co_posonlyargcount},{code.co_argcount},{code.co_kwonlyargcount},{code.co_flags & KIND}"
    parameters = code.co_argcount + code.co_kwonlyargcount
    yield ",".join(code.co_varnames[:parameters])
    bytecode = dis.Bytecode(code)
    effective = [each for each in bytecode if each.opname not in WITHOUT_EFFECT]
    offsets = [each.offset for each in effective]

    def place(offset: int) -> int:
        """Return how many instructions with an effect come before *offset*."""
        return bisect_left(offsets, offset)

    for instruction in effective:
        yield instruction.opname
        if instruction.opcode in CONSTANT:
            yield from _constant(instruction.argval)
        elif instruction.opcode in JUMP:
            yield f"to {place(instruction.argval)}"
        elif isinstance(instruction.argval, str):
            yield instruction.argval
        elif instruction.arg is not None:
            yield f"{instruction.arg} {instruction.argrepr}"
    for entry in bytecode.exception_entries:  # type: ignore[attr-defined]  # there since 3.11
        yield f"handler {place(entry.start)} {place(entry.end)} {place(entry.target)} {entry.depth} {entry.lasti}"
    yield ")"


def loaded_globals(code: CodeType) -> Iterator[tuple[str, ...]]:
    """Yield each global name that *code* and its inner functions load, with the attributes that are read from it at once."""
    chain: list[str] = []
    for instruction in dis.get_instructions(code):
        if instruction.opname in WITHOUT_EFFECT:
            continue
        if chain and instruction.opname in ATTRIBUTE:
            chain.append(instruction.argval)
            continue
        if chain:
            yield tuple(chain)
        chain = [instruction.argval] if instruction.opname in GLOBAL else []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from loaded_globals(constant)


def constant_token(value: Any) -> str | None:
    """Return *value*, a constant, with its type; None for what is no constant."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes) or value is Ellipsis:
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple | frozenset):
        tokens = [constant_token(each) for each in value]
        if None in tokens:
            return None
        ordered = map(str, tokens) if isinstance(value, tuple) else sorted(map(str, tokens))
        return f"{type(value).__name__} ({','.join(ordered)})"
    return None


def _constant(value: Any) -> Iterator[str]:
    if isinstance(value, CodeType):
        yield from tokens_of_code(value)
    else:
        yield constant_token(value) or type(value).__name__
