"""Check that a port takes what the legacy function takes, and show FastAPI the parameters it fills."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

from fastapi.params import Depends
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session

from bridge.errors import LegacyIsAsync, SignatureMismatch

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "UnitFunction",
    "bare",
    "check_same_parameters",
    "endpoint_signature",
    "is_dependency",
    "is_one_of",
    "plain_function",
    "read_function",
]

SESSION_TYPES: Final = (Session, scoped_session)
ASYNC_SESSION_TYPES: Final = (AsyncSession, async_scoped_session)
EMPTY: Final = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class UnitFunction:
    """
    A function that does one unit of work.

    Attributes:
        call: The function itself.
        name: Its qualified name, for messages.
        session: The name of the parameter that takes the session, if it has one.
        parameters: Every other parameter.
        is_async: Whether it runs on the event loop.
        returns: The annotation of what it returns.
    """

    call: Callable[..., Any]
    name: str
    session: str | None
    parameters: tuple[inspect.Parameter, ...]
    is_async: bool
    returns: Any = EMPTY

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parameters))})"


def read_function(call: Callable[..., Any]) -> UnitFunction:
    """
    Read the signature of *call*.

    Raises:
        SignatureMismatch: It takes ``*args`` or ``**kwargs``, the wrong kind of session, or two sessions, so its parameters could
            not be filled; or it is an asynchronous generator.
    """
    function = plain_function(call)
    name = f"{function.__module__}.{getattr(function, '__qualname__', repr(function))}"
    if inspect.isasyncgenfunction(call):
        msg = f"{name} is an asynchronous generator, which would run when its session is closed: return a StreamingResponse"
        raise SignatureMismatch(msg)
    # An object may be called, too.
    is_async = inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(type(call).__call__)
    session: str | None = None
    parameters = []
    try:
        signature = inspect.signature(call, eval_str=True)
    except NameError as error:
        msg = f"{name} has an annotation that does not exist at run time ({error}): import it outside of TYPE_CHECKING"
        raise SignatureMismatch(msg) from error
    for parameter in signature.parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
            msg = f"{name} takes {parameter}, which no request can fill: name each parameter"
            raise SignatureMismatch(msg)
        plain = bare(parameter.annotation)
        if is_dependency(parameter):
            parameters.append(parameter)
        elif is_one_of(plain, ASYNC_SESSION_TYPES if is_async else SESSION_TYPES):
            if session is not None:
                msg = (
                    f"{name} takes two sessions, {session!r} and {parameter.name!r}, but a unit of work has one: "
                    "give the other with Depends()"
                )
                raise SignatureMismatch(msg)
            session = parameter.name
        elif is_one_of(plain, SESSION_TYPES if is_async else ASYNC_SESSION_TYPES):
            wanted = "AsyncSession" if is_async else "Session"
            msg = (
                f"{name} is {'asynchronous' if is_async else 'synchronous'}, so {parameter} must be annotated {wanted}"
            )
            raise SignatureMismatch(msg)
        else:
            parameters.append(parameter)
    return UnitFunction(call, name, session, tuple(parameters), is_async, signature.return_annotation)


def check_same_parameters(legacy: UnitFunction, native: UnitFunction) -> None:
    """
    Check that both functions take the same parameters, apart from the session and from what ``Annotated`` adds for FastAPI.

    Raises:
        LegacyIsAsync: *legacy* is asynchronous.
        SignatureMismatch: Names, order, types or defaults differ; the message shows both.
    """
    if legacy.is_async:
        msg = f"legacy={legacy.name} is asynchronous: give the synchronous function, and decorate the port"
        raise LegacyIsAsync(msg)
    if not native.is_async:
        msg = f"{native.name} replaces legacy={legacy.name} but is synchronous: a port is an 'async def' that takes an AsyncSession"
        raise SignatureMismatch(msg)
    problem = _first_difference(legacy.parameters, native.parameters)
    if problem:
        msg = f"the port does not take what the legacy function takes ({problem}):\n  legacy: {legacy}\n  native: {native}"
        raise SignatureMismatch(msg)


def endpoint_signature(function: UnitFunction, *extra: inspect.Parameter) -> inspect.Signature:
    """Return the parameters that FastAPI fills for *function*, and the *extra* ones; the session is not among them."""
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in function.parameters]
    return inspect.Signature([*extra, *keyword_only])


def _first_difference(legacy: tuple[inspect.Parameter, ...], native: tuple[inspect.Parameter, ...]) -> str | None:
    names, others = [p.name for p in legacy], [p.name for p in native]
    if names != others:
        missing = [name for name in names if name not in others]
        added = [name for name in others if name not in names]
        return f"missing {missing}, added {added}" if missing or added else "same names in another order"
    for old, new in zip(legacy, native, strict=True):
        if EMPTY not in {old.annotation, new.annotation} and bare(old.annotation) != bare(new.annotation):
            return f"the type of {old.name!r} differs"
        if old.default is not EMPTY and old.default != new.default:
            return f"the default of {old.name!r} differs"
    return None


def bare(annotation: Any) -> Any:
    """Return *annotation* without what ``Annotated`` adds."""
    return annotation.__origin__ if get_origin(annotation) is Annotated else annotation


def is_one_of(annotation: Any, types: tuple[type, ...]) -> bool:
    """Tell whether *annotation* is one of *types*, a subclass, or a generic of one."""
    plain = get_origin(annotation) or annotation
    return isinstance(plain, type) and issubclass(plain, types)


def is_dependency(parameter: inspect.Parameter) -> bool:
    """Tell whether FastAPI fills *parameter* by calling what its ``Depends()`` names, whatever its type."""
    return any(isinstance(each, Depends) for each in (parameter.default, *get_args(parameter.annotation)))


def plain_function(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function that a ``functools.partial`` calls; others as they are."""
    return plain_function(call.func) if isinstance(call, functools.partial) else call
