"""Show statements and errors without the values in them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["reason_of", "shown"]

LITERAL: Final = re.compile(r"(?:'(?:[^']|'')*')|(?:\$(\w*)\$.*?\$\1\$)", re.DOTALL)
# Not that of a name or a placeholder: int4, $1.
NUMBER: Final = re.compile(r"(?<![\w$:%.])\d+(?:\.\d+)?\b")
ARGUMENT: Final = re.compile(r"query argument (\$\d+)")
QUOTED: Final = re.compile(r'"[^"]*"')
RANGE: Final = re.compile(r"value out of \w+ range")
LONGEST: Final = 120


def shown(statement: str) -> str:
    """Return *statement* on one line of at most 120 characters, with every literal replaced, numbers by a question mark."""
    line = " ".join(NUMBER.sub("?", LITERAL.sub("'...'", statement)).split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."


def reason_of(error: Exception, values: tuple[object, ...] = (), types: tuple[str, ...] = ()) -> str:
    """
    Say why asyncpg refused a statement, with types in place of values, which both it and the server like to quote.

    Args:
        error: What asyncpg raised.
        values: The parameters that were sent.
        types: The server's type of each parameter, where known.
    """
    message = str(error).split("\n", 1)[0]
    state = getattr(error, "sqlstate", None) or type(error).__name__
    argument = ARGUMENT.search(message)
    if argument is None:
        # Class 22 is about data, and quotes it; the other classes quote names.
        return f"{state}: {QUOTED.sub('...', message) if state.startswith('22') else message}"
    position = int(argument[1][1:]) - 1
    given = type(values[position]).__name__ if position < len(values) else "a value"
    wanted = types[position] if position < len(types) else "the server's type"
    out_of_range = RANGE.search(message)
    return f"{argument[1]} is {given}, and asyncpg cannot send it as {wanted}" + (
        f" ({out_of_range[0]})" if out_of_range else ""
    )
