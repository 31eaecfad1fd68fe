"""The FastAPI endpoint of one operation: it runs the path that serves the request."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from bridge.compat.request import UNDECODABLE
from bridge.errors import RouteShadowed, SignatureMismatch
from bridge.routing.disconnect import unless_disconnected
from bridge.routing.signature import bare, endpoint_signature, is_dependency, is_one_of, plain_function
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.routing.operations import Operation, OperationTable
    from bridge.routing.render import Renderer
    from bridge.routing.signature import UnitFunction
    from bridge.routing.units import UnitRunner

__all__ = ["OPERATION_KEY", "PATH_KEY", "make_endpoint"]

# Where the facade leaves the path it chose, so that the stage of a request is resolved once, and for which operation.
PATH_KEY: Final = "bridge.path"
OPERATION_KEY: Final = "bridge.operation"
REQUEST_PARAMETER: Final = "bridge_request"
RESPONSE_PARAMETER: Final = "bridge_response"


def make_endpoint(
    operation: Operation,
    *,
    table: OperationTable,
    units: UnitRunner,
    renderer: Renderer,
    app_context: bool,
    deadline: float | None = None,
    watch_disconnect: bool = False,
    read_only: bool = False,
) -> Callable[..., Awaitable[Response]]:
    """
    Return an endpoint whose parameters are those of the operation's function without the session.

    Args:
        operation: The operation to serve.
        table: Tells which path serves it now.
        units: Runs its functions.
        renderer: Makes the response before the session closes.
        app_context: Push a Flask application context around the legacy function.
        deadline: Seconds that either function may take, with the wait for a token or a connection; None is no limit.
        watch_disconnect: Cancel either path when the client goes away.
        read_only: Neither path may write.
    """
    legacy, declared = operation.legacy, operation.declared
    # FastAPI fills one parameter of each of these kinds, so the function's own serves both.
    request_name = _parameter_of(declared, Request) or REQUEST_PARAMETER
    response_name = _parameter_of(declared, Response) or RESPONSE_PARAMETER
    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind)
        for name, kind in ((REQUEST_PARAMETER, Request), (RESPONSE_PARAMETER, Response))
        if name in {request_name, response_name}
    ]

    async def endpoint(**arguments: Any) -> Response:
        request: Request = arguments[request_name]
        scope = request.scope
        _refuse_shadowed(scope.get(OPERATION_KEY, operation), operation)
        if any(value is UNDECODABLE for value in arguments.values()):
            raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": "JSON decode error"}])
        render = partial(renderer.render, given=arguments[response_name])
        for parameter in extra:
            del arguments[parameter.name]
        path = scope.get(PATH_KEY) or operation.path_for(table.decide(operation, scope))
        if legacy is not None and path is not Path.NATIVE:
            work = units.run_legacy(
                legacy, arguments, render, app_context=app_context, deadline=deadline, read_only=read_only
            )
        else:
            work = units.run_native(declared, arguments, render, deadline=deadline, read_only=read_only)
        return await (unless_disconnected(request.receive, work) if watch_disconnect else work)

    named = plain_function(declared.call)
    if not hasattr(named, "__name__"):
        msg = f"{named!r} is no function, and has no name that a route could take: give its method, such as __call__"
        raise SignatureMismatch(msg)
    endpoint.__name__ = named.__name__
    endpoint.__qualname__ = named.__qualname__
    endpoint.__module__ = named.__module__
    endpoint.__doc__ = named.__doc__
    endpoint.__signature__ = endpoint_signature(declared, *extra)  # type: ignore[attr-defined]  # which FastAPI reads
    return endpoint


def _parameter_of(function: UnitFunction, kind: type) -> str | None:
    """Return the name of the parameter that FastAPI fills with the request or the response of the moment."""
    annotated = (p.name for p in function.parameters if is_one_of(bare(p.annotation), (kind,)) and not is_dependency(p))
    return next(annotated, None)


def _refuse_shadowed(meant: Operation | None, reached: Operation) -> None:
    if meant is not reached:
        msg = (
            f"the request is for {meant.name if meant else 'a route of another router'}, but FastAPI's routes gave it to {reached.name}, which it tries first: "
            "give the variable of the latter a converter, such as {id:int}, or include the routes in the other order"
        )
        raise RouteShadowed(msg)
