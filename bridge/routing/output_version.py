"""What the version of an operation has to know of its output, besides what its functions do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from bridge.routing.output import Output

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaWarningKind

__all__ = ["version_parts"]

# Of text: what no client is sent, and a default, which may come from the environment of a host.
PROSE: Final = frozenset({"description", "title", "examples", "default"})


class _Quiet(GenerateJsonSchema):
    """Says nothing of defaults that JSON cannot show: nobody reads this schema."""

    ignored_warning_kinds: set[JsonSchemaWarningKind] = {"skipped-choice", "non-serializable-default"}  # noqa: RUF012  Pydantic's form


def version_parts(output: Output) -> Iterator[Any]:
    """
    Yield what *output* declares beyond the defaults, as parts of a version: equal in every process.

    A response model goes in twice: as a class, for what its methods do, and by its JSON schema, for names, types and aliases
    of it and of all models in it, from whatever package they are.
    """
    plain = Output()
    for field in fields(output):
        value = getattr(output, field.name)
        if value != getattr(plain, field.name):
            yield from (field.name, _stable(value))
    if output.response_model is not None:
        yield _schema(output.response_model)


def _schema(model: Any) -> str:
    try:
        schema = TypeAdapter(model).json_schema(mode="serialization", schema_generator=_Quiet)
    except Exception:  # noqa: BLE001  the hooks of a type may raise anything, and to count a request must not fail
        return "no schema"
    return json.dumps(_without_prose(schema))


def _without_prose(schema: Any) -> Any:
    """Leave out docstrings and the like; a property may have the same name, but is no text."""
    if isinstance(schema, dict):
        return {
            name: _without_prose(value)
            for name, value in schema.items()
            if not (name in PROSE and isinstance(value, str | list))
        }
    return [_without_prose(each) for each in schema] if isinstance(schema, list) else schema


def _stable(value: Any) -> Any:
    """Return *value* with names in order, which those of a set have in no two processes."""
    if isinstance(value, Mapping):
        return tuple((str(name), _stable(value[name])) for name in sorted(value, key=str))
    return tuple(sorted(map(str, value))) if isinstance(value, set) else value
