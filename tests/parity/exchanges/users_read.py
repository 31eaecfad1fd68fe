"""Reading users: the list, the statistics, one user."""

from __future__ import annotations

from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

MEMBER = 3
LONG_RATING = "UPDATE posts SET rating = 3." + "0123456789" * 8 + "000 WHERE id = 35"
ODD_META = (
    """UPDATE posts SET meta = '{"big": 123456789012345678901234567890, "tenth": 0.1, "huge": 1e22, "tiny": 1e-7, """
    """"zeros": 1.500, "null": null, "日本": ["é", {"deep": [[]]}], "B": true, "a": false, "": "\\u2028"}' """
    "WHERE id IN (35, 43)"
)
SERVER_TIME_ZONE = (
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = %L', current_database(), 'Asia/Kolkata'); END $$"
)


def listed(fact: str, query: str, status: int = 200, *prepare: str) -> Exchange:
    return Exchange(f"users-{fact}", "GET /users", "GET", f"/users{query}", status, prepare=prepare)


def ranked(fact: str, query: str, status: int = 200, *prepare: str) -> Exchange:
    return Exchange(f"stats-{fact}", "GET /users/stats", "GET", f"/users/stats{query}", status, prepare=prepare)


def shown(fact: str, user_id: object, status: int = 200, *prepare: str) -> Exchange:
    return Exchange(
        f"user-{fact}", "GET /users/{user_id}", "GET", f"/users/{user_id}", status, user_id=MEMBER, prepare=prepare
    )


PAGES = (
    listed("first-page-by-default", ""),
    Exchange("users-head", "GET /users", "HEAD", "/users?size=2", 200),
    listed("last-page-is-partial", "?page=3&size=17"),
    listed("page-10000-is-the-last-allowed", "?page=10000&size=100"),
    listed("page-10001-and-size-101-are-refused", "?page=10001&size=101", 400),
    listed("page-negative-and-size-0-are-refused", "?page=-1&size=0", 400),
    listed("page-of-30-digits-and-size-of-5000-are-refused", f"?page={10**30}&size={'9' * 5000}", 400),
    listed("page-with-plus-and-size-with-spaces", "?page=%2B2&size=%203%20"),
    listed("page-as-whole-float-and-size-with-underscore", "?page=2.0&size=1_0"),
    listed("page-empty-is-refused", "?page=", 400),
    listed("first-of-repeated-pages-wins", "?page=2&page=1&size=5"),
    listed("unknown-fields-beside-wrong-values", "?page=0&size=0&PAGE=1&%C3%A9=1", 400),
    listed("unknown-field-of-bytes-that-are-not-utf8", "?%FF=1", 400),
    listed("first-of-repeated-values-wins-even-when-wrong", "?page=x&page=1&size=2&size=x&order=a&order=b", 400),
    listed("ties-are-broken-by-id", "?size=7", 200, "UPDATE users SET created_at = '2024-02-01 00:00:00.000001+00'"),
)
KEYWORDS = (
    listed("keyword-matches-username-or-email", "?keyword=user_00&size=3"),
    listed("keyword-percent-and-underscore-are-literal", "?keyword=_100%25"),
    listed(
        "keyword-backslash-percent-is-literal",
        "?keyword=%5C%25x",
        200,
        "UPDATE users SET email = 'a\\%x@example.com' WHERE id = 7",
        "UPDATE users SET email = 'a%x@example.com' WHERE id = 8",
    ),
    listed(
        "keyword-unicode-ignores-case", "?keyword=%C3%A9LODIE", 200, "UPDATE users SET username = 'Élodie' WHERE id = 6"
    ),
    listed(
        "keyword-of-bytes-that-are-not-utf8",
        "?keyword=%FF",
        200,
        "UPDATE users SET email = 'x%FF@example.com' WHERE id = 6",
    ),
    listed("keyword-with-nul-is-refused", "?keyword=a%00b&page=0", 400),
    listed("keyword-of-101-characters-is-refused", "?keyword=" + "%E6%97%A5" * 101, 400),
)
STATS = (
    ranked("min-posts-and-limit", "?min_posts=3&limit=4"),
    ranked("everything-wrong", "?min_posts=2147483648&limit=101&page=1", 400),
    ranked("users-without-posts-count-0", "?limit=100", 200, "DELETE FROM posts WHERE author_id < 20"),
)
DETAILS = (
    shown("with-posts-and-tags", 5),
    shown(
        "decimals-keep-their-digits",
        5,
        200,
        LONG_RATING,
        "UPDATE posts SET rating = 0.000 WHERE id = 43",
        "UPDATE posts SET rating = 1e-30 WHERE id = 80",
        "UPDATE posts SET rating = NULL WHERE id = 117",
        "UPDATE users SET balance = 100000000.00 WHERE id = 5",
    ),
    shown("whole-decimal-above-10000", 4, 200, "UPDATE posts SET rating = 20000 WHERE id = 38"),
    shown(
        "decimals-that-are-not-numbers",
        5,
        200,
        "UPDATE posts SET rating = 'NaN' WHERE id = 35",
        "UPDATE posts SET rating = 'Infinity' WHERE id = 43",
    ),
    shown("nested-meta", 5, 200, ODD_META),
    shown("meta-that-is-a-list", 4, 200, "UPDATE posts SET meta = CAST('[1, null]' AS jsonb) WHERE id = 38"),
    shown(
        "times-in-another-century",
        4,
        200,
        "UPDATE users SET created_at = '1800-01-01 00:00:00.999999+00', last_seen_at = '9999-12-31 23:59:59.5+00' "
        "WHERE id = 4",
    ),
    shown("times-do-not-depend-on-the-servers-zone", 3, 200, SERVER_TIME_ZONE),
    shown("id-with-leading-zeros", "003"),
    shown("id-in-arabic-digits", "%D9%A3"),
    shown("id-0", 0, 404),
    shown("id-beyond-int4", 2**31, 404),
    shown("id-of-71-bits", 2**70, 404),
    Exchange("user-head", "GET /users/{user_id}", "HEAD", "/users/3", 200),
    Exchange("user-slash-percent-encoded", "GET /users/{user_id}", "GET", "/users%2F3", 200),
)
EXCHANGES: tuple[Exchange, ...] = (*PAGES, *KEYWORDS, *STATS, *DETAILS)
