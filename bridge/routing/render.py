"""Turn what a unit of work returned into a response, while its session is still open."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.encoders import jsonable_encoder
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, to_json, to_jsonable_python
from sqlalchemy.exc import MissingGreenlet
from starlette.responses import Response
from werkzeug.wrappers import Response as WerkzeugResponse

from bridge.compat.responses import BODILESS, to_asgi_response
from bridge.database import refuse_live_objects
from bridge.errors import LazyLoadOutsideSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.routing.output import Output

__all__ = ["Renderer"]


class Renderer:
    """Makes the response of one operation, the same way on both paths."""

    def __init__(
        self,
        *,
        source: str,
        output: Output,
        encode: Callable[[Any], bytes] | None = None,
        media_type: str = "application/json",
        empty_media_type: str | None = None,
    ) -> None:
        """
        Args:
            source: The name of the operation, for messages.
            output: What the operation declares of its responses.
            encode: Writes JSON of Python values; None for Pydantic.
            media_type: Content-Type of what *encode* writes.
            empty_media_type: Content-Type of an answer without a body.
        """
        self._source = source
        self._adapter = TypeAdapter(output.response_model) if output.response_model is not None else None
        self._output = output
        self._encode = encode
        self._media_type = media_type
        self._empty_media_type = empty_media_type

    def render(self, result: Any, given: Response | None = None) -> Response:
        """
        Return the response for *result*; one that was returned is the answer as it is, and so is one of Flask, such as ``jsonify`` makes.

        Args:
            result: What the function returned.
            given: The response that FastAPI gives to what asks for one: status and headers set on it are added, as FastAPI does.

        Raises:
            LiveObjectReturned: There is no response model, or one that takes anything, and *result* is bound to its session.
            LazyLoadOutsideSession: An attribute needed SQL on the event loop.
            pydantic.ValidationError: *result* does not fit the response model.
        """
        if isinstance(result, Response):
            return result
        if isinstance(result, WerkzeugResponse):
            return to_asgi_response(result)
        output = self._output
        status_code = (given and given.status_code) or output.status_code
        headers = output.headers(result) if output.headers else {}
        response = self._respond(output.present(result) if output.present else result, status_code)
        response.headers.update(headers)
        if given is not None:
            response.headers.raw.extend(given.headers.raw)
        return response

    def _respond(self, shaped: Any, status_code: int | None) -> Response:
        response_class = self._output.response_class
        if status_code in BODILESS or (shaped is None and self._adapter is None and response_class is None):
            return Response(None, status_code or HTTPStatus.OK, media_type=self._empty_media_type)
        if response_class is None:
            return Response(self._json(shaped), status_code or HTTPStatus.OK, media_type=self._media_type)
        # Else the class says which status it has, such as a redirect.
        status: dict[str, Any] = {} if status_code is None else {"status_code": status_code}
        return response_class(self._plain(shaped), **status)

    def _json(self, result: Any) -> bytes:
        if self._adapter is None:
            refuse_live_objects(result, source=self._source)
            return to_json(result) if self._encode is None else self._encode(result)
        value = self._validated(self._adapter, result)
        try:
            if self._encode is None:
                return self._adapter.dump_json(value, **self._output.dump)
            return self._encode(self._adapter.dump_python(value, **self._output.dump))
        except (PydanticSerializationError, TypeError):
            plain = self._adapter.dump_python(value, **self._output.dump)
            # A model such as dict[str, Any] lets everything through.
            refuse_live_objects(plain, source=self._source)
            if self._encode is None:
                raise
            return self._encode(_writable(plain, self._encode, {}))

    def _plain(self, result: Any) -> Any:
        if self._adapter is None:
            refuse_live_objects(result, source=self._source)
            return jsonable_encoder(result)
        return self._adapter.dump_python(self._validated(self._adapter, result), mode="json", **self._output.dump)

    def _validated(self, adapter: TypeAdapter[Any], result: Any) -> Any:
        try:
            return adapter.validate_python(result, from_attributes=True)
        except ValidationError as error:
            # Pydantic turns an exception raised by an attribute into an item of its own error and drops the cause.
            for item in error.errors(include_url=False, include_input=False):
                if item["type"] == "get_attribute_error" and MissingGreenlet.__name__ in item["ctx"]["error"]:
                    raise self._lazy_load(".".join(map(str, item["loc"]))) from None
            raise

    def _lazy_load(self, attribute: str) -> LazyLoadOutsideSession:
        return LazyLoadOutsideSession(
            f"{self._source} returned an object whose {attribute!r} is not loaded, and the event loop cannot wait for SQL here: "
            f"add selectinload() or joinedload() for it to the query, or refresh() the object"
        )


def _writable(value: Any, encode: Callable[[Any], bytes], known: dict[type, bool]) -> Any:
    """
    Return *value* with Pydantic's form of what *encode* cannot write, such as a time or a member of an enumeration.

    Args:
        value: Plain data.
        encode: Tells by a TypeError what it cannot write.
        known: Whether it can, by type, so that each is tried once; is added to.
    """
    if isinstance(value, dict):
        return {to_jsonable_python(key): _writable(each, encode, known) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_writable(each, encode, known) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    kind = type(value)
    if kind not in known:
        try:
            encode(value)
        except TypeError:
            known[kind] = False
        else:
            known[kind] = True
    return value if known[kind] else to_jsonable_python(value)
