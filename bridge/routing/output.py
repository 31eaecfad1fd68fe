"""What an operation declares of its responses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge.compat.responses import BODILESS
from bridge.routing.response_model import annotated_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.routing.signature import UnitFunction

__all__ = ["Output", "output_of"]


@dataclass(frozen=True, slots=True)
class Output:
    """
    How what a function returns becomes a response.

    Attributes:
        response_model: Shape of the body; read from attributes, so lazy loading happens here.
        status_code: HTTP status of a success; None for that of the response class.
        present: Turns the result into what the response model reads.
        headers: Further response headers, computed from the result.
    """

    response_model: Any = None
    status_code: int | None = None
    present: Callable[[Any], Any] | None = None
    headers: Callable[[Any], Mapping[str, str]] | None = None


def output_of(
    function: UnitFunction,
    options: Mapping[str, Any],
    *,
    present: Callable[[Any], Any] | None,
    headers: Callable[[Any], Mapping[str, str]] | None,
) -> Output:
    """
    Return what FastAPI's *options* of an operation and those of the bridge say of its responses.

    As in FastAPI, the return annotation of *function* is the response model where the options have none and do not deny one; not so
    where *present* turns the result into something else, nor where the status allows no body.
    """
    status_code = options.get("status_code")
    if "response_model" in options:
        model = options["response_model"]
    else:
        model = annotated_model(function) if present is None and status_code not in BODILESS else None
    return Output(
        response_model=model,
        status_code=None if status_code is None else int(status_code),
        present=present,
        headers=headers,
    )
