"""Short ways to write a request."""

from __future__ import annotations

from typing import Any, Final

from tests.corpus.raw import RawRequest

__all__ = ["FORM", "JSON", "TEXT", "each", "post", "req"]

JSON: Final = {"Content-Type": "application/json"}
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}
TEXT: Final = {"Content-Type": "text/plain"}


def req(
    method: str,
    target: str,
    note: str = "",
    headers: dict[str, str] | tuple[tuple[str, str], ...] = (),
    *,
    app: str = "plain",
    **more: Any,
) -> RawRequest:
    """Write one request; its id says what is sent, and *note* what is special about it."""
    lines = tuple(headers.items()) if isinstance(headers, dict) else headers
    shown = target if len(target) < 80 else f"{target[:40]}...{len(target)}"
    return RawRequest(
        id=" ".join(filter(None, (app, method, shown, note))),
        app=app,
        method=method,
        target=target,
        headers=lines,
        **more,
    )


def each(method: str, *targets: str, app: str = "plain") -> tuple[RawRequest, ...]:
    """Write one request for each target."""
    return tuple(req(method, target, app=app) for target in targets)


def post(
    target: str, note: str, body: bytes, headers: dict[str, str] | None = None, *, app: str = "plain", **more: Any
) -> RawRequest:
    """Write a POST request with a body."""
    return req("POST", target, note, headers or {}, app=app, body=body, **more)
