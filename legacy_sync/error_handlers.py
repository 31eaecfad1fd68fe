"""Every error leaves as ``{"error": {"code", "message", "details"}}``."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from flask import json, jsonify
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from legacy_sync.database import db_session
from legacy_sync.services.errors import ServiceError

if TYPE_CHECKING:
    from flask import Flask, Response
    from werkzeug.sansio.response import Response as BareResponse

logger = logging.getLogger(__name__)


def register_error_handlers(app: Flask) -> None:
    """Install the handlers for service errors, HTTP errors and everything unexpected."""
    app.register_error_handler(ServiceError, _on_service_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_unexpected_error)


def error_envelope(code: str, message: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Build the one shape of an error body; ``details`` is always an object."""
    return {"error": {"code": code, "message": message, "details": details or {}}}


def _on_service_error(error: ServiceError) -> tuple[Response, int]:
    return jsonify(error_envelope(error.code, error.message, error.details)), error.status


def _on_http_error(error: HTTPException) -> BareResponse | HTTPException:
    if error.response is not None or error.code is None:
        return error
    response = error.get_response()
    # Kept as built, apart from its body, so that headers such as Allow survive.
    response.set_data(json.dumps(error_envelope(_snake_case(error.name), error.description or error.name)))
    response.content_type = "application/json"
    return response


def _on_unexpected_error(error: Exception) -> tuple[Response, int]:
    logger.error("unhandled error", exc_info=error)
    try:
        db_session().rollback()
    except SQLAlchemyError:
        logger.exception("rollback failed")
    return jsonify(error_envelope("internal_error", "The server failed to process the request.")), 500


def _snake_case(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
