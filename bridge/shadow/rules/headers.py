"""Rules for headers and cookies."""

from __future__ import annotations

from typing import Final

from bridge.shadow.difference import Severity
from bridge.shadow.rules.rule import Rule

__all__ = ["COOKIES", "HEADERS"]

HEADERS: Final = (
    Rule(
        "header.missing",
        Severity.ERROR,
        "the header is missing",
        "set it on the response, or port the after_request hook that does: FlaskCompat(after=...)",
        "Cache-Control: no-store",
        "",
    ),
    Rule(
        "header.extra",
        Severity.WARNING,
        "a header that the control does not have",
        "look for a middleware that sets it",
        "",
        "Cache-Control: no-store",
    ),
    Rule(
        "header.value",
        Severity.ERROR,
        "another value",
        "set the header as the control does",
        "Cache-Control: no-store",
        "Cache-Control: public",
        varies=True,
    ),
    Rule(
        "header.content_type",
        Severity.ERROR,
        "another media type",
        "response_class=HTMLResponse or PlainTextResponse: FastAPI makes JSON of a str",
        "Content-Type: text/html",
        "Content-Type: application/json",
    ),
    Rule(
        "header.charset",
        Severity.WARNING,
        "the same media type with other parameters",
        "set media_type, charset included",
        "Content-Type: text/csv; charset=utf-8",
        "Content-Type: text/csv",
    ),
    Rule(
        "header.location",
        Severity.ERROR,
        "another target",
        "build the URL as url_for() does",
        "Location: /things/1",
        "Location: /things/2",
        varies=True,
    ),
    Rule(
        "header.location.absolute",
        Severity.WARNING,
        "the same target, with scheme and host on one side only",
        "Flask sends a path since 2.1: use str(request.url_for(...)) only where the control is absolute",
        "Location: /things/1",
        "Location: http://testserver/things/1",
    ),
    Rule(
        "header.allow",
        Severity.WARNING,
        "other methods are allowed",
        "declare HEAD and OPTIONS, or keep Flask in front",
        "Allow: GET, HEAD, OPTIONS",
        "Allow: GET",
    ),
    Rule(
        "header.vary",
        Severity.WARNING,
        "the answer depends on other headers",
        "use FlaskSession, which sends Vary: Cookie as Flask does",
        "Vary: Cookie, Accept",
        "Vary: Accept",
    ),
    Rule(
        "header.retry_after",
        Severity.WARNING,
        "another time to wait",
        "reckon it as the control does, in whole seconds",
        "Retry-After: 120",
        "Retry-After: 10",
    ),
)
COOKIES: Final = (
    Rule(
        "header.cookie.missing",
        Severity.ERROR,
        "a cookie is not set",
        "FlaskSession for the session; to_asgi_response() for what Flask built",
        "Set-Cookie: theme=dark; Path=/",
        "",
    ),
    Rule(
        "header.cookie.extra",
        Severity.ERROR,
        "a cookie that the control does not set",
        "do not touch the session, or do not set it",
        "",
        "Set-Cookie: theme=dark; Path=/",
    ),
    Rule(
        "header.cookie.value",
        Severity.ERROR,
        "another value",
        "set the value that the control does",
        "Set-Cookie: theme=dark; Path=/",
        "Set-Cookie: theme=light; Path=/",
        varies=True,
    ),
    Rule(
        "header.cookie.attribute",
        Severity.ERROR,
        "another attribute",
        "give set_cookie() the arguments that the control has: Starlette's default is samesite=lax",
        "Set-Cookie: theme=dark; Path=/",
        "Set-Cookie: theme=dark; Path=/; SameSite=lax",
    ),
    Rule(
        "header.cookie.lifetime",
        Severity.ERROR,
        "the cookie expires at another time",
        "give max_age and expires as the control does",
        "Set-Cookie: theme=dark; Max-Age=3600; Path=/",
        "Set-Cookie: theme=dark; Max-Age=60; Path=/",
    ),
    Rule(
        "header.cookie.deletion",
        Severity.INFO,
        "the cookie is deleted in other words",
        "to_asgi_response(): Werkzeug says 1970 and no SameSite",
        "Set-Cookie: theme=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/",
        'Set-Cookie: theme=""; expires=Tue, 24 Nov 2026 10:00:00 GMT; Max-Age=0; Path=/; SameSite=lax',
    ),
)
