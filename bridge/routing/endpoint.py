"""The FastAPI endpoint of one operation: it runs the path that serves the request."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request

from bridge.errors import RouteShadowed
from bridge.routing.disconnect import unless_disconnected
from bridge.routing.signature import endpoint_signature
from bridge.stages import Path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from bridge.routing.operations import Operation, OperationTable
    from bridge.routing.render import Renderer
    from bridge.routing.units import UnitRunner

__all__ = ["OPERATION_KEY", "PATH_KEY", "make_endpoint"]

# Where the facade leaves the path it chose, so that the stage of a request is resolved once, and for which operation.
PATH_KEY: Final = "bridge.path"
OPERATION_KEY: Final = "bridge.operation"
REQUEST_PARAMETER: Final = "bridge_request"


def make_endpoint(
    operation: Operation,
    *,
    table: OperationTable,
    units: UnitRunner,
    renderer: Renderer,
    app_context: bool,
    deadline: float | None = None,
    watch_disconnect: bool = False,
) -> Callable[..., Awaitable[Response]]:
    """
    Return an endpoint whose parameters are those of the operation's function without the session.

    Args:
        operation: The operation to serve.
        table: Tells which path serves it now.
        units: Runs its functions.
        renderer: Makes the response before the session closes.
        app_context: Push a Flask application context around the legacy function.
        deadline: Seconds that the legacy function may take, with the wait for its token; None is no limit.
        watch_disconnect: Cancel either path when the client goes away.
    """
    legacy, declared = operation.legacy, operation.declared

    async def endpoint(**arguments: Any) -> Response:
        request = arguments.pop(REQUEST_PARAMETER)
        scope = request.scope
        meant: Operation = scope.get(OPERATION_KEY, operation)
        if meant is not operation:
            msg = (
                f"the request is for {meant.name}, but FastAPI's routes gave it to {operation.name}, which it tries first: "
                "give the variable of the latter a converter, such as {id:int}, or include the routes in the other order"
            )
            raise RouteShadowed(msg)
        path = scope.get(PATH_KEY) or table.path_of(operation)
        if legacy is not None and path is not Path.NATIVE:
            work = units.run_legacy(legacy, arguments, renderer.render, app_context=app_context, deadline=deadline)
        else:
            work = units.run_native(declared, arguments, renderer.render)
        return await (unless_disconnected(request.receive, work) if watch_disconnect else work)

    endpoint.__name__ = declared.call.__name__
    endpoint.__qualname__ = declared.call.__qualname__
    endpoint.__module__ = declared.call.__module__
    endpoint.__doc__ = declared.call.__doc__
    request = inspect.Parameter(REQUEST_PARAMETER, inspect.Parameter.KEYWORD_ONLY, annotation=Request)
    endpoint.__signature__ = endpoint_signature(declared, request)  # type: ignore[attr-defined]
    return endpoint
