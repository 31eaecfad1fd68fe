"""Rules for bodies that are not JSON."""

from __future__ import annotations

from typing import Final

from bridge.shadow.difference import Severity
from bridge.shadow.rules.rule import Rule

__all__ = ["BODIES"]

BODIES: Final = (
    Rule(
        "body.media_type",
        Severity.ERROR,
        "a body of another kind",
        "return the kind that the control does: HTMLResponse, PlainTextResponse, JSONResponse",
        "text/html <p>hello</p>",
        'application/json "<p>hello</p>"',
    ),
    Rule(
        "body.missing",
        Severity.ERROR,
        "there is no body",
        "return what the control does; 204 and 304 have no body",
        "hello",
        "",
    ),
    Rule(
        "body.extra",
        Severity.ERROR,
        "a body where the control has none",
        "return Response(status_code=204)",
        "",
        "null",
    ),
    Rule(
        "text.line",
        Severity.ERROR,
        "a line differs",
        "look where the text comes from",
        "one\ntwo\nthree",
        "one\n2\nthree",
        varies=True,
    ),
    Rule(
        "text.missing_line",
        Severity.ERROR,
        "a line is missing",
        "look where the text comes from",
        "one\ntwo\nthree",
        "one\nthree",
        varies=True,
    ),
    Rule(
        "text.extra_line",
        Severity.ERROR,
        "a line that the control does not have",
        "look where the text comes from",
        "one\nthree",
        "one\ntwo\nthree",
        varies=True,
    ),
    Rule(
        "text.whitespace",
        Severity.WARNING,
        "a line has other white space",
        "look at the template, and at trim_blocks and lstrip_blocks of Jinja",
        "one\n  two",
        "one\ntwo",
    ),
    Rule("text.case", Severity.WARNING, "a line is in other case", "look for lower() and title()", "One", "one"),
    Rule(
        "text.line_endings",
        Severity.WARNING,
        "lines end with CR LF on one side, LF on the other",
        "csv.writer writes CR LF; open files with newline=''",
        "one\r\ntwo\r\n",
        "one\ntwo\n",
    ),
    Rule(
        "text.trailing_newline",
        Severity.INFO,
        "the text ends with a line feed on one side only",
        "Jinja drops it: keep_trailing_newline",
        "one\n",
        "one",
    ),
    Rule(
        "binary.length",
        Severity.ERROR,
        "another number of bytes",
        "look where the bytes come from; a stream may end early",
        "89504e470d0a",
        "89504e47",
    ),
    Rule(
        "binary.content",
        Severity.ERROR,
        "as many bytes, but other ones",
        "look where the bytes come from",
        "89504e470d0a",
        "89504e470d0b",
        varies=True,
    ),
)
