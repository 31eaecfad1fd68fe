"""The response model of an operation that names none: what its function says it returns."""

from __future__ import annotations

import warnings
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic.json_schema import PydanticJsonSchemaWarning
from starlette.responses import Response

from bridge.routing.signature import bare, is_one_of, plain_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.routing.signature import UnitFunction

__all__ = ["annotated_model"]

# What Pydantic reads one by one, when the session may be closed.
LAZY: Final = "generator"


def annotated_model(function: UnitFunction) -> Any:
    """
    Return the annotation of what *function* returns, where that can be a response model; else None.

    It is one where it is made of models of Pydantic, which say what is sent; responses in a union with them do not count. Nothing else
    is: not ``dict[str, Any]`` or ``float``, which nobody checked under Flask, and which its JSON provider writes in its own way; not what
    is anything in part, or an iterable; nor where Pydantic has no schema for it, such as for a mapped class.
    """
    annotation = _without_responses(_returned(function))
    leaves = [bare(leaf) for leaf in _leaves(annotation)]
    if Any in leaves or not any(is_one_of(leaf, (BaseModel,)) for leaf in leaves):
        return None
    try:
        adapter = TypeAdapter(annotation)
        adapter.rebuild(raise_errors=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PydanticJsonSchemaWarning)  # FastAPI says it again
            adapter.json_schema(mode="serialization")
    except PydanticUndefinedAnnotation:
        return annotation  # it can be completed until the first request
    except PydanticUserError:
        return None
    return None if adapter.core_schema["type"] == LAZY else annotation


def _returned(function: UnitFunction) -> Any:
    try:
        # Names in quotes are resolved inside of other annotations as well: list["Item"].
        hints = get_type_hints(plain_function(function.call), include_extras=True)
    except Exception:  # noqa: BLE001  an annotation is any expression, of names that may only exist for a type checker
        hints = {}
    return hints.get("return", function.returns)


def _without_responses(annotation: Any) -> Any:
    plain = bare(annotation)
    if is_one_of(plain, (Response,)):
        return None
    if get_origin(plain) not in {Union, UnionType}:
        return annotation
    members = get_args(plain)
    kept = tuple(member for member in members if not is_one_of(bare(member), (Response,)))
    if kept == members:
        return annotation
    return Union[kept] if kept else None  # noqa: UP007  how many there are is known at run time only


def _leaves(annotation: Any) -> Iterator[Any]:
    arguments = get_args(annotation)
    if not arguments:
        yield annotation
    for argument in arguments:
        yield from _leaves(argument)
