"""Reading users: the list, the statistics, one user."""

from __future__ import annotations

from bridge.testing import Exchange

__all__ = ["EXCHANGES"]

MEMBER = 3
LONG_RATING = "3." + "0123456789" * 8 + "000"
ODD_META = (
    '{"big": 123456789012345678901234567890, "tenth": 0.1, "huge": 1e22, "tiny": 1e-7, "zeros": 1.500, '
    '"null": null, "日本": ["é", {"deep": [[]]}], "B": true, "a": false, "": "\\u2028"}'
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
    listed("last-page-is-partial", "?page=3&size=17"),
    listed("page-beyond-the-end-is-empty", "?page=4&size=17"),
    listed("page-10000-is-the-last-allowed", "?page=10000&size=100"),
    listed("page-10001-is-refused", "?page=10001", 400),
    listed("page-0-is-refused", "?page=0", 400),
    listed("page-negative-is-refused", "?page=-1", 400),
    listed("page-of-30-digits-is-refused", f"?page={10**30}", 400),
    listed("page-of-5000-digits-is-refused", f"?page={'9' * 5000}", 400),
    listed("page-with-underscore", "?page=1_0"),
    listed("page-with-plus-sign", "?page=%2B2"),
    listed("page-with-spaces", "?page=%202%20"),
    listed("page-as-whole-float", "?page=2.0"),
    listed("page-as-fraction-is-refused", "?page=1.5", 400),
    listed("page-as-exponent-is-refused", "?page=1e1", 400),
    listed("page-in-arabic-digits", "?page=%D9%A2", 400),
    listed("page-empty-is-refused", "?page=", 400),
    listed("page-without-equals-sign-is-refused", "?page", 400),
    listed("page-as-word-is-refused", "?page=two&size=ten", 400),
    listed("first-of-repeated-pages-wins", "?page=2&page=1&size=5"),
    listed("first-of-repeated-pages-wins-when-wrong", "?page=x&page=1", 400),
    listed("later-wrong-page-is-not-read", "?page=1&page=x&size=5"),
    listed("size-0-is-refused", "?size=0", 400),
    listed("size-100-is-the-most", "?size=100"),
    listed("size-101-is-refused", "?size=101", 400),
    listed("unknown-field-is-refused", "?order=name", 400),
    listed("unknown-field-repeated-is-refused-once", "?order=name&order=id", 400),
    listed("unknown-fields-beside-wrong-values", "?page=0&size=0&PAGE=1&%C3%A9=1", 400),
    listed("unknown-field-of-bytes-that-are-not-utf8", "?%FF=1", 400),
    listed("empty-parts-of-the-query-count-for-nothing", "?&&size=3&"),
    listed("semicolon-does-not-separate", "?size=3;page=2", 400),
    listed("ties-are-broken-by-id", "?size=7", 200, "UPDATE users SET created_at = '2024-02-01 00:00:00.000001+00'"),
)
KEYWORDS = (
    listed("keyword-matches-username-or-email", "?keyword=user_00&size=3"),
    listed("keyword-ignores-case", "?keyword=USER001&size=2&page=2"),
    listed("keyword-percent-is-literal", "?keyword=%25"),
    listed("keyword-underscore-is-literal", "?keyword=_"),
    listed(
        "keyword-backslash-is-literal",
        "?keyword=%5C",
        200,
        "UPDATE users SET email = 'back\\slash@example.com' WHERE id = 7",
    ),
    listed(
        "keyword-backslash-percent-is-literal",
        "?keyword=%5C%25x",
        200,
        "UPDATE users SET email = 'a\\%x@example.com' WHERE id = 7",
        "UPDATE users SET email = 'a%x@example.com' WHERE id = 8",
    ),
    listed("keyword-slash-is-literal", "?keyword=/", 200, "UPDATE users SET username = 'a/b' WHERE id = 5"),
    listed(
        "keyword-unicode-ignores-case", "?keyword=%C3%A9LODIE", 200, "UPDATE users SET username = 'Élodie' WHERE id = 6"
    ),
    listed("keyword-plus-is-a-space", "?keyword=a+b", 200, "UPDATE users SET username = 'a b' WHERE id = 6"),
    listed(
        "keyword-of-bytes-that-are-not-utf8",
        "?keyword=%FF",
        200,
        "UPDATE users SET email = 'x%FF@example.com' WHERE id = 6",
    ),
    listed("keyword-empty-matches-all", "?keyword=&size=2"),
    listed("first-of-repeated-keywords-wins", "?keyword=admin&keyword=editor"),
    listed("keyword-matching-nothing", "?keyword=nobody%27%3B--"),
    listed("keyword-of-100-characters", "?keyword=" + "%E6%97%A5" * 100),
    listed("keyword-of-101-characters-is-refused", "?keyword=" + "a" * 101, 400),
    listed("keyword-with-nul-is-refused", "?keyword=a%00b", 400),
)
STATS = (
    ranked("default", ""),
    ranked("min-posts-and-limit", "?min_posts=3&limit=4"),
    ranked("min-posts-nobody-has", "?min_posts=2147483647"),
    ranked("min-posts-beyond-int4-is-refused", "?min_posts=2147483648", 400),
    ranked("min-posts-negative-is-refused", "?min_posts=-1", 400),
    ranked("limit-0-is-refused", "?limit=0", 400),
    ranked("limit-101-and-unknown-field-are-refused", "?limit=101&page=1", 400),
    ranked("first-of-repeated-limits-wins", "?limit=2&limit=100"),
    ranked("users-without-posts-count-0", "?limit=100", 200, "DELETE FROM posts WHERE author_id < 20"),
)
DETAILS = (
    shown("with-posts-and-tags", 5),
    shown("without-posts", 31, 200, "DELETE FROM posts WHERE author_id = 31"),
    shown("inactive-is-shown", 9),
    shown(
        "decimals-keep-their-digits",
        5,
        200,
        f"UPDATE posts SET rating = {LONG_RATING} WHERE id = 35",
        "UPDATE posts SET rating = 0.000 WHERE id = 43",
        "UPDATE posts SET rating = 100000000000000000000 WHERE id = 58",
        "UPDATE posts SET rating = 1e-30 WHERE id = 80",
        "UPDATE posts SET rating = NULL WHERE id = 117",
        "UPDATE users SET balance = 9999999999.90 WHERE id = 5",
    ),
    shown(
        "decimals-that-are-not-numbers",
        5,
        200,
        "UPDATE posts SET rating = 'NaN' WHERE id = 35",
        "UPDATE posts SET rating = 'Infinity' WHERE id = 43",
    ),
    shown("nested-meta", 5, 200, f"UPDATE posts SET meta = CAST('{ODD_META}' AS jsonb) WHERE id IN (35, 43)"),
    shown("meta-that-is-a-list", 4, 200, "UPDATE posts SET meta = CAST('[1, null]' AS jsonb) WHERE id = 38"),
    shown(
        "times-in-another-century",
        4,
        200,
        "UPDATE users SET created_at = '1800-01-01 00:00:00.999999+00', last_seen_at = '9999-12-31 23:59:59.5+00' "
        "WHERE id = 4",
    ),
    shown("time-infinity", 4, 200, "UPDATE users SET last_seen_at = 'infinity' WHERE id = 4"),
    shown("times-do-not-depend-on-the-servers-zone", 3, 200, SERVER_TIME_ZONE),
    shown("id-with-leading-zeros", "003"),
    shown("id-percent-encoded", "%33"),
    shown("id-in-arabic-digits", "%D9%A3"),
    shown("query-is-not-read", "3?page=x&page=y"),
    shown("id-0", 0, 404),
    shown("id-nobody-has", 41, 404),
    shown("id-largest-int4", 2**31 - 1, 404),
    shown("id-beyond-int4", 2**31, 404),
    shown("id-of-41-bits", 2**40, 404),
    shown("id-of-71-bits", 2**70, 404),
    Exchange("user-slash-percent-encoded", "GET /users/{user_id}", "GET", "/users%2F3", 200),
)
EXCHANGES: tuple[Exchange, ...] = (*PAGES, *KEYWORDS, *STATS, *DETAILS)
