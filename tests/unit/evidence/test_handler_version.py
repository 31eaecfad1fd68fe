"""A version changes when the code that it is of does, and at no other time."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from textwrap import dedent
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.evidence import version_of
from bridge.evidence.bytecode import constant_token
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = """
import functools
from dataclasses import dataclass, field
from enum import Enum
from decimal import Decimal
from typing import Annotated

LIMIT = 20
HOST = "db1.example"
RATES = (1, 2)

class Kind(Enum):
    A = 1

def logged(function):
    @functools.wraps(function)
    async def inner(*args, **kwargs):
        return await function(*args, **kwargs)
    return inner

def needs(role):
    def decorate(function):
        @functools.wraps(function)
        async def inner(*args, **kwargs):
            return await function(*args, **kwargs) if role else None
        return inner
    return decorate

def total(amounts):
    return round(sum(amounts), 2)

def untouched():
    return 1

class Money:
    '''An amount.'''
    cents = 100

    def __init__(self, amount):
        self.amount = amount

    @property
    def shown(self):
        return f"{self.amount / self.cents:.2f}"

@dataclass
class Read:
    name: str
    size: int = 0

@needs("admin")
@logged
async def port(session, page: int = 1, *, size: int = LIMIT) -> Read:
    '''Answer.'''
    numbers = [each * RATES[0] for each in range(page)]
    try:
        found = Money(total(numbers)).shown
    except (ValueError, KeyError):
        found = Kind.A.value
    if found in {"a", "b"}:
        return HOST
    return Read(found, LIMIT)
"""


def module(source: str, *, name: str = "shop.services", file: str = "services.py") -> ModuleType:
    made = ModuleType(name)
    made.__dict__["__file__"] = file
    sys.modules[name] = made  # dataclasses look there
    exec(compile(dedent(source), file, "exec"), made.__dict__)  # noqa: S102  that is how modules are made
    return made


def version(source: str, **options: str) -> str:
    return version_of(module(source, **options).port)


@pytest.fixture(autouse=True)
def forget_modules() -> Iterator[None]:
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] in {"shop", "elsewhere"}]:
        del sys.modules[name]


def test_a_version_has_twelve_hexadecimal_digits() -> None:
    assert len(version(SERVICE)) == 12
    assert int(version(SERVICE), 16) >= 0


SAME = {
    "lines": ("LIMIT = 20", "\n\n# a comment\n\nLIMIT = 20"),
    "layout": ("Read(found, LIMIT)", "Read(\n        found,\n        LIMIT,\n    )"),
    "a comment inside": ("    numbers =", "    # why\n    numbers ="),
    "the docstring": ("'''Answer.'''", "'''Answer at\n    length.'''"),
    "no docstring": ("    '''Answer.'''\n", ""),
    "the docstring of a class": ("'''An amount.'''", "'''A sum of money.'''"),
    "text of a host": ('"db1.example"', '"db2.example"'),
    "a function that is not called": ("return 1", "return 2"),
    "statements on one line": (
        "    try:\n        found = Money(total(numbers)).shown",
        "    try: found = Money(total(numbers)).shown",
    ),
}
CHANGED = {
    "the body": ("Read(found, LIMIT)", "Read(found, 0)"),
    "a constant inside": ("return found if", "return found if"),
    "a called function": ("sum(amounts), 2", "sum(amounts), 3"),
    "a class": (":.2f", ":.3f"),
    "a value of a class": ("cents = 100", "cents = 1000"),
    "a number in a global": ("LIMIT = 20", "LIMIT = 21"),
    "a tuple in a global": ("(1, 2)", "(1, 3)"),
    "an enumeration": ("A = 1", "A = 2"),
    "a default": ("page: int = 1", "page: int = 2"),
    "an annotation": ("page: int", "page: float"),
    "a field of what is returned": ("size: int = 0", "size: float = 0"),
    "a parameter": ("session, page", "db, page"),
    "a decorator": ("@logged\n", ""),
    "a decorator's argument": ('"admin"', '"owner"'),
    "a decorator's code": ("if role else None", "if not role else None"),
    "an exception that is caught": ("KeyError", "TypeError"),
    "what is done in a comprehension": ("each * RATES[0]", "each + RATES[0]"),
    "a set of constants": ('{"a", "b"}', '{"a", "c"}'),
    "a number of another type": ("LIMIT = 20", "LIMIT = 20.0"),
    "awaiting nothing": ("async def port", "def port"),
    "a jump": ("if found in", "if found not in"),
}
del CHANGED["a constant inside"]


@pytest.mark.parametrize("change", SAME)
def test_a_version_does_not_depend_on(change: str) -> None:
    before, after = SAME[change]
    assert before in SERVICE
    assert version(SERVICE.replace(before, after)) == version(SERVICE)


@pytest.mark.parametrize("change", CHANGED)
def test_a_version_depends_on(change: str) -> None:
    before, after = CHANGED[change]
    assert before in SERVICE
    assert version(SERVICE.replace(before, after)) != version(SERVICE)


def test_a_version_does_not_depend_on_the_place_of_the_file() -> None:
    assert version(SERVICE, file="/srv/a/services.py") == version(SERVICE, file="/srv/b/services.py")


def test_no_two_changes_have_the_same_version() -> None:
    versions = [version(SERVICE.replace(*change)) for change in CHANGED.values()]
    assert len(set(versions)) == len(CHANGED)


PORT = """
from shop import services
import elsewhere
from elsewhere import other

async def port(session):
    return services.find(session), other(), elsewhere.other()
"""


@pytest.mark.parametrize(("body", "equal"), [("return 1", True), ("return 2", False)])
def test_a_function_called_through_its_module_counts(body: str, *, equal: bool) -> None:
    def version_with(found: str) -> str:
        services = module(f"def find(session):\n    {found}")
        sys.modules["shop"] = shop = ModuleType("shop")
        shop.__dict__["services"] = services
        module("def other():\n    return 1", name="elsewhere")
        return version(PORT, name="shop.routes")

    assert (version_with(body) == version_with("return 1")) is equal


def test_of_another_package_only_the_names_count() -> None:
    def version_with(body: str) -> str:
        sys.modules["shop"] = shop = ModuleType("shop")
        shop.__dict__["services"] = module("def find(session):\n    return 1")
        module(f"def other():\n    {body}", name="elsewhere")
        return version(PORT, name="shop.routes")

    assert version_with("return 1") == version_with("return 2")


def test_what_a_called_function_calls_counts_also_where_they_call_each_other() -> None:
    source = """
    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    def port(session, n):
        return even(n)
    """
    assert version(source) == version(source)
    assert version(source) != version(source.replace("n != 0", "n > 0"))


def test_the_legacy_function_can_be_part_of_it() -> None:
    made = module(SERVICE)
    both = version_of(made.port, made.untouched)
    changed = module(SERVICE.replace("return 1", "return 2"))
    assert version_of(changed.port, changed.untouched) != both
    assert version_of(made.port) != both


def test_a_partial_function_has_the_code_of_the_one_behind_it() -> None:
    def given(source: str, size: int) -> str:
        return version_of(partial(module(source).port, size=size))

    assert given(SERVICE, 1) == given(SERVICE, 1) != given(SERVICE, 2)
    assert given(SERVICE.replace("sum(amounts), 2", "sum(amounts), 3"), 1) != given(SERVICE, 1)


def test_what_an_exception_handler_covers_counts() -> None:
    inside = """
    def port(session):
        try:
            session.begin()
            session.work()
        except KeyError:
            return None
    """
    before = inside.replace("try:\n            session.begin()\n", "session.begin()\n        try:\n")
    assert before != inside
    assert version(before) != version(inside)


def test_the_order_of_a_set_does_not_count() -> None:
    one, other = frozenset([0, 8]), frozenset([8, 0])
    assert list(one) != list(other)
    assert constant_token(one) == constant_token(other)


def test_a_version_is_equal_in_another_process_with_other_hashes_of_text() -> None:
    program = dedent(
        """
        import sqlalchemy.orm
        from async_app.app import compose
        from tests.conftest import settings_for
        from bridge.evidence import version_of
        from bridge.routing.output_version import version_parts

        bridge = compose(settings_for("native", "postgresql://unused/unused")).bridge

        def versions():
            both = [o for o in bridge.operations if o.native and o.legacy]
            ports = [version_of(o.native.call, o.legacy.call, *version_parts(o.output)) for o in both]
            return ports + [version_of(o.legacy.call) for o in both]

        found = versions()
        sqlalchemy.orm.configure_mappers()
        assert versions() == found, "versions do not depend on whether the mappers are configured"
        assert len(set(found)) == len(found) > 10, found
        print(*found)
        """
    )
    shown = []
    for seed in ("1", "2"):
        environ = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, env=environ, check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        shown.append(done.stdout)
    assert shown[0] == shown[1]


@given(st.integers(0, 40), st.integers(0, 3))
def test_blank_lines_anywhere_change_nothing(at: int, blank: int) -> None:
    lines = SERVICE.splitlines()
    lines[at:at] = [""] * blank
    assert version("\n".join(lines)) == version(SERVICE)
