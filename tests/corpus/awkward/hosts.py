"""Rules that a host or a subdomain belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import request

if TYPE_CHECKING:
    from flask import Flask


def show(**values: Any) -> Any:
    return {"rule": str(request.url_rule), "url": request.url, "endpoint": request.endpoint, **values}


def add_rules(app: Flask, variant: str) -> None:
    if variant == "hosts":
        app.add_url_rule("/", "www", show, host="www.corpus.test")
        app.add_url_rule("/", "shop", show, host="<tenant>.shop.test")
        app.add_url_rule("/only/<int:value>/", "only", show, host="www.corpus.test")
        return
    app.config["SERVER_NAME"] = "corpus.test"
    app.add_url_rule("/", "apex", show)
    app.add_url_rule("/", "api", show, subdomain="api")
    app.add_url_rule("/items/<int:value>", "tenant", show, subdomain="<tenant>")
