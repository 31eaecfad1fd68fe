"""
Run every case against every adapter and write the table into the documentation.

Run ``python -m tests.conformance.report``. Each case runs in a thread of its own, because some cases hang some adapters
for good; what follows a case that did not pass runs in a new process, because a stuck thread would spoil it.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conformance.adapters import OURS, PEERS
from tests.conformance.cases import CASES, Case

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.types import ASGIApp, WSGIApp

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "conformance.md"
TIMEOUT_S = 6.0
_MARKS = {"pass": "✓", "fail": "✗", "hang": "hangs"}
_GROUPS = {
    "request": "The request as the application sees it",
    "body": "The request body",
    "response": "The response as the client sees it",
    "flask": "What Flask applications rely on",
    "lifetime": "Disconnects, cancellation, and what is left behind",
    "bad": "Requests and applications that break the rules",
}
_INTRODUCTION = """\
# Conformance

An adapter between ASGI and WSGI should be invisible: the application sees the request that a WSGI server would give it, and
the client sees the response that a WSGI server would send.
Each row below is one fact about such an adapter, and one test.
The tests speak ASGI to the adapter in process, message by message, so that every header, chunk and disconnect is exact.

The table is written by `python -m tests.conformance.report`; nothing in it is typed.
✓ means that the fact holds, ✗ that it does not, and *hangs* that the case had not ended after {timeout:g} seconds.
The suite asserts only the columns of `bridge`: *wrapped* has WSGI middleware around the Flask application, *on demand* reads
the body while the client sends it.
Each case stands alone: what follows a case that failed or hung runs in a new process.
Some of the malformed requests never get past the parser of a real server; the rows say what the adapter does by itself.
A ✗ says that an adapter differs from what WSGI servers do, not that it cannot be used.

Versions: {versions}.
"""


def outcome(case: Case, adapter: Callable[[WSGIApp], ASGIApp]) -> str:
    """Run one case; return ``pass``, ``fail`` or ``hang``."""
    result = ["hang"]

    def run() -> None:
        try:
            asyncio.run(asyncio.wait_for(case.run(adapter), TIMEOUT_S))
        except TimeoutError:
            result[0] = "hang"
        except BaseException:  # noqa: BLE001 - whatever a peer raises, SystemExit too, is a failure and nothing else
            result[0] = "fail"
        else:
            result[0] = "pass"

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(TIMEOUT_S + 2)
    return result[0]


def run_adapter(name: str, skip: int) -> list[str]:
    """Run cases against one adapter, in this process, without the first *skip*, until one may have left a thread."""
    adapter = (OURS | PEERS)[name]
    logging.getLogger().addHandler(logging.NullHandler())
    results = []
    for case in CASES[skip:]:
        results.append(outcome(case, adapter))
        if results[-1] == "hang" or (results[-1] == "fail" and case.group == "lifetime"):
            break
    return results


def run_all() -> dict[str, dict[str, str]]:
    """Run all cases against all adapters."""
    results = {}
    for name in [*OURS, *PEERS]:
        outcomes: list[str] = []
        while len(outcomes) < len(CASES):
            command = [sys.executable, "-W", "ignore", "-m", "tests.conformance.report", name, str(len(outcomes))]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            outcomes += json.loads(done.stdout)
        results[name] = {case.id: result for case, result in zip(CASES, outcomes, strict=True)}
    return results


def render(results: dict[str, dict[str, str]]) -> str:
    """Return the page as Markdown."""
    packages = ["flask", "werkzeug", "a2wsgi", "asgiref", "starlette"]
    versions = ", ".join(f"{package} {importlib.metadata.version(package)}" for package in packages)
    names = list(results)
    titles = [name.replace("-pep3333", ", wrapped").replace("-on-demand", ", on demand") for name in names]
    lines = [_INTRODUCTION.format(timeout=TIMEOUT_S, versions=versions)]
    lines += ["## Totals", "", f"| | {' | '.join(titles)} |", f"|---|{'---|' * len(names)}"]
    passed = [sum(result == "pass" for result in results[name].values()) for name in names]
    lines += [f"| passed of {len(CASES)} | {' | '.join(map(str, passed))} |", ""]
    for group, title in _GROUPS.items():
        lines += [f"## {title}", "", f"| fact | {' | '.join(titles)} |", f"|---|{'---|' * len(names)}"]
        for case in CASES:
            if case.group == group:
                marks = " | ".join(_MARKS[results[name][case.id]] for name in names)
                lines.append(f"| {case.fact} | {marks} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    if len(sys.argv) > 1:
        sys.stdout.write(json.dumps(run_adapter(sys.argv[1], int(sys.argv[2]))))
        sys.stdout.flush()
        os._exit(0)  # threads that hang would keep the interpreter from ending
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(run_all()))
    sys.stdout.write(f"wrote {PAGE}\n")


if __name__ == "__main__":
    main()
