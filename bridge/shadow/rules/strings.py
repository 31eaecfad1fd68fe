"""Rules for times, identifiers and other strings."""

from __future__ import annotations

from typing import Final

from bridge.shadow.difference import Severity
from bridge.shadow.rules.rule import Rule

__all__ = ["STRINGS", "TIMES"]

TIMES: Final = (
    Rule(
        "json.datetime.http_date",
        Severity.WARNING,
        "the same time, an HTTP date on one side and ISO 8601 on the other",
        "FlaskCompat(json=True), the default of Bridge.router()",
        '{"at": "Mon, 01 Jan 2024 10:00:00 GMT"}',
        '{"at": "2024-01-01T10:00:00Z"}',
    ),
    Rule(
        "json.datetime.zone",
        Severity.ERROR,
        "shifted by whole hours or quarters of one, or the zone is gone",
        "ParityLayers(values=True), the default of Database; convert with astimezone(), never with replace(tzinfo=...)",
        '{"at": "2024-01-01T10:00:00+00:00"}',
        '{"at": "2024-01-01T11:00:00+00:00"}',
    ),
    Rule(
        "json.datetime.offset",
        Severity.WARNING,
        "the same instant with another offset, or Z for +00:00",
        "ParityLayers(values=True), the default of Database; or value.astimezone(zone) where it is rendered",
        '{"at": "2024-01-01T10:00:00+00:00"}',
        '{"at": "2024-01-01T12:00:00+02:00"}',
    ),
    Rule(
        "json.datetime.microseconds",
        Severity.WARNING,
        "the same second with more or fewer digits after it",
        "value.replace(microsecond=0), or isoformat(timespec=...), as the control has it",
        '{"at": "2024-01-01T10:00:00.123456"}',
        '{"at": "2024-01-01T10:00:00"}',
    ),
    Rule(
        "json.datetime.date_only",
        Severity.ERROR,
        "a date on one side, a date with a time on the other",
        "declare the field as date or as datetime, as the control has it",
        '{"day": "2024-01-01"}',
        '{"day": "2024-01-01T00:00:00"}',
    ),
    Rule(
        "json.datetime.format",
        Severity.WARNING,
        "the same time in another ISO form, such as a blank for the T",
        "use isoformat(), not str(), or the reverse",
        '{"at": "2024-01-01T10:00:00"}',
        '{"at": "2024-01-01 10:00:00"}',
    ),
    Rule(
        "json.datetime.epoch",
        Severity.ERROR,
        "seconds or milliseconds since 1970 on one side, a date on the other",
        "render the time as the control does",
        '{"at": "2024-01-01T10:00:00Z"}',
        '{"at": 1704103200}',
    ),
    Rule(
        "json.datetime.value",
        Severity.ERROR,
        "another time",
        "look where the value comes from: another row, another column, now() instead of a stored time",
        '{"at": "2024-01-01T10:00:00"}',
        '{"at": "2024-03-05T11:12:13"}',
        varies=True,
    ),
)
STRINGS: Final = (
    Rule(
        "json.uuid_dashes",
        Severity.WARNING,
        "the same UUID, with dashes on one side only",
        "str(value) has dashes, value.hex has none",
        '{"id": "0f8fad5bd9cb469fa16570867728950e"}',
        '{"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}',
    ),
    Rule(
        "json.inet_prefix",
        Severity.WARNING,
        "the same address, with a prefix length on one side only",
        "ParityLayers(values=True), the default of Database, reads INET as a string",
        '{"ip": "10.0.0.1"}',
        '{"ip": "10.0.0.1/32"}',
    ),
    Rule(
        "json.enum_name",
        Severity.WARNING,
        "the name of an Enum on one side, its value on the other",
        "return value.value, or declare the field as the Enum",
        '{"role": "admin"}',
        '{"role": "Role.ADMIN"}',
    ),
    Rule(
        "json.html_escapes",
        Severity.WARNING,
        "the same text, with HTML entities on one side only",
        "escape in the template, not in the data",
        '{"title": "Q & A"}',
        '{"title": "Q &amp; A"}',
    ),
    Rule(
        "json.encoded_twice",
        Severity.ERROR,
        "JSON in a string",
        "return the value: FastAPI encodes it, so do not call json.dumps()",
        '{"data": {"a": 1}}',
        '{"data": "{\\"a\\": 1}"}',
    ),
    Rule(
        "json.string.encoding",
        Severity.ERROR,
        "characters were read with another encoding, or replaced by U+FFFD",
        "decode as UTF-8; FlaskCompat(requests=True) keeps %FF in a query",
        '{"name": "Müller"}',
        '{"name": "MÃ¼ller"}',
    ),
    Rule(
        "json.string.normalisation",
        Severity.WARNING,
        "the same text, composed differently in Unicode",
        "use unicodedata.normalize() as the control does",
        '{"name": "café"}',
        '{"name": "café"}',
    ),
    Rule(
        "json.string.case",
        Severity.ERROR,
        "the same text in other case",
        "look for lower(), title() and case-insensitive collations",
        '{"email": "Ada@example.org"}',
        '{"email": "ada@example.org"}',
    ),
    Rule(
        "json.string.whitespace",
        Severity.ERROR,
        "the same text with other white space",
        "look for strip() and for str_strip_whitespace of a Pydantic model",
        '{"name": "Ada "}',
        '{"name": "Ada"}',
    ),
    Rule(
        "json.string.truncated",
        Severity.ERROR,
        "the text is cut off",
        "look for a length in the model, a slice, and a cast to VARCHAR(n)",
        '{"title": "All about bridges"}',
        '{"title": "All about"}',
    ),
)
