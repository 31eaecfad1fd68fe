"""Streams, files, ranges and conditional requests."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, request, send_file, send_from_directory, stream_with_context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

HERE = Path(__file__).parent
WHEN = datetime(2024, 2, 29, 12, tzinfo=UTC)


def streamed(kind: str) -> Any:
    def parts() -> Iterator[str]:
        for number in range(5):
            yield f"{number}\n" * 100

    def about_the_request() -> Iterator[str]:
        yield request.path
        yield ""
        yield request.args.get("q", "none")

    if kind == "sized":
        return Response(parts(), headers={"Content-Length": "1000"}, mimetype="text/plain")
    if kind == "context":
        return Response(stream_with_context(about_the_request()), mimetype="text/plain")
    if kind == "bytes":
        return Response((bytes([value]) * 3000 for value in range(20)), mimetype="application/octet-stream")
    if kind == "nothing":
        return Response(iter(()), mimetype="text/plain")
    return Response(parts(), mimetype="text/csv", headers={"Content-Disposition": 'attachment; filename="a.csv"'})


def sent(name: str) -> Any:
    if name == "memory":
        return send_file(BytesIO(b"0123456789" * 10), mimetype="application/pdf", download_name="é.pdf")
    if name == "dated":
        return send_file(
            BytesIO(b"abcdefghij"), mimetype="text/plain", etag="tagged", last_modified=WHEN, conditional=True
        )
    if name == "attached":
        return send_file(HERE / "attachment.txt", as_attachment=True, etag=False, last_modified=WHEN)
    return send_from_directory(HERE, name, last_modified=WHEN, etag="file")


def tagged() -> Any:
    """A view that answers conditional requests by itself."""
    response = make_response("the same every time")
    response.add_etag()
    response.last_modified = WHEN
    response.cache_control.max_age = 60
    response.vary.add("Accept")
    return response.make_conditional(request)


def add_rules(app: Flask) -> None:
    app.add_url_rule("/streams/<kind>", "streamed", streamed)
    app.add_url_rule("/files/<path:name>", "sent", sent)
    app.add_url_rule("/tagged", "tagged", tagged)
