"""Operations, their correct ports, and ports with a defect; all in one application, each under a prefix of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.integration.shadow.reading import Checked

__all__ = ["Defect", "Operation", "Sent", "declare", "paths"]


@dataclass(frozen=True, slots=True)
class Sent:
    """
    A request that a caller sends.

    Attributes:
        path: Its target, behind the prefix.
        times: How many callers send it at the same time.
        options: What else `httpx.AsyncClient.request` takes.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, slots=True)
class Operation:
    """
    What is ported.

    Attributes:
        method: Its method.
        path: Its path in FastAPI.
        native: The correct port.
        traffic: What callers send, by name.
        view: The Flask view that it replaces; gets a session, which is committed, before what the URL holds.
        rule: The path in Flask, where it differs.
        legacy: The function that it replaces, where there is no view.
        options: What else the router is told.
    """

    method: str
    path: str
    native: Callable[..., Any]
    traffic: Mapping[str, Sent]
    view: Callable[..., Any] | None = None
    rule: str | None = None
    legacy: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Defect:
    """
    A mistake in a port.

    Attributes:
        id: What is wrong.
        rule: What it must be called.
        native: The port that has it; None where only `options` are wrong.
        also: Further rules that rightly name what follows from it.
        options: What the router is told instead.
        compat: Shims that are switched off.
        sent: Names of the requests that reach it; the operation's first, where nothing is said.
        missed: Why it is not found; None where it is.
    """

    id: str
    rule: str
    native: Callable[..., Any] | None = None
    also: frozenset[str] = frozenset()
    options: Mapping[str, Any] = field(default_factory=dict)
    compat: Mapping[str, Any] = field(default_factory=dict)
    sent: Sequence[str] = ()
    missed: str | None = None


def paths(*targets: str) -> dict[str, Sent]:
    """Return a request for each target, by that name."""
    return {each: Sent(each) for each in targets}


def declare(
    migration: Checked,
    prefix: str,
    operation: Operation,
    native: Callable[..., Any] | None = None,
    **options: Any,
) -> None:
    """Declare *operation* under *prefix*, with *native* or its correct port."""
    if operation.view is not None:
        migration.legacy.add_url_rule(
            prefix + (operation.rule or operation.path),
            endpoint=f"{prefix} {operation.method} {operation.path}",
            view_func=_in_session(migration, operation.view),
            methods=[operation.method],
        )
    migration.router.api_route(
        prefix + operation.path,
        methods=[operation.method],
        legacy=operation.legacy,
        **{**operation.options, **options},
    )(native or operation.native)


def _in_session(migration: Checked, view: Callable[..., Any]) -> Callable[..., Any]:
    def answer(**values: Any) -> Any:
        with migration.bridge.database.sessions() as session:
            answer = view(session, **values)
            session.commit()
        return answer

    return answer
