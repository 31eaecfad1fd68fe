"""Packages that only some stores need."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from bridge.errors import ExtraMissing

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["require"]


def require(module: str, *, extra: str) -> ModuleType:
    """
    Import *module*.

    Raises:
        ExtraMissing: The package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        msg = f"{error.name} is not installed: install it with pip install 'legacy-bridge[{extra}]'"
        raise ExtraMissing(msg) from None
