"""
The instruments of `bridge.porting` as a pytest plugin: ``pytest_plugins = ["bridge.testing.instruments"]`` in the top `conftest.py`.

``--bridge-guard=raise`` or ``report`` guards every test, ``--bridge-probe`` and ``--bridge-values`` switch on the other two, and
``--bridge-report=FILE`` keeps the findings as JSON. Only the tests themselves are looked at, not their fixtures. A summary ends the run,
with pytest-xdist as well.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bridge.porting import Report, guarded, instrumented, probed, values_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__: list[str] = []

REPORT = pytest.StashKey[Report]()
# The key under which a worker of pytest-xdist hands its findings to the main process.
OUTPUT = "bridge_report"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("bridge", "see trouble before porting")
    group.addoption(
        "--bridge-guard", choices=("raise", "report"), help="run synchronous sessions as AsyncSession would"
    )
    group.addoption(
        "--bridge-expire-on-commit",
        action="store_true",
        help="the AsyncSession of the port will have expire_on_commit=True",
    )
    group.addoption("--bridge-probe", action="store_true", help="check each statement against asyncpg")
    group.addoption("--bridge-values", action="store_true", help="name values on which the drivers differ")
    group.addoption("--bridge-report", metavar="FILE", type=Path, help="write the findings as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Make the report of this process."""
    config.stash[REPORT] = Report()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Look at the test, but not at its fixtures."""
    option = item.config.option
    report = item.config.stash[REPORT]
    with ExitStack() as instruments:
        if option.bridge_probe:
            instruments.enter_context(probed(report=report))
        if option.bridge_values:
            instruments.enter_context(values_checked(report=report))
        if option.bridge_guard:
            expire = bool(option.bridge_expire_on_commit)
            instruments.enter_context(guarded(on_finding=option.bridge_guard, expire_on_commit=expire, report=report))
        yield


@pytest.fixture
def bridge_guard() -> Iterator[Report]:
    """Guard one test: it fails where `AsyncSession` would."""
    with guarded() as report:
        yield report


@pytest.fixture
def bridge_instruments() -> Iterator[Report]:
    """Look at one test with all three instruments, which only report."""
    with instrumented() as report:
        yield report


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # noqa: ARG001 - the hook's signature
    """Take over what a worker of pytest-xdist found; one that crashed has nothing to hand over."""
    document = getattr(node, "workeroutput", {}).get(OUTPUT)
    if document is not None:
        node.config.stash[REPORT].merge(document)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over, or keep, what was found."""
    report = session.config.stash[REPORT]
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[OUTPUT] = report.to_json()
    elif session.config.option.bridge_report:
        kept: Path = session.config.option.bridge_report
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(report.to_json(), encoding="utf-8")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Show what was found, if anything was looked for."""
    option = config.option
    if option.bridge_guard or option.bridge_probe or option.bridge_values:
        terminalreporter.section("trouble before porting")
        terminalreporter.write_line(config.stash[REPORT].text())
