"""Request identification and the request log."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from flask import Response, g, request

if TYPE_CHECKING:
    from flask import Flask

REQUEST_ID_HEADER: Final = "X-Request-ID"

logger = logging.getLogger(__name__)


def register_hooks(app: Flask) -> None:
    """Identify, time and log every request."""
    app.before_request(_identify_request)
    # Flask runs these in reverse order of registration.
    app.after_request(_log_request)
    app.after_request(_label_response)


def _identify_request() -> None:
    g.request_started = time.perf_counter()
    g.request_id = _acceptable_id(request.headers.get(REQUEST_ID_HEADER)) or uuid.uuid4().hex


def _acceptable_id(candidate: str | None) -> str | None:
    """Return the client's id when it is 1 to 64 letters, digits, dots, dashes or underscores."""
    if candidate is not None and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", candidate):
        return candidate
    return None


def _label_response(response: Response) -> Response:
    response.headers[REQUEST_ID_HEADER] = g.request_id
    return response


def _log_request(response: Response) -> Response:
    elapsed_ms = (time.perf_counter() - g.request_started) * 1000
    # Quoted, because a decoded path can contain line breaks.
    path = quote(request.path)
    logger.info("%s %s %d %.1fms id=%s", request.method, path, response.status_code, elapsed_ms, g.request_id)
    return response
