"""Hide what is secret in a check."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.shadow.comparing.media import media_type
from bridge.shadow.redacting.bodies import clean_body, clean_columns, clean_target
from bridge.shadow.redacting.names import hides
from bridge.shadow.redacting.secrets import Secrets
from bridge.shadow.redacting.settings import Redaction
from bridge.shadow.writes import RowWrite, WriteSet

if TYPE_CHECKING:
    from bridge.shadow.check import Check
    from bridge.shadow.difference import Difference
    from bridge.shadow.exchange import Exchange

__all__ = ["redact"]

DEFAULT: Final = Redaction()
COOKIE: Final = re.compile(r"(?P<name>[^=;\s]+)=(?P<value>\"[^\"]*\"|[^;]*)")
NAMES: Final = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\.([^.\[]+)')

Headers = tuple[tuple[bytes, bytes], ...]


def redact(check: Check, redaction: Redaction = DEFAULT) -> Check:
    """
    Return *check* with everything hidden that *redaction* names.

    The differences stay. A mark stands for each hidden value, the same one for the same value, and tells how long it is.
    Takes up to half a second for each MiB of JSON, and a millisecond for a small one: run it on a worker thread.

    Args:
        check: As it was made.
        redaction: What is hidden.
    """
    redactor = _Redactor(redaction)
    # The first time to learn what is secret, the second to hide it also where nothing says so.
    first = redactor.check(check)
    return redactor.check(check) if redactor.hides_anything else first


class _Redactor:
    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._secrets = Secrets(redaction)

    @property
    def hides_anything(self) -> bool:
        return not self._secrets.is_empty

    def check(self, check: Check) -> Check:
        return replace(
            check,
            control=self._exchange(check.control),
            candidate=self._exchange(check.candidate),
            differences=tuple(map(self._difference, check.differences)),
            reason=None if check.reason is None else self._secrets.clean(check.reason),
        )

    def _exchange(self, exchange: Exchange) -> Exchange:
        request, response = exchange.request, exchange.response
        return replace(
            exchange,
            request=replace(
                request,
                target=clean_target(request.target, self._redaction, self._secrets),
                headers=self._headers(request.headers),
                body=self._body(request.body, request.headers),
            ),
            response=response
            and replace(
                response, headers=self._headers(response.headers), body=self._body(response.body, response.headers)
            ),
            writes=exchange.writes and WriteSet(tuple(map(self._row, exchange.writes.rows))),
            error=exchange.error and self._secrets.clean(exchange.error),
            raised=exchange.raised and self._secrets.clean(exchange.raised),
        )

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self._header(name.decode("latin-1"), value.decode("latin-1"))) for name, value in headers)

    def _header(self, name: str, value: str) -> bytes:
        return self._header_text(name, value).encode("latin-1", "backslashreplace")

    def _header_text(self, name: str, value: str) -> str:
        if hides(self._redaction.hidden_headers, name):
            # The scheme tells how somebody logs in, not who.
            scheme, blank, credentials = value.partition(" ")
            return f"{scheme} {self._secrets.mark(credentials)}" if blank else self._secrets.mark(value)
        if name.lower() == "cookie":
            return self._secrets.clean(COOKIE.sub(self._cookie, value))
        if name.lower() == "set-cookie":
            return self._secrets.clean(COOKIE.sub(self._cookie, value, count=1))
        return self._secrets.clean(value)

    def _cookie(self, found: re.Match[str]) -> str:
        value = found["value"].strip('"')
        hidden = value and (
            hides(self._redaction.cookies, found["name"]) or hides(self._redaction.hidden_fields, found["name"])
        )
        return f"{found['name']}={self._secrets.mark(value)}" if hidden else found[0]

    def _body(self, body: bytes, headers: Headers) -> bytes:
        types = [value.decode("latin-1") for name, value in headers if name.lower() == b"content-type"]
        return clean_body(body, media_type(types[0])[0] if types else "", self._redaction, self._secrets)

    def _row(self, row: RowWrite) -> RowWrite:
        key, before, after = (
            clean_columns(each, self._redaction, self._secrets) for each in (row.key, row.before, row.after)
        )
        return replace(row, key=key, before=before, after=after)

    def _difference(self, difference: Difference) -> Difference:
        return replace(
            difference,
            where=self._secrets.clean(difference.where),
            control=self._text(difference, difference.control),
            candidate=self._text(difference, difference.candidate),
            excused=difference.excused and self._secrets.clean(difference.excused),
        )

    def _text(self, difference: Difference, text: str | None) -> str | None:
        if not text:
            return text
        kind, _, name = difference.where.partition(" ")
        if kind == "header":
            return self._header_text(name, text)
        if kind == "cookie":
            if difference.rule == "header.cookie.value":
                hidden = hides(self._redaction.cookies, name) or hides(self._redaction.hidden_fields, name)
                return self._secrets.mark(text) if hidden else self._secrets.clean(text)
            return self._secrets.clean(COOKIE.sub(self._cookie, text, count=1)) if "." not in name else text
        if any(
            hides(self._redaction.hidden_fields, quoted or name) for quoted, name in NAMES.findall(difference.where)
        ):
            return text if text in {"null", "true", "false"} else self._secrets.mark(_read(text))
        return self._secrets.clean_cut(text)


def _read(text: str) -> str:
    """Return the text that a value shows, so that it has the mark which it has in the body."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text
