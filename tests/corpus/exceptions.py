"""
What a twin answers otherwise than its Flask view, as data; ``python -m tests.corpus.exceptions`` writes the page of the docs.

A listed request that has come to answer the same fails the tests, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.conftest import ROOT
from tests.corpus.requests import REQUESTS

__all__ = ["EXCEPTIONS", "IDS", "PAGE", "render"]

PAGE: Final = ROOT / "docs" / "reference" / "flask-parity-exceptions.md"


@dataclass(frozen=True, slots=True)
class ParityException:
    """
    One way in which a twin differs.

    Attributes:
        title: Heading of its section.
        requests: Ids of the requests that show it.
        flask: What the Flask view does.
        twin: What the FastAPI route does.
        reason: Why no shim removes it.
        instead: What to do where it matters.
    """

    title: str
    requests: tuple[str, ...]
    flask: str
    twin: str
    reason: str
    instead: str


FORM: Final = "plain POST /read/form "
EXCEPTIONS: Final = (
    ParityException(
        title="Malformed form data",
        requests=tuple(
            FORM + note
            for note in (
                "odd urlencoded",
                "raw bytes urlencoded",
                "urlencoded with charset",
                "multipart truncated",
                "multipart without boundary",
                "multipart other boundary",
                "multipart unnamed file",
            )
        ),
        flask="Werkzeug keeps bytes that are not UTF-8 percent-encoded, and reads a body that it cannot parse as an empty form.",
        twin="python-multipart decodes them as U+FFFD or Latin-1, keeps the parts before the fault, and answers 400 without a boundary.",
        reason="`request.form()` is Starlette's own parser; well-formed forms and uploads are read alike.",
        instead="Leave the operation on the `flask` path, or parse the body with `werkzeug.formparser` in the port.",
    ),
    ParityException(
        title="Limit on form parts",
        requests=(FORM + "multipart too many parts",),
        flask="`MAX_FORM_PARTS` of the application applies: 413.",
        twin="Starlette's limit of 1,000 fields and 1,000 files applies.",
        reason="The limit is an argument of `request.form()`, which the route calls itself.",
        instead="Call `request.form(max_fields=..., max_files=...)`.",
    ),
)
IDS: Final = frozenset(request for exception in EXCEPTIONS for request in exception.requests)
HEAD: Final = """# Flask parity exceptions

<!-- Written by `python -m tests.corpus.exceptions`; a test fails when it is out of date. -->

The corpus in `tests/corpus/` sends {count} raw requests over sockets.
Flask behind the facade answers all of them as it does under gunicorn: status, headers and body are equal.
So do the bridged and native operations of the example application.
The FastAPI twins of the awkward application do, too, but for the {exceptions} requests below.

## Not compared

`Connection`, `Keep-Alive`, `Transfer-Encoding`, `Trailer`, `Server` and `Date` belong to the server.
`Allow` is compared as a set, because Flask writes it in the order of its hashes.

## Behind the facade

Three things differ from gunicorn before any view runs, on purpose or because ASGI does not tell:

- Several `Cookie` headers are joined with `; ` (RFC 6265, 5.4), where gunicorn joins them with a comma and breaks them.
- A bare `?` at the end of a target is not part of `RAW_URI`, because ASGI does not tell it from none.
- Which methods and header bytes are refused is decided by the server's own parser, such as httptools or h11.

Which proxies are believed is a setting of the server: give uvicorn and gunicorn the same `FORWARDED_ALLOW_IPS`.

## Twins
"""


def render() -> str:
    """Return the page."""
    parts = [HEAD.format(count=len(REQUESTS), exceptions=len(IDS))]
    for exception in EXCEPTIONS:
        shown = "\n".join(f"- `{request}`" for request in exception.requests)
        parts.append(
            f"### {exception.title}\n\n**Flask.** {exception.flask}\n\n**Twin.** {exception.twin}\n\n"
            f"**Reason.** {exception.reason}\n\n**Instead.** {exception.instead}\n\n{shown}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
