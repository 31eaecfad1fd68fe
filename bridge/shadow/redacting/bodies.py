"""Hide values in bodies, URLs and rows."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote_plus

from bridge.shadow.comparing.document import Number, Numbers, read_json, write_json
from bridge.shadow.redacting.names import hides

if TYPE_CHECKING:
    from bridge.shadow.redacting.secrets import Secrets
    from bridge.shadow.redacting.settings import Redaction

__all__ = ["clean_body", "clean_columns", "clean_target"]

FORM: Final = "application/x-www-form-urlencoded"
PART: Final = re.compile(
    r"(?P<head>Content-Disposition:[^\r\n]*?\bname=\"?(?P<name>[^\";\r\n]+)\"?[^\r\n]*(?:\r?\n[^\r\n]+)*\r?\n\r?\n)"
    r"(?P<value>.*?)(?=\r?\n--|\Z)",
    re.IGNORECASE | re.DOTALL,
)


def clean_body(body: bytes, media: str, redaction: Redaction, secrets: Secrets) -> bytes:
    """Return *body* without what is hidden. JSON is written anew where something is hidden in it."""
    if not body:
        return body
    text = body.decode("utf-8", "surrogateescape")
    if media == FORM:
        return _encoded(secrets.clean(_pairs(text, redaction, secrets)))
    if media.startswith("multipart/"):
        return _encoded(secrets.clean(PART.sub(lambda found: _part(found, redaction, secrets), text)))
    try:
        document = read_json(text, Numbers()) if text.lstrip()[:1] in "{[" else None
        if document is not None:
            cleaned = _cleaned(document, redaction, secrets)
            return body if cleaned == document else _encoded(write_json(cleaned))
    except (ValueError, RecursionError):
        pass  # no JSON, or none that anybody can read
    return _encoded(secrets.clean(text))


def clean_target(target: str, redaction: Redaction, secrets: Secrets) -> str:
    """Return a path and query without what is hidden."""
    path, mark, query = target.partition("?")
    return _encoded_clean(path, secrets) + mark + secrets.clean(_pairs(query, redaction, secrets))


def clean_columns(columns: Any, redaction: Redaction, secrets: Secrets) -> Any:
    """Return the columns of a row without what is hidden; None for None."""
    if columns is None:
        return None
    document = read_json(json.dumps(dict(columns), default=str), Numbers())
    cleaned = _cleaned(document, redaction, secrets)
    return columns if cleaned == document else json.loads(write_json(cleaned))


def _pairs(query: str, redaction: Redaction, secrets: Secrets) -> str:
    return "&".join(_pair(each, redaction, secrets) for each in query.split("&"))


def _pair(pair: str, redaction: Redaction, secrets: Secrets) -> str:
    name, mark, value = pair.partition("=")
    if not value or not hides(redaction.hidden_fields, unquote_plus(name)):
        return f"{name}{mark}{_encoded_clean(value, secrets)}"
    return f"{name}{mark}{secrets.mark(unquote_plus(value))}"


def _encoded_clean(text: str, secrets: Secrets) -> str:
    """Return a part of a URL without secrets; decoded, if there was one in what it stands for."""
    plain = unquote_plus(text)
    cleaned = secrets.clean(plain)
    return cleaned if cleaned != plain else secrets.clean(text)


def _part(found: re.Match[str], redaction: Redaction, secrets: Secrets) -> str:
    hidden = found["value"] and hides(redaction.hidden_fields, found["name"])
    return found["head"] + (secrets.mark(found["value"]) if hidden else found["value"])


def _cleaned(document: Any, redaction: Redaction, secrets: Secrets) -> Any:
    """Return a document as `read_json` has it, without what is hidden."""
    texts: list[str] = []
    _collect(document, texts)
    return _value(document, redaction, secrets, secrets.touched(texts))


def _collect(value: Any, texts: list[str]) -> None:
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, Number):
        texts.append(value.text)
    elif isinstance(value, dict):
        texts += value
        for each in value.values():
            _collect(each, texts)
    elif isinstance(value, list):
        for each in value:
            _collect(each, texts)


def _value(value: Any, redaction: Redaction, secrets: Secrets, touched: set[str]) -> Any:
    if isinstance(value, str):
        return secrets.clean(value) if value in touched else value
    if isinstance(value, Number):
        cleaned = secrets.clean(value.text) if value.text in touched else value.text
        return value if cleaned == value.text else cleaned
    if isinstance(value, dict):
        return {
            secrets.clean(key) if key in touched else key: (
                _hidden(each, secrets)
                if hides(redaction.hidden_fields, key)
                else _value(each, redaction, secrets, touched)
            )
            for key, each in value.items()
        }
    return [_value(each, redaction, secrets, touched) for each in value] if isinstance(value, list) else value


def _hidden(value: Any, secrets: Secrets) -> Any:
    """Return what stands for a value whose name hides it; whether it is null, true or false is no secret."""
    if isinstance(value, str):
        return secrets.mark(value) if value else value
    if isinstance(value, Number):
        return secrets.mark(value.text, "a number")
    if isinstance(value, dict):
        return {key: _hidden(each, secrets) for key, each in value.items()}
    return [_hidden(each, secrets) for each in value] if isinstance(value, list) else value


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
