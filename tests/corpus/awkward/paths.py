"""Rules: converters, slashes, redirects, several views of one path, blueprints."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, request, url_for


def show(**values: Any) -> Any:
    return {"rule": str(request.url_rule), **{name: repr(value) for name, value in values.items()}}


def echo(path: str = "") -> Any:
    return {
        "base_url": request.base_url,
        "full_path": request.full_path,
        "path": request.path,
        "rest": path,
        # ASGI cannot tell a bare question mark at the end from none.
        "raw": request.environ["RAW_URI"].removesuffix("?"),
        "root": request.script_root,
        "query": request.query_string.decode("latin-1"),
        "url": request.url,
        "args": list(request.args.items(multi=True)),
    }


def links() -> Any:
    return {
        "colour": url_for("colour", value=(1, 2, 3)),
        "outside": url_for("colour", value=(1, 2, 3), _external=True),
        "page": [url_for("pages", page=1), url_for("pages", page=2)],
    }


RULES = {
    "ints": "/ints/<int:value>",
    "signed": "/signed/<int(signed=True):value>",
    "digits": "/digits/<int(fixed_digits=4):value>",
    "bounded": "/bounded/<int(min=3, max=9):value>",
    "floats": "/floats/<float:value>",
    "uuids": "/uuids/<uuid:value>",
    "tree": "/tree/<path:value>",
    "pairs": "/pairs/<string(length=2):value>",
    "words": "/words/<value>",
    "choice": "/choice/<any(alpha, 'b c', über):value>",
    "colour": "/colours/<colour:value>",
    "between": "/between/<a>-<int:b>.txt",
    "strict": "/strict/<value>/",
    "bare": "/bare/<value>",
    "unicode": "/café/<value>",
    "semicolon": "/a;b/<value>",
}


def add_rules(app: Flask) -> None:
    for endpoint, rule in RULES.items():
        app.add_url_rule(rule, endpoint, show)
    app.add_url_rule("/", "root", show)
    app.add_url_rule("/slash/", "slash", show, methods=["GET", "POST"])
    app.add_url_rule("/noslash", "noslash", show)
    app.add_url_rule("/loose", "loose", show, strict_slashes=False)
    app.add_url_rule("/looser/", "looser", show, strict_slashes=False)
    app.add_url_rule("/raw//double", "raw", show, merge_slashes=False)
    app.add_url_rule("/pages/", "pages", show, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", show)
    app.add_url_rule("/moved/<int:value>", "moved", redirect_to="/ints/<value>")
    app.add_url_rule("/alias/<value>", "words", show, alias=True)
    app.add_url_rule("/same", "same_get", show)
    app.add_url_rule("/same", "same_post", show, methods=["POST"])
    app.add_url_rule("/same/<int:value>", "same_put", show, methods=["PUT"])
    app.add_url_rule("/same/<int:value>", "same_delete", show, methods=["DELETE"])
    app.add_url_rule("/people/<name>", "person", show)
    app.add_url_rule("/people/me", "me", show)
    app.add_url_rule("/options", "options", own_options, methods=["OPTIONS", "GET"], provide_automatic_options=False)
    app.add_url_rule("/head", "head", own_head, methods=["HEAD"])
    app.add_url_rule("/trace", "trace", show, methods=["TRACE", "PROPFIND"])
    app.add_url_rule("/echo/", "echo", echo)
    app.add_url_rule("/echo/<path:path>", "echo", echo)
    app.add_url_rule("/links", "links", links)
    shop, staff = Blueprint("shop", __name__, url_prefix="/shop"), Blueprint("staff", __name__, url_prefix="/staff")
    for blueprint in (shop, staff):
        blueprint.add_url_rule("/", "index", show)
        blueprint.add_url_rule("/<int:value>", "item", show)
    shop.register_blueprint(staff)
    app.register_blueprint(shop)


def own_options() -> Any:
    return f"mine: {request.method}", 200, {"Allow": "GET, OPTIONS, BREW"}


def own_head() -> Any:
    return "", 200, {"X-Head": "only"}
