"""Settings of the server: libpq's ``options`` in words, asyncpg's ``server_settings`` as a mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["parse_options", "render_options"]


def parse_options(options: str) -> dict[str, str] | None:
    """
    Return the settings that *options* makes, names as the server spells them, or None where it holds any other switch.

    The server reads ``-c name=value``, ``-cname=value`` and ``--name=value``; a backslash takes the next character as it is.
    """
    settings = dict[str, str]()
    words = _words(options)
    for word in words:
        if word.startswith("-c"):
            assignment = word[2:] or next(words, "")
        elif word.startswith("--"):
            assignment = word[2:]
        else:
            return None
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            return None
        settings[name.replace("-", "_").lower()] = value
    return settings


def render_options(settings: Mapping[str, str]) -> str:
    """Return *settings* as libpq's ``options``."""
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def _escaped(value: str) -> str:
    return re.sub(r"([\s\\])", r"\\\1", value)


def _words(options: str) -> Iterator[str]:
    # As the server splits them: https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/init/postinit.c (pg_split_opts)
    for word in re.findall(r"(?:\\.|\\$|[^\s\\])+", options, re.ASCII | re.DOTALL):
        yield re.sub(r"\\(.?)", r"\1", word, flags=re.DOTALL)
