"""How views read what a client sends."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from flask import jsonify, request

if TYPE_CHECKING:
    from flask import Flask


def read_json() -> Any:
    return jsonify(request.get_json())


def read_silently() -> Any:
    return jsonify(got=request.get_json(silent=True), forced=request.get_json(force=True, silent=True))


def read_form() -> Any:
    return {
        "args": list(request.args.items(multi=True)),
        "form": sorted(request.form.items(multi=True)),
        "values": sorted(request.values.items(multi=True)),
        "files": [
            [name, file.filename, file.mimetype, hashlib.sha256(file.read()).hexdigest()]
            for name, file in request.files.items(multi=True)
        ],
    }


def read_raw() -> Any:
    body = request.get_data()
    return {"bytes": len(body), "sha": hashlib.sha256(body).hexdigest(), "length": request.content_length}


def read_in_pieces() -> Any:
    """The stream itself, a few bytes at a time."""
    pieces = list(iter(lambda: request.stream.read(7), b""))
    return {"pieces": len(pieces), "bytes": sum(map(len, pieces))}


def ignore_body() -> Any:
    return "not read"


def show_headers() -> Any:
    hidden = {"Transfer-Encoding"}
    return {
        "headers": sorted([name, value] for name, value in request.headers.items() if name not in hidden),
        "cookies": sorted(request.cookies.items(multi=True)),
        "type": [request.mimetype, request.mimetype_params],
        "languages": list(request.accept_languages.values()),
        "best": request.accept_mimetypes.best_match(["text/html", "application/json"]),
        "auth": [request.authorization.type, request.authorization.parameters] if request.authorization else None,
        "range": str(request.range),
        "host": request.host,
        "remote": request.remote_addr,
        "secure": request.is_secure,
        "route": request.access_route,
    }


def add_rules(app: Flask) -> None:
    for name, view in (
        ("json", read_json),
        ("silent", read_silently),
        ("form", read_form),
        ("raw", read_raw),
        ("pieces", read_in_pieces),
        ("ignored", ignore_body),
    ):
        app.add_url_rule(f"/read/{name}", f"read_{name}", view, methods=["POST", "PUT", "DELETE"])
    app.add_url_rule("/headers", "show_headers", show_headers, methods=["GET", "POST"])
