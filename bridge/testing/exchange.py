"""Exchanges as data: one request, performed on each path, and what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import unified_diff
from pprint import pformat
from typing import TYPE_CHECKING, Any, Final

from anyio import to_thread

from bridge.errors import ParityMismatch
from bridge.shadow import COMPARED_HEADERS
from bridge.testing.canonical import Canonical
from bridge.testing.state import database_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx
    from sqlalchemy import MetaData
    from sqlalchemy.engine import Engine

__all__ = ["Exchange", "Outcome", "assert_same_outcome", "perform"]

# Cookies are compared on their own, without their values.
HEADERS: Final = tuple(name for name in COMPARED_HEADERS if name != "set-cookie")


@dataclass(frozen=True, slots=True)
class Exchange:
    """
    One request, and what has to be true before it is sent.

    Attributes:
        id: Names the exchange in test reports.
        operation: The operation it addresses, such as ``GET /users/{user_id}``.
        method: HTTP method.
        path: Path and query string, as sent.
        status: The status it must have on every path.
        body: A value sent as JSON, or bytes sent as they are; None for no body.
        headers: Further request headers.
        user_id: Who is logged in; None for nobody.
        prepare: SQL statements run before the request.
    """

    id: str
    operation: str
    method: str
    path: str
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    user_id: int | None = None
    prepare: tuple[str, ...] = ()

    @property
    def content(self) -> bytes | None:
        """The bytes of the body."""
        if self.body is None or isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()

    @property
    def request_headers(self) -> dict[str, str]:
        """The headers to send; a body that is given as a value is declared as JSON."""
        declared = {} if self.body is None or isinstance(self.body, bytes) else {"content-type": "application/json"}
        return {**declared, **self.headers}


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What one path made of an exchange, with made-up values named.

    Attributes:
        path: The path that answered, by the ``Bridge-Path`` header.
        status: HTTP status.
        headers: The compared response headers; the words of ``Allow`` and ``Vary`` sorted, because their order means nothing.
        cookies: The cookies that were set, with their attributes; a value that is signed with the time is not compared.
        body: The response body.
        state: Every row of the database afterwards.
    """

    path: str
    status: int
    headers: dict[str, str]
    cookies: list[str]
    body: str
    state: dict[str, list[dict[str, Any]]]


async def perform(exchange: Exchange, client: httpx.AsyncClient, engine: Engine, tables: MetaData) -> Outcome:
    """
    Send *exchange* and return what came of it.

    Args:
        exchange: The request.
        client: Reaches the application on the path under test, and carries the login.
        engine: Reads the database that the application writes to.
        tables: What to read of it.
    """
    known = Canonical.known_in(await to_thread.run_sync(database_state, engine, tables))
    started = datetime.now(UTC)
    response = await client.request(
        exchange.method, exchange.path, content=exchange.content, headers=exchange.request_headers
    )
    canonical = Canonical(known, started, datetime.now(UTC))
    return Outcome(
        path=response.headers.get("bridge-path", ""),
        status=response.status_code,
        headers={name: _normal(name, response.headers) for name in HEADERS if name in response.headers},
        cookies=sorted(_cookie(value) for value in response.headers.get_list("set-cookie")),
        body=canonical.text(response.content.decode("utf-8", "backslashreplace")),
        state=canonical.value(await to_thread.run_sync(database_state, engine, tables)),
    )


def assert_same_outcome(control: Outcome, candidate: Outcome, *, exchange: Exchange) -> None:
    """
    Check that the candidate path did what the control path did.

    Raises:
        ParityMismatch: Status, headers, cookies, body or database differ; the message is a diff.
    """
    # As text: 1 == True == Decimal("1.00"), but none of them is as good as another in a column or a body.
    if _lines(control) == _lines(candidate):
        return
    names = f"control ({control.path})", f"candidate ({candidate.path})"
    diff = "\n".join(unified_diff(_lines(control), _lines(candidate), *names, lineterm="", n=2))
    msg = f"{exchange.id}: {exchange.method} {exchange.path} differs on the {candidate.path} path:\n{diff}"
    raise ParityMismatch(msg)


def _cookie(header: str) -> str:
    pair, *attributes = (part.strip() for part in header.split(";"))
    name, _, value = pair.partition("=")
    shown = "<value>" if value else ""
    return "; ".join([f"{name}={shown}", *(word for word in attributes if not word.startswith("Expires="))])


def _normal(name: str, headers: httpx.Headers) -> str:
    if name in {"allow", "vary"}:
        return ", ".join(sorted(word.strip() for word in headers[name].split(",")))
    return headers[name]


def _lines(outcome: Outcome) -> list[str]:
    rows = [f"{table}: {row!r}" for table, members in outcome.state.items() for row in members]
    return [
        f"status: {outcome.status}",
        *pformat(outcome.headers).splitlines(),
        f"cookies: {outcome.cookies}",
        outcome.body,
        *rows,
    ]
