"""Turns request data into input models."""

from __future__ import annotations

from typing import TypeVar

from flask import abort, request
from pydantic import BaseModel, ValidationError

from legacy_sync.services.errors import InvalidFields

M = TypeVar("M", bound=BaseModel)


def json_body(model: type[M]) -> M:
    """Read the JSON body as a model. Raises InvalidFields; aborts with 415 or 400 when it is not JSON at all."""
    return parse(model, read_json())


def read_json() -> object:
    """Decode the JSON body; aborts with 415 or 400 when it is not JSON, or nested too deep to be read."""
    try:
        return request.get_json()
    except RecursionError:
        abort(400)


def query_args(model: type[M]) -> M:
    """Read the query string as a model; the first of repeated arguments wins. Raises InvalidFields."""
    return parse(model, request.args.to_dict())


def parse(model: type[M], data: object) -> M:
    """Validate untrusted data. Raises InvalidFields."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        # Not chained: the validation error's text repeats the input, passwords included.
        raise InvalidFields.from_errors(error.errors(include_url=False, include_input=False)) from None
