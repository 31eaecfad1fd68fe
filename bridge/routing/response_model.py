"""The response model of an operation that names none: what its function says it returns."""

from __future__ import annotations

import inspect
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from starlette.responses import Response

from bridge.routing.signature import bare, is_one_of, plain_function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.routing.signature import UnitFunction

__all__ = ["annotated_model"]

# Of what may be anything, and of what Pydantic reads one by one, when the session may be closed.
WITHOUT_SHAPE: Final = frozenset({"any", "generator"})


def annotated_model(function: UnitFunction) -> Any:
    """
    Return the annotation of what *function* returns, where that can be a response model; else None.

    It cannot where it is missing, None, a response, anything at all or an iterable, nor where Pydantic has no schema for it, such as for a
    mapped class. What is no response in a union with some is what the model is of.
    """
    annotation = _without_responses(_returned(function))
    if annotation in (
        None,
        NoneType,
        inspect.Signature.empty,
    ):  # not a set: what ``Annotated`` adds need not be hashable
        return None
    try:
        adapter = TypeAdapter(annotation)
        adapter.rebuild(raise_errors=True)
    except PydanticUndefinedAnnotation:
        # A model can be completed until the first request; a dataclass that names a type for type checkers never is.
        return annotation if any(is_one_of(leaf, (BaseModel,)) for leaf in _leaves(annotation)) else None
    except PydanticUserError:
        return None
    return None if adapter.core_schema["type"] in WITHOUT_SHAPE else annotation


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
