"""Every package lists what it offers, sorted and complete."""

from __future__ import annotations

import ast
import importlib
from typing import TYPE_CHECKING

import pytest

import bridge
import bridge.errors
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

# As ruff sorts them (RUF022): constants, then classes, then functions, each in alphabetical order.
PACKAGES = sorted(
    ".".join(path.parent.relative_to(ROOT).parts)
    for package in ("bridge", "async_app")
    for path in (ROOT / package).rglob("__init__.py")
)
MODULES = sorted(
    ".".join(path.with_suffix("").relative_to(ROOT).parts)
    for path in (ROOT / "bridge").rglob("*.py")
    if path.name != "__init__.py"
)


def sort_key(name: str) -> tuple[int, str]:
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return kind, name


def imported_names(package: str) -> Iterator[str]:
    source = (ROOT.joinpath(*package.split(".")) / "__init__.py").read_text()
    for node in ast.parse(source).body:
        if isinstance(node, ast.ImportFrom) and node.module != "__future__":
            yield from (alias.asname or alias.name for alias in node.names)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_lists_exactly_what_it_imports(package: str) -> None:
    names = sorted(imported_names(package))
    assert sorted(getattr(importlib.import_module(package), "__all__", [])) == names


@pytest.mark.parametrize("name", [*PACKAGES, *MODULES])
def test_a_list_of_exports_is_sorted_and_every_name_is_there(name: str) -> None:
    module = importlib.import_module(name)
    exports = getattr(module, "__all__", [])
    assert exports == sorted(exports, key=sort_key)
    assert len(set(exports)) == len(exports)
    for export in exports:
        assert getattr(module, export) is not None


def test_the_library_exports_every_error_and_each_has_a_code_of_its_own() -> None:
    errors = [getattr(bridge.errors, name) for name in bridge.errors.__all__]
    assert set(bridge.errors.__all__) <= set(bridge.__all__)
    assert all("code" in vars(error) for error in errors), "a code must not be inherited"
    assert len({error.code for error in errors}) == len(errors)


def test_every_error_that_is_defined_is_exported() -> None:
    defined = {
        value.__name__
        for value in vars(bridge.errors).values()
        if isinstance(value, type) and issubclass(value, bridge.errors.BridgeError)
    }
    assert defined == set(bridge.errors.__all__)
