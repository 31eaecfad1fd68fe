"""Cookies and sessions. The session cookies are signed when the module is imported, by the application's own keys."""

from __future__ import annotations

from typing import Any

from tests.corpus.awkward import create_app
from tests.corpus.requests.build import each, req

__all__ = ["REQUESTS"]


def signed(values: dict[str, Any], *, rotated: bool = False, key: str | None = None) -> dict[str, str]:
    """Return the header of a session cookie."""
    app = create_app()
    if rotated:
        app.config["SECRET_KEY"] = app.config["SECRET_KEY_FALLBACKS"][0]
    app.config["SECRET_KEY"] = key or app.config["SECRET_KEY"]
    app.config["SECRET_KEY_FALLBACKS"] = None
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # of every signed session
    return {"Cookie": f"session={serializer.dumps(values)}"}


ONE = signed({"count": 1, "list": [0]})
OLD = signed({"count": 5}, rotated=True)
FORGED = signed({"count": 9}, key="somebody else's")
KEPT = signed({"count": 1, "_permanent": True})
REQUESTS = (
    *each("GET", "/cookies", "/session", "/session/ignored"),
    *each("POST", "/session", "/session/inside", "/session/inside?tell=yes", "/session/keep", "/session/keep?on=no"),
    *each("DELETE", "/session", "/cookies"),
    *each("HEAD", "/cookies", "/session"),
    req("DELETE", "/cookies", "with cookies", {"Cookie": "plain=1; strict=y"}),
    req("GET", "/session", "signed", ONE),
    req("GET", "/session", "rotated key", OLD),
    req("GET", "/session", "forged", FORGED),
    req("GET", "/session", "no signature", {"Cookie": "session=eyJhIjoxfQ"}),
    req("GET", "/session", "empty cookie", {"Cookie": "session="}),
    req("GET", "/session", "twice in one header", {"Cookie": f"session=garbage; {ONE['Cookie']}"}),
    req("GET", "/session", "in two headers", (("Cookie", "a=b"), ("Cookie", ONE["Cookie"])), one_cookie=True),
    req("GET", "/session", "permanent", KEPT),
    req("GET", "/session/ignored", "signed", ONE),
    req("GET", "/session/ignored", "permanent", KEPT),
    req("POST", "/session", "signed", ONE),
    req("POST", "/session", "rotated key", OLD),
    req("POST", "/session", "forged", FORGED),
    req("POST", "/session", "permanent", KEPT),
    req("POST", "/session/inside", "signed", ONE),
    req("POST", "/session/inside?tell=yes", "signed", ONE),
    req("POST", "/session/keep", "signed", ONE),
    req("POST", "/session/keep?on=no", "permanent", KEPT),
    req("DELETE", "/session", "signed", ONE),
    req("HEAD", "/session", "signed", ONE),
)
