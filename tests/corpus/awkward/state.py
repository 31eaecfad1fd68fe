"""Cookies and the session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import make_response, request, session

if TYPE_CHECKING:
    from flask import Flask


def set_cookies() -> Any:
    response = make_response("cookies")
    response.set_cookie("plain", "1")
    response.set_cookie("quoted", 'a "b"; c, é')
    # Both, or Werkzeug computes one from the other and the clock.
    response.set_cookie("old", "x", max_age=60, expires=datetime(2030, 1, 1, tzinfo=UTC))
    response.set_cookie("strict", "y", path="/a", domain="corpus.test", secure=True, httponly=True, samesite="Strict")
    response.set_cookie("part", "z", secure=True, partitioned=True)
    return response


def delete_cookies() -> Any:
    response = make_response({"had": request.cookies.get("plain")})
    response.delete_cookie("plain")
    response.delete_cookie("strict", path="/a", domain="corpus.test")
    return response


def read_session() -> Any:
    return dict(session)


def ignore_session() -> Any:
    return "untouched"


def write_session() -> Any:
    session["count"] = session.get("count", 0) + 1
    session["bytes"] = b"\x00"
    session["when"] = datetime(2024, 2, 29, tzinfo=UTC)
    session["tuple"] = (1, [2])
    return {"count": session["count"]}


def write_inside() -> Any:
    """A change that the session cannot see, and one that it is told of."""
    session.setdefault("list", []).append(1)
    session.modified = request.args.get("tell") == "yes"
    return ""


def clear_session() -> Any:
    session.clear()
    return "", 204


def keep_session() -> Any:
    session.permanent = request.args.get("on", "yes") == "yes"
    session["kept"] = True
    return "kept"


def add_rules(app: Flask) -> None:
    app.add_url_rule("/cookies", "set_cookies", set_cookies)
    app.add_url_rule("/cookies", "delete_cookies", delete_cookies, methods=["DELETE"])
    app.add_url_rule("/session", "read_session", read_session)
    app.add_url_rule("/session/ignored", "ignore_session", ignore_session)
    app.add_url_rule("/session", "write_session", write_session, methods=["POST"])
    app.add_url_rule("/session/inside", "write_inside", write_inside, methods=["POST"])
    app.add_url_rule("/session", "clear_session", clear_session, methods=["DELETE"])
    app.add_url_rule("/session/keep", "keep_session", keep_session, methods=["POST"])
