"""What an operation declares of its responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from bridge.compat.responses import BODILESS
from bridge.routing.response_model import annotated_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from bridge.routing.signature import UnitFunction

__all__ = ["Output", "output_of"]

DUMP: Final = ("include", "exclude", "by_alias", "exclude_unset", "exclude_defaults", "exclude_none")


@dataclass(frozen=True, slots=True)
class Output:
    """
    How what a function returns becomes a response.

    Attributes:
        response_model: Shape of the body; read from attributes, so lazy loading happens here.
        dump: What FastAPI's ``response_model_*`` options say, as arguments of Pydantic's ``dump_python`` and ``dump_json``.
        response_class: Makes the response of plain data; None for JSON as the router writes it.
        status_code: HTTP status of a success; None for that of the response class.
        present: Turns the result into what the response model reads.
        headers: Further response headers, computed from the result.
    """

    response_model: Any = None
    dump: Mapping[str, Any] = field(default_factory=lambda: {"by_alias": True}, hash=False)
    response_class: type[Response] | None = None
    status_code: int | None = None
    present: Callable[[Any], Any] | None = None
    headers: Callable[[Any], Mapping[str, str]] | None = None


def output_of(
    function: UnitFunction,
    options: Mapping[str, Any],
    *,
    response_class: type[Response] | None,
    present: Callable[[Any], Any] | None,
    headers: Callable[[Any], Mapping[str, str]] | None,
) -> Output:
    """
    Return what FastAPI's *options* of an operation and those of the bridge say of its responses.

    The return annotation of *function* is the response model where it can be, see `annotated_model`, and the options have none and do
    not deny one; not so where *present* turns the result into something else, nor where the status allows no body.
    """
    status_code = options.get("status_code")
    if "response_model" in options:
        model = options["response_model"]
    else:
        model = annotated_model(function) if present is None and status_code not in BODILESS else None
    return Output(
        response_model=model,
        dump={"by_alias": True, **_dump(options)},
        response_class=options.get("response_class", response_class),
        status_code=None if status_code is None else int(status_code),
        present=present,
        headers=headers,
    )


def _dump(options: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: options[f"response_model_{name}"] for name in DUMP if f"response_model_{name}" in options}
    # Pydantic takes no list of names, which FastAPI's option allows.
    return {name: set(value) if isinstance(value, list | tuple) else value for name, value in given.items()}
