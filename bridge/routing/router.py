"""An `APIRouter` whose path operations have a legacy and a native path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from bridge.errors import WritesNotCheckable
from bridge.routing.endpoint import make_endpoint
from bridge.routing.operations import AUTO, Auto, Operation, operation_name
from bridge.routing.output import output_of
from bridge.routing.render import Renderer
from bridge.routing.signature import check_same_parameters, read_function
from bridge.shadow import CheckOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from bridge.compat import FlaskCompat
    from bridge.routing.operations import OperationTable
    from bridge.routing.signature import UnitFunction
    from bridge.routing.units import UnitRunner
    from bridge.stages import Stage, StageSetting

__all__ = ["BridgeRouter"]


class BridgeRouter(APIRouter):
    """
    An ordinary `fastapi.APIRouter`, except that what it decorates runs as one unit of work.

    * ``@router.get(path)`` on a synchronous function: *bridged*. The function runs on a worker thread.
    * ``@router.get(path, legacy=f)`` on an asynchronous function: *ported*. The stage picks ``f`` or the port.
    * ``@router.get(path)`` on an asynchronous function: *ported*, and the Flask view is the legacy path.

    A parameter annotated `Session` (or `AsyncSession`) gets the session; FastAPI fills the others as usual. What the function
    returns is rendered through ``response_model`` while the session is open, and committed before the response starts; where that is
    not given, its return annotation is the model, if it is made of Pydantic's models.
    Besides the options of FastAPI's own decorators, each takes:

    Args:
        legacy: The synchronous function that a decorated asynchronous one replaces.
        present: Turns the function's result into what ``response_model`` reads; without it the result itself is read.
        headers: Computes further response headers from the function's result.
        app_context: Push a fresh Flask application context around the legacy function, for ``current_app`` and the like.
        replaces: The Flask endpoint this operation replaces, such as ``"users.show_user"``, where method and rule do not tell;
            None says that it is new.
        retired: Flask is no longer asked about this operation, though it may still have a view for it.
        compat: Which of Flask's habits this operation keeps, instead of the router's.
        deadline: Seconds that either function may take, with the wait for a token or a connection, before it is stopped and the
            answer is 504.
        watch_disconnect: Stop the work when the client goes away, on either path; costs a task for each request.
        check: How this operation is checked at stage shadow or verify: how often, what is compared, and what is excused.
        version: Names the version of the port and of its legacy side, under which evidence is gathered; None goes by their code.
        read_only: Neither path may write; on PostgreSQL that spares two round trips, BEGIN and COMMIT. None is what the router says.

    Raises:
        SignatureMismatch: The two functions differ in their parameters.
        LegacyIsAsync: *legacy* is asynchronous.
        WritesNotCheckable: *check* asks for writes where nothing could undo those of the port, or of a Flask view on one connection.
    """

    def __init__(
        self,
        *,
        table: OperationTable,
        units: UnitRunner,
        compat: FlaskCompat | None,
        read_only_gets: bool = False,
        stage: str | Stage | StageSetting | None = None,
        **options: Any,
    ) -> None:
        """Use `Bridge.router`."""
        if compat is not None:
            options.setdefault("route_class", compat.route_class())
        super().__init__(**options)
        self._response_class: type[Response] | None = options.get("default_response_class")
        self._table = table
        self._units = units
        self._compat = compat
        self._read_only_gets = read_only_gets
        self._stage = stage

    def api_route(  # type: ignore[override]  # FastAPI's own options go through **options
        self,
        path: str,
        *,
        methods: list[str] | None = None,
        legacy: Callable[..., Any] | None = None,
        present: Callable[[Any], Any] | None = None,
        headers: Callable[[Any], Mapping[str, str]] | None = None,
        app_context: bool = True,
        replaces: str | Auto | None = AUTO,
        retired: bool = False,
        compat: FlaskCompat | None = None,
        deadline: float | None = None,
        watch_disconnect: bool = False,
        read_only: bool | None = None,
        check: CheckOptions | None = None,
        version: str | None = None,
        **options: Any,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Decorate the function of one path operation; see the class."""
        chosen = compat or self._compat
        if compat is not None:
            options["route_class_override"] = compat.route_class()

        def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
            declared = read_function(function)
            replaced, native = _paths(declared, legacy)
            output = output_of(declared, options, response_class=self._response_class, present=present, headers=headers)
            for method in methods or ["GET"]:
                operation = Operation(
                    operation_name(method, self.prefix + path),
                    replaced,
                    native,
                    replaces=replaces,
                    retired=retired,
                    check=check or CheckOptions(),
                    version=version,
                    output=output,
                )
                _require_checkable(operation, self._units)
                renderer = Renderer(source=operation.name, output=output, **(_written_by(chosen) if chosen else {}))
                endpoint = make_endpoint(
                    operation,
                    table=self._table,
                    units=self._units,
                    renderer=renderer,
                    app_context=app_context,
                    deadline=deadline,
                    watch_disconnect=watch_disconnect,
                    read_only=self._read_only_gets and method.upper() == "GET" if read_only is None else read_only,
                )
                self.add_api_route(
                    path, endpoint, methods=[method], **{**options, "response_model": output.response_model}
                )
                self._table.add(operation, endpoint, stage=self._stage)
            return function

        return decorate

    def get(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a GET operation."""
        return self.api_route(path, methods=["GET"], **options)

    def post(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a POST operation."""
        return self.api_route(path, methods=["POST"], **options)

    def put(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a PUT operation."""
        return self.api_route(path, methods=["PUT"], **options)

    def patch(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a PATCH operation."""
        return self.api_route(path, methods=["PATCH"], **options)

    def delete(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a DELETE operation."""
        return self.api_route(path, methods=["DELETE"], **options)

    def head(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a HEAD operation."""
        return self.api_route(path, methods=["HEAD"], **options)

    def options(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of an OPTIONS operation."""
        return self.api_route(path, methods=["OPTIONS"], **options)

    def trace(self, path: str, **options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # type: ignore[override]  # as above
        """Decorate the function of a TRACE operation."""
        return self.api_route(path, methods=["TRACE"], **options)


def _require_checkable(operation: Operation, units: UnitRunner) -> None:
    if not operation.check.writes:
        return
    units.require_joinable()
    if operation.legacy is None and operation.check.one_connection:
        msg = (
            f"{operation.name} has no legacy function that could run on the connection of its port: name it with legacy=, "
            "or give CheckOptions(writes=True, one_connection=False), so that the Flask view runs as always"
        )
        raise WritesNotCheckable(msg)


def _written_by(compat: FlaskCompat) -> dict[str, Any]:
    json = compat.encoder()
    written = {"encode": json.encode, "media_type": json.media_type} if json else {}
    return {**written, "empty_media_type": compat.empty_media_type}


def _paths(
    declared: UnitFunction, legacy: Callable[..., Any] | None
) -> tuple[UnitFunction | None, UnitFunction | None]:
    """Return the function of the bridged and that of the native path."""
    if legacy is not None:
        replaced = read_function(legacy)
        check_same_parameters(replaced, declared)
        return replaced, declared
    return (None, declared) if declared.is_async else (declared, None)
