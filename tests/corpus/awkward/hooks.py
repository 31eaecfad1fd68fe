"""Hooks that answer, change answers, and fail."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, abort, after_this_request, g, request


def add_rules(app: Flask) -> None:
    app.before_request(answer_early)
    app.after_request(label)
    app.add_url_rule("/early", "early", lambda: "never reached")
    app.add_url_rule("/after-this", "after_this", after_this)
    app.add_url_rule("/after-fails", "after_fails", lambda: "lost")
    guarded = Blueprint("guarded", __name__, url_prefix="/guarded")
    guarded.before_request(check_key)
    guarded.after_request(forbid_caching)
    guarded.url_value_preprocessor(take_language)
    guarded.register_error_handler(404, lambda _error: ("nothing guarded here", 404))
    guarded.add_url_rule("/<lang>/secret", "secret", secret, methods=["GET", "POST"])
    guarded.add_url_rule("/<lang>/missing", "missing", lambda: abort(404))
    app.register_blueprint(guarded)


def answer_early() -> Any:
    return ("early", 203, {"X-Early": "yes"}) if request.path == "/early" else None


def label(response: Response) -> Response:
    response.headers["X-Application"] = "awkward"
    if request.path == "/after-fails":
        raise RuntimeError("in a hook")
    return response


def after_this() -> Any:
    @after_this_request
    def mark(response: Response) -> Response:
        response.headers["X-This"] = "once"
        response.set_cookie("seen", "1")
        return response

    return "this"


def check_key() -> None:
    if request.headers.get("X-Key") != "open sesame":
        abort(401, description="a key is needed")


def forbid_caching(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response


def take_language(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.lang = (values or {}).pop("lang", None)


def secret() -> Any:
    return {"lang": g.lang, "secret": 42}
