from __future__ import annotations

import io
import wsgiref.validate

import pytest

from bridge.wsgi import build_environ
from tests.conformance.client import http_scope


def test_body_may_be_bytes_or_a_file() -> None:
    assert build_environ(http_scope(), b"abc")["wsgi.input"].read() == b"abc"
    file = io.BytesIO(b"def")
    assert build_environ(http_scope(), file)["wsgi.input"] is file


def test_minimal_scope_is_enough() -> None:
    """Other rooms build environs from scopes that tests write by hand."""
    environ = build_environ({"type": "http", "method": "GET", "path": "/a b\u00e9", "headers": []})
    assert environ["PATH_INFO"] == "/a b\xc3\xa9"
    assert environ["REQUEST_URI"] == "/a%20b%C3%A9"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"], environ["SCRIPT_NAME"]) == ("localhost", "80", "")
    assert "REMOTE_ADDR" not in environ


def test_environ_is_valid() -> None:
    environ = build_environ(http_scope("/a", [(b"content-type", b"text/plain")], query_string=b"a=1"))
    wsgiref.validate.check_environ(environ)  # type: ignore[attr-defined]  # typeshed leaves it out


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("", "/a", ("", "/a")),
        ("/", "/a", ("", "/a")),
        ("/api", "/api/a", ("/api", "/a")),
        ("/api/", "/api/a", ("/api", "/a")),
        ("/api", "/api", ("/api", "")),
        ("/api", "/api/", ("/api", "/")),
        ("/api", "/apiary", ("/api", "/apiary")),
        ("/api", "/other", ("/api", "/other")),
        ("/\u00e9", "/\u00e9/a", ("/\xc3\xa9", "/a")),
    ],
)
def test_root_path_is_stripped_at_a_segment(root: str, path: str, expected: tuple[str, str]) -> None:
    environ = build_environ(http_scope(path, root_path=root))
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == expected


def test_raw_path_is_ignored_when_the_path_was_rewritten() -> None:
    environ = build_environ(http_scope("/new", raw_path=b"/%6Fld"))
    assert (environ["PATH_INFO"], environ["RAW_URI"]) == ("/new", "/new")


def test_query_in_the_raw_path_is_ignored() -> None:
    environ = build_environ(http_scope("/a", raw_path=b"/a?x=1", query_string=b"x=1"))
    assert environ["RAW_URI"] == "/a?x=1"


def test_transfer_encoding_overrides_content_length() -> None:
    headers = [(b"content-length", b"3"), (b"transfer-encoding", b"chunked")]
    assert "CONTENT_LENGTH" not in build_environ(http_scope(headers=headers))


def test_repeated_entity_headers_are_not_joined() -> None:
    headers = [
        (b"content-type", b"a/a"),
        (b"content-type", b"b/b"),
        (b"content-length", b"3"),
        (b"content-length", b"3"),
    ]
    environ = build_environ(http_scope(headers=headers))
    assert (environ["CONTENT_TYPE"], environ["CONTENT_LENGTH"]) == ("b/b", "3")


def test_https_without_a_port_is_443() -> None:
    environ = build_environ(http_scope(scheme="https", server=("/run/app.sock", None)))
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("localhost", "443")
