"""Rules for the structure of a JSON document, and for how it is written."""

from __future__ import annotations

from typing import Final

from bridge.shadow.difference import Severity
from bridge.shadow.rules.rule import Rule

__all__ = ["SPELLING", "STRUCTURE"]

STRUCTURE: Final = (
    Rule(
        "json.missing_key",
        Severity.ERROR,
        "the key is missing",
        "declare the field in the response model, or return it",
        '{"id": 1, "name": "Ada"}',
        '{"id": 1}',
    ),
    Rule(
        "json.extra_key",
        Severity.ERROR,
        "a key that the control does not have",
        "leave it out: it may be a secret; response_model= filters what is returned",
        '{"id": 1}',
        '{"id": 1, "password_hash": "x"}',
    ),
    Rule(
        "json.echoed_input",
        Severity.ERROR,
        "a validation error repeats what was sent",
        "FlaskCompat(errors=True), the default of Bridge.router(): passwords and tokens must not come back",
        '{"detail": [{"msg": "too short"}]}',
        '{"detail": [{"msg": "too short", "input": "secret"}]}',
    ),
    Rule(
        "json.key_name",
        Severity.ERROR,
        "the key is spelled differently",
        "name the field as the control does; alias_generator and by_alias change names",
        '{"created_by": 1}',
        '{"createdBy": 1}',
    ),
    Rule(
        "json.array_order",
        Severity.ERROR,
        "the same items in another order",
        "add ORDER BY, with the primary key last",
        '[{"id": 1}, {"id": 2}]',
        '[{"id": 2}, {"id": 1}]',
        varies=True,
    ),
    Rule(
        "json.array_length",
        Severity.ERROR,
        "another number of items",
        "compare filters, LIMIT and OFFSET, and joins",
        '["a", "b", "c"]',
        '["a", "x"]',
        varies=True,
    ),
    Rule(
        "json.missing_item",
        Severity.ERROR,
        "an item is missing",
        "compare filters, LIMIT and OFFSET; an inner join drops rows without a partner",
        '[{"id": 1}, {"id": 2}]',
        '[{"id": 1}]',
        varies=True,
    ),
    Rule(
        "json.extra_item",
        Severity.ERROR,
        "an item that the control does not have",
        "compare filters: a soft delete, a tenant, an owner",
        '[{"id": 1}]',
        '[{"id": 1}, {"id": 2}]',
        varies=True,
    ),
    Rule(
        "json.duplicate_item",
        Severity.ERROR,
        "an item is there more than once",
        "add unique() to the result: a joined eager load repeats its parent",
        '[{"id": 1}, {"id": 2}]',
        '[{"id": 1}, {"id": 1}, {"id": 2}]',
    ),
    Rule(
        "json.envelope",
        Severity.ERROR,
        "the value is wrapped in a list or an object on one side",
        "return it as the control does; look at scalars() and response_model",
        '{"user": {"id": 1}}',
        '{"user": {"data": {"id": 1}}}',
    ),
    Rule(
        "json.type",
        Severity.ERROR,
        "a value of another type",
        "declare the field as the control has it",
        '{"tags": "a,b"}',
        '{"tags": ["a", "b"]}',
    ),
    Rule(
        "json.value",
        Severity.ERROR,
        "another value",
        "look where the value comes from",
        '{"name": "Ada"}',
        '{"name": "Grace"}',
        varies=True,
    ),
)
SPELLING: Final = (
    Rule(
        "json.key_order",
        Severity.INFO,
        "the same keys in another order",
        "FlaskCompat(json=True), the default of Bridge.router(), sorts keys",
        '{"a": 1, "b": 2}',
        '{"b": 2, "a": 1}',
    ),
    Rule(
        "json.escapes",
        Severity.INFO,
        "characters beyond ASCII are escaped on one side only",
        "FlaskCompat(json=True), the default of Bridge.router()",
        '{"name": "M\\u00fcller"}',
        '{"name": "Müller"}',
    ),
    Rule(
        "json.trailing_newline",
        Severity.INFO,
        "the body ends with a line feed on one side only",
        "FlaskCompat(json=True), the default of Bridge.router()",
        '{"a": 1}\n',
        '{"a": 1}',
    ),
    Rule(
        "json.whitespace",
        Severity.INFO,
        "blanks or line feeds between the tokens differ",
        "FlaskCompat(json=True), the default of Bridge.router()",
        '{"a":1,"b":2}',
        '{"a": 1, "b": 2}',
    ),
    Rule(
        "json.bytes",
        Severity.INFO,
        "the same document, written in other bytes",
        "FlaskCompat(json=True), the default of Bridge.router()",
        '{"a": "/"}',
        '{"a": "\\/"}',
    ),
    Rule(
        "json.not_json",
        Severity.ERROR,
        "the body says that it is JSON, and cannot be read as JSON",
        "return the value, not its text",
        '{"a": 1}',
        "{'a': 1}",
    ),
    Rule(
        "json.too_deep",
        Severity.ERROR,
        "what lies deeper than is compared differs",
        "raise CompareOptions.depth to see where",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[2]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        varies=True,
    ),
)
