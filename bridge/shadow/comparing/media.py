"""What kind of body a media type announces."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.shadow.exchange import RecordedResponse

__all__ = ["header_values", "kind_of", "media_type"]

TEXT: Final = frozenset(
    {
        "application/x-www-form-urlencoded",
        "application/xml",
        "application/javascript",
        "application/x-ndjson",
        "application/yaml",
        "application/sql",
    }
)


def header_values(response: RecordedResponse, name: str) -> list[str]:
    """Return every value of a header, in the order sent."""
    wanted = name.encode("latin-1", "replace")
    return [value.decode("latin-1") for key, value in response.headers if key.lower() == wanted]


def media_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the media type in lower case, and its parameters."""
    message = Message()
    message["content-type"] = value.replace("\r", " ").replace("\n", " ")
    parameters = message.get_params(failobj=[("", "")])
    return parameters[0][0].lower(), {name.lower(): text for name, text in parameters[1:]}


def kind_of(media: str, body: bytes) -> str:
    """Return ``json``, ``text`` or ``binary``, by the media type, and where there is none, by the body."""
    main, _, sub = media.partition("/")
    if sub == "json" or sub.endswith("+json"):
        return "json"
    if main in {"text", "multipart"} or media in TEXT or sub.endswith("+xml"):
        return "text"
    return "text" if not media and _is_text(body) else "binary"


def _is_text(body: bytes) -> bool:
    try:
        return "\0" not in body.decode()
    except UnicodeDecodeError:
        return False
