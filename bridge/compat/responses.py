"""Flask's and Werkzeug's responses as responses of FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from starlette.responses import JSONResponse, Response
from werkzeug.utils import redirect as werkzeug_redirect

from bridge.compat.json import FlaskJSON

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.wrappers import Response as WerkzeugResponse

# Statuses without a body (RFC 9110, 15.3.5 and 15.4.5).
BODILESS: Final = frozenset({204, 304})

__all__ = ["flask_json_response", "redirect", "to_asgi_response"]


def to_asgi_response(response: WerkzeugResponse) -> Response:
    """
    Return *response* with the same status, headers and body bytes.

    Removes these differences: cookies are written and deleted as Werkzeug does (expiry in 1970, no ``SameSite``), repeated
    headers stay in their order, a ``Location`` is percent-encoded, and 204 and 304 have neither body nor its headers. The body is
    read at once, and *response* closed: a stream belongs on the Flask path.
    """
    # Before the body is read, or a stream would get a length. The environ would only be asked for the address of the request,
    # to make a relative Location absolute.
    headers = response.get_wsgi_headers({})
    response.direct_passthrough = False  # a file of send_file() is read, too
    try:
        body = response.get_data()
    finally:
        response.close()
    result = Response(b"" if response.status_code in BODILESS else body, status_code=response.status_code)
    # What Starlette added on its own account goes; a body without a type stays without one.
    for name in ("content-length", "content-type"):
        if name in result.headers:
            del result.headers[name]
    for name, value in headers:
        result.headers.append(name, value)
    return result


def redirect(location: str, code: int = 302) -> Response:
    """
    Redirect as `flask.redirect` does: 302 with a short HTML body, where Starlette answers 307 with none.

    Args:
        location: Where to; a relative reference stays one.
        code: One of 301, 302, 303, 305, 307 and 308.
    """
    return to_asgi_response(werkzeug_redirect(location, code))


def flask_json_response(app: Flask) -> type[JSONResponse]:
    """
    Return a response class that writes JSON with *app*'s provider, for FastAPI routes outside of `Bridge.router`.

    Use it as ``FastAPI(default_response_class=flask_json_response(app))`` or per route. FastAPI turns results into plain data
    before the class sees them; a `datetime` is an ISO string by then, so return a `Response` of this class where that matters.
    """
    provider = FlaskJSON(app)

    class FlaskJSONResponse(JSONResponse):
        media_type = provider.media_type

        def render(self, content: Any) -> bytes:
            return provider.encode(content)

    return FlaskJSONResponse
