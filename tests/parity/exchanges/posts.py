"""Posts: bridged only, so that the native application serves them bridged too."""

from __future__ import annotations

from typing import Any

from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

ADMIN, AUTHOR, OTHER, INACTIVE = 1, 5, 3, 9
# Posts of AUTHOR.
DRAFT, PUBLISHED = 43, 35
JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}
PI = "3." + "1415926535" * 9 + "000000000"
META = {
    "z": [1, 2.5, None, True, {"": "日本語 🚀"}],
    "big": 123456789012345678901234567890,
    "tenth": 0.1,
    "huge": 1e22,
    "tiny": 1e-7,
    "one": 1.0,
    "minus": -0.0,
    "é": "\u2028</script>",
    "A": "\\u0041",
}


def nested(levels: int) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    for _ in range(levels - 1):
        meta = {"in": meta}
    return meta


def draft(**more: Any) -> dict[str, Any]:
    return {"title": "A title", "body": "", **more}


def create(
    fact: str, status: int, body: Any, actor: int | None = AUTHOR, target: int = AUTHOR, **more: Any
) -> Exchange:
    operation, path = "POST /users/{user_id}/posts", f"/users/{target}/posts"
    return Exchange(f"post-create-{fact}", operation, "POST", path, status, body, user_id=actor, **more)


def listed(fact: str, query: str, status: int = 200, *prepare: str) -> Exchange:
    return Exchange(f"posts-{fact}", "GET /posts", "GET", f"/posts{query}", status, prepare=prepare)


def shown(fact: str, post_id: object, status: int = 200, *prepare: str) -> Exchange:
    return Exchange(f"post-{fact}", "GET /posts/{post_id}", "GET", f"/posts/{post_id}", status, prepare=prepare)


def patch(fact: str, status: int, body: Any, actor: int | None = AUTHOR, post: int = DRAFT, **more: Any) -> Exchange:
    operation, path = "PATCH /posts/{post_id}", f"/posts/{post}"
    return Exchange(f"post-patch-{fact}", operation, "PATCH", path, status, body, user_id=actor, **more)


def delete(fact: str, status: int, actor: int | None, post: int, *prepare: str) -> Exchange:
    operation, path = "DELETE /posts/{post_id}", f"/posts/{post}"
    return Exchange(f"post-delete-{fact}", operation, "DELETE", path, status, user_id=actor, prepare=prepare)


def publish(fact: str, status: int, actor: int | None = AUTHOR, post: int = DRAFT, **more: Any) -> Exchange:
    operation, path = "POST /posts/{post_id}/publish", f"/posts/{post}/publish"
    return Exchange(f"publish-{fact}", operation, "POST", path, status, user_id=actor, **more)


CREATIONS = (
    create("full", 201, draft(rating="4.50", meta=META, tags=["python", "日本語", "Python", "new tag", "python"])),
    create("by-admin-for-inactive-author", 201, draft(rating=None, tags=["'; --", "%_\\"]), ADMIN, INACTIVE),
    create("rating-of-100-digits", 201, draft(rating=PI, meta=nested(32))),
    create("meta-with-nan", 400, b'{"title": "t", "body": "", "meta": {"x": [NaN]}, "rating": NaN}', headers=JSON),
    create("title-of-201-and-body-of-20001", 400, {"title": "t" * 201, "body": "b" * 20_001, "rating": PI + "1" * 10}),
    create(
        "11-tags-and-rating-too-high",
        400,
        draft(tags=["python"] * 11, rating="5.0000001", meta=nested(33), status="draft"),
    ),
    create("tags-empty-long-and-of-wrong-type", 400, draft(tags=["", "t" * 41, 1, "a\0", None])),
    create("for-another", 403, draft(), OTHER),
    create("for-nobody", 404, draft(), AUTHOR, 41),
    create("logged-out-with-invalid-payload", 401, {}, None),
    create("wrong-content-type", 415, b"{}", headers=TEXT),
)
READINGS = (
    listed("first-page-by-default", ""),
    listed("all-filters", "?author=5&status=published&tag=performance"),
    listed("all-filters-wrong", "?author=0&status=Draft&tag=&page=10001&size=101&x=1", 400),
    shown("with-tags-in-order", 1),
    shown("rating-that-is-not-a-number", 3, 200, "UPDATE posts SET rating = 'NaN' WHERE id = 3"),
    shown("id-nobody-has", 121, 404),
)
PATCHES = (
    patch(
        "of-archived-keeps-zeros",
        200,
        {"title": "データ 🚀", "rating": "5.000", "tags": []},
        ADMIN,
        prepare=("UPDATE posts SET status = 'archived'",),
    ),
    patch("wrong-content-type", 415, b"{}", headers=TEXT),
    patch("tags-replaced-and-created", 200, {"tags": ["zebra", "async", "Apfel", "äpfel"]}),
    patch("nothing-to-change", 400, {}),
    patch("of-another", 403, {"title": "t"}, OTHER),
    patch("of-nobody", 404, {"title": "t"}, AUTHOR, 121),
    patch("logged-out-with-invalid-json", 401, b"{", None, headers=JSON),
)
DELETIONS = (
    delete("by-author", 204, AUTHOR, DRAFT),
    delete("of-another", 403, OTHER, DRAFT),
    delete("twice", 404, AUTHOR, DRAFT, "DELETE FROM posts WHERE id = 43"),
    delete("logged-out", 401, None, DRAFT),
)
PUBLICATIONS = (
    publish("draft", 200),
    publish("body-is-not-read", 200, body=b"{", headers=JSON),
    publish("published", 409, post=PUBLISHED),
    publish("archived", 409, prepare=("UPDATE posts SET status = 'archived' WHERE id = 43",)),
    publish("of-another", 403, OTHER),
    publish("nobodys", 404, post=121),
    publish("logged-out", 401, None),
)
EXCHANGES: tuple[Exchange, ...] = (*CREATIONS, *READINGS, *PATCHES, *DELETIONS, *PUBLICATIONS)
