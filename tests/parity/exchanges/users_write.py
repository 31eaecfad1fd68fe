"""Writing users: sign-up, update, deletion, batches."""

from __future__ import annotations

from typing import Any

from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

ADMIN, EDITOR, MEMBER, INACTIVE, NOBODY = 1, 2, 3, 9, 999
JSON = {"content-type": "application/json"}
MAX_BODY = 2 * 1024 * 1024
TOO_DEEP = b"[" * 100_000


def person(name: str = "fresh.name", **more: Any) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@example.org", "password": "long enough", **more}


def people(count: int) -> dict[str, Any]:
    return {"users": [person(f"person-{number}") for number in range(count)]}


def padded(size: int) -> bytes:
    text = b'{"username": "fresh.name", "email": "fresh@example.org", "password": "long enough"'
    return text + b" " * (size - len(text) - 1) + b"}"


def signup(fact: str, status: int, body: Any, content_type: str | None = None, **more: Any) -> Exchange:
    headers = {"content-type": content_type} if content_type else {}
    return Exchange(f"sign-up-{fact}", "POST /users", "POST", "/users", status, body, headers, **more)


def patch(fact: str, status: int, body: Any, actor: int | None = MEMBER, target: int = MEMBER, **more: Any) -> Exchange:
    operation = "PATCH /users/{user_id}"
    return Exchange(f"user-patch-{fact}", operation, "PATCH", f"/users/{target}", status, body, user_id=actor, **more)


def balances(*values: Any) -> dict[str, Any]:
    return {"users": [person(f"person-{number}", balance=value) for number, value in enumerate(values)]}


def delete(fact: str, status: int, actor: int | None, target: int, *prepare: str) -> Exchange:
    operation, path = "DELETE /users/{user_id}", f"/users/{target}"
    return Exchange(f"user-delete-{fact}", operation, "DELETE", path, status, user_id=actor, prepare=prepare)


def bulk(fact: str, status: int, body: Any, actor: int | None = ADMIN, **more: Any) -> Exchange:
    return Exchange(f"bulk-{fact}", "POST /users/bulk", "POST", "/users/bulk", status, body, user_id=actor, **more)


def deactivate(fact: str, status: int, body: Any, actor: int | None = ADMIN, **more: Any) -> Exchange:
    path = "/users/deactivate"
    return Exchange(f"deactivate-{fact}", f"POST {path}", "POST", path, status, body, user_id=actor, **more)


SIGN_UPS = (
    signup("succeeds", 201, person()),
    signup("username-taken-comes-first", 409, person("user0004", email="user0005@example.com")),
    signup("differing-case-is-not-taken", 201, person("USER0003", email="USER0003@example.com")),
    signup("bounds-are-inclusive", 201, person("a.b", email=f"{'e' * 243}@example.org", password="p" * 128)),
    signup("all-too-long", 400, person("n" * 65, email=f"{'e' * 244}@example.org", password="p" * 129)),
    signup("all-too-short-or-not-ascii", 400, {"username": "é", "email": "é@e.org", "password": "short"}),
    signup("json-list", 400, [person()]),
    signup("all-of-wrong-type", 400, {"username": 12345, "email": ["a"], "password": None}),
    signup("nul-in-every-field", 400, {"username": "a\0bc", "email": "a\0@b.cd", "password": "12345678\0"}),
    signup("unknown-fields", 400, {**person(role="admin", balance="1"), "": 2, "a.b": 3, "é": 4}),
    signup("json-null", 400, b"null", "application/json"),
    signup("empty-body", 400, b"", "application/json"),
    signup("invalid-json", 400, b'{"username": "fresh.name",}', "application/json"),
    signup("last-of-repeated-keys-wins", 201, b'{"username": "x", ' + padded(100)[1:], "application/json"),
    signup("nested-too-deep", 400, TOO_DEEP, "application/json"),
    signup("bytes-that-are-not-utf8", 400, padded(100).replace(b"long", b"l\xff\xfeng"), "application/json"),
    signup("charset-parameter", 201, padded(100), "Application/JSON; charset=utf-8"),
    signup("vendor-json", 201, padded(100), "application/vnd.api+json"),
    signup("missing-content-type", 415, padded(100)),
    signup("body-of-2-mib", 201, padded(MAX_BODY), "application/json"),
    signup("body-over-2-mib", 413, padded(MAX_BODY + 1), "application/json"),
)
PATCHES = (
    patch("email-by-self", 200, {"version": 1, "email": "new@example.org"}),
    patch("email-taken", 409, {"version": 1, "email": "user0004@example.com"}),
    patch("nothing-to-change", 400, {"version": 1}),
    patch("stale-version", 409, {"version": 1, "email": "n@e.org"}, prepare=("UPDATE users SET version = 7",)),
    patch(
        "version-cannot-grow",
        500,
        {"version": 2**31 - 1, "email": "n@e.org"},
        prepare=("UPDATE users SET version = 2147483647",),
    ),
    patch(
        "all-of-wrong-value",
        400,
        {"version": 1.5, "email": None, "role": "ADMIN", "is_active": 0.5, "balance": "12.345"},
        ADMIN,
    ),
    patch(
        "everything-in-other-types",
        200,
        {"version": True, "email": "n@e.org", "role": "editor", "is_active": "off", "balance": "1e3"},
        ADMIN,
    ),
    patch("role-by-member", 403, {"version": 1, "role": "admin"}),
    patch("of-another", 403, {"version": 1, "email": "n@e.org"}, MEMBER, 4),
    patch("of-another-with-invalid-json", 400, b"{", MEMBER, 4, headers=JSON),
    patch("of-nobody-beyond-int4", 404, {"version": 1, "email": "n@e.org"}, ADMIN, 2**31),
    patch("wrong-content-type", 415, b'{"version": 1}', headers={"content-type": "text/plain"}),
    patch("logged-out-with-json-nested-too-deep", 401, TOO_DEEP, None, headers=JSON),
    patch("logged-out-over-2-mib", 401, padded(MAX_BODY + 1), None, headers=JSON),
    patch("by-deleted", 401, {"version": 1, "email": "n@e.org"}, NOBODY),
    patch("by-actor-beyond-int4", 401, {"version": 1, "email": "n@e.org"}, 2**40),
)
DELETIONS = (
    delete("self", 204, MEMBER, MEMBER),
    delete("by-admin-cascades-to-posts", 204, ADMIN, 5),
    delete("of-another", 403, MEMBER, 5),
    delete("twice", 404, ADMIN, 5, "DELETE FROM users WHERE id = 5"),
    delete("by-inactive", 401, INACTIVE, INACTIVE),
)
BULKS = (
    bulk("in-order-with-roles", 201, {"users": [person("zoe", role="editor"), person("amy", balance="1e3")]}),
    bulk("balances-that-can-be-read", 201, balances("1e3", 12.3, "-0.0", " 007.5 ", 9999999999.99, 0)),
    bulk("balances-that-cannot", 400, balances("12.345", -1, 99999999999.99, "NaN", None, [], "1,5")),
    bulk("100-users", 201, people(100)),
    bulk("101-users", 400, people(101)),
    bulk("one-bad-of-three", 400, {"users": [person("amy"), person("x"), person("zoe")]}),
    bulk("items-that-are-not-objects", 400, {"users": ["amy", None, [], 1]}),
    bulk("first-conflicting-row-wins", 409, {"users": [person("amy"), person("amy"), person("user0003")]}),
    bulk("later-row-taken-changes-nothing", 409, {"users": [person("amy"), person(email="editor@example.com")]}),
    bulk("by-member", 403, people(1), MEMBER),
    bulk("logged-out-with-invalid-payload", 401, {"users": 1}, None),
    bulk("wrong-content-type", 415, b"{}", headers={"content-type": "text/plain"}),
)
DEACTIVATIONS = (
    deactivate("repeated-unknown-and-inactive-ids", 200, {"ids": [3, 3, 4, 9, 18, 41, 2**31 - 1]}),
    deactivate("1000-ids", 200, {"ids": list(range(2, 1002))}),
    deactivate("1001-ids", 400, {"ids": list(range(1, 1002))}),
    deactivate("ids-of-mixed-types", 400, {"ids": [0, -1, 2**31, "3", True, 1.0, 1.5, None, "x", "1_0", "+4"]}),
    deactivate("ids-that-can-be-read-as-integers", 200, {"ids": ["3", True, 4.0, "005", " 6 "]}),
    deactivate("by-editor", 403, {"ids": [3]}, EDITOR),
    deactivate("logged-out-with-empty-body", 401, b"", None, headers=JSON),
    deactivate("missing-content-type", 415, b'{"ids": [3]}'),
)
EXCHANGES: tuple[Exchange, ...] = (*SIGN_UPS, *PATCHES, *DELETIONS, *BULKS, *DEACTIVATIONS)
