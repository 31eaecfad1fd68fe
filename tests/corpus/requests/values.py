"""What views return: JSON, shapes, redirects, errors, hooks, files."""

from tests.corpus.requests.build import each, post, req

__all__ = ["REQUESTS"]

SHAPES = (
    "str", "bytes", "empty", "list", "status", "headers", "pairs", "status-text", "json-status", "response", "generator",
    "none", "number", "204", "204-with-body", "304", "205", "no-type", "charset", "latin-header", "long-header", "unknown",
)  # fmt: skip
JSON_KINDS = (
    "unsorted", "unicode", "not-a-number", "floats", "datetime", "naive", "offset", "date", "decimal", "uuid", "keys", "null",
    "long", "set", "enum", "time", "timedelta", "bytes", "mixed-keys", "complex",
)  # fmt: skip
RAISED = ("handled", "derived", "unhandled", "key", "retry", "busy", "allow", "auth", "response", "conflict")
RETURNED = (
    *each("GET", *(f"/json/{kind}" for kind in JSON_KINDS), *(f"/shape/{shape}" for shape in SHAPES)),
    *each("GET", *(f"/json/{kind}" for kind in ("unsorted", "unicode", "decimal", "date", "set", "enum")), app="json"),
    *each("GET", "/top/list", "/search?q=b&q=a", "/raise/handled", "/shape/list", app="json"),
    *each("GET", *(f"/top/{kind}" for kind in ("string", "number", "null", "list"))),
    *each("HEAD", *(f"/shape/{kind}" for kind in ("str", "204", "304", "generator", "no-type")), "/json/set"),
    *each("POST", "/shape/str", "/shape/204"),
)
REDIRECTS = (
    *each("GET", *(f"/redirect/{code}" for code in (301, 302, 303, 305, 307, 308, 300))),
    *each(
        "GET",
        "/redirect/302?to=https://elsewhere.test/a%20b?c=d%26e%23f",
        "/redirect/302?to=//elsewhere.test/",
        "/redirect/301?to=relative",
        "/redirect/302?to=",
        "/redirect/302?to=/caf%C3%A9%22%3E%3Cscript%3E",
        "/redirect/302?to=%0d%0aX-Injected:1",
    ),
    *each("HEAD", "/redirect/302"),
    *each("POST", "/redirect/307"),
)
SEARCHES = each(
    "GET",
    "/search?q=first&q=last",
    "/search",
    "/search?page=2&page=3",
    "/search?page=x",
    "/search?page=",
    "/search?page=%202%20",
    "/search?page=1_0",
    "/search?page=2.0",
    "/search?ratio=1e1&on=false",
    "/search?ratio=nan&on=",
    "/search?ratio=ten&on=0",
    "/search?q=%FF&%FF=q",
    "/search?q=a+b%2Bc",
    "/search?Q=1&q=",
)
ERRORS = (
    *each(
        "GET", *(f"/abort/{code}" for code in (400, 401, 403, 404, 409, 410, 413, 418, 422, 429, 500, 501, 503, 999))
    ),
    *each("GET", "/describe/403", "/describe/404", "/describe/500", *(f"/raise/{kind}" for kind in RAISED)),
    *each("HEAD", "/abort/404", "/raise/unhandled", "/raise/handled"),
    *each("POST", "/raise/handled", "/raise/unhandled", "/abort/404"),
    *each("GET", "/custom"),
)
KEY = {"X-Key": "open sesame"}
HOOKS = (
    *each("GET", "/early", "/after-this", "/after-fails", "/guarded/de/secret", "/guarded/de/missing", "/guarded/de/nowhere"),
    *each("POST", "/early"),
    req("GET", "/guarded/de/secret", "with the key", KEY),
    req("HEAD", "/guarded/de/secret", "with the key", KEY),
    req("GET", "/guarded/de/missing", "with the key", KEY),
    req("PUT", "/guarded/de/secret", "with the key", KEY),
    post("/guarded/fr/secret", "with the key", b"x", KEY),
)  # fmt: skip
ETAG, DATE = '"file"', "Thu, 29 Feb 2024 12:00:00 GMT"
CONDITIONS = {
    "same tag": {"If-None-Match": ETAG},
    "weak tag": {"If-None-Match": f"W/{ETAG}"},
    "other tag": {"If-None-Match": '"other"'},
    "any tag": {"If-None-Match": "*"},
    "list of tags": {"If-None-Match": f'"a", {ETAG}'},
    "not modified since": {"If-Modified-Since": DATE},
    "modified since": {"If-Modified-Since": "Wed, 28 Feb 2024 12:00:00 GMT"},
    "malformed date": {"If-Modified-Since": "yesterday"},
    "tag before date": {"If-None-Match": '"other"', "If-Modified-Since": DATE},
    "if match": {"If-Match": '"other"'},
}
RANGES = {
    "first bytes": {"Range": "bytes=0-9"},
    "from the middle": {"Range": "bytes=100-"},
    "last bytes": {"Range": "bytes=-7"},
    "beyond the end": {"Range": "bytes=99999-"},
    "several ranges": {"Range": "bytes=0-1,4-5"},
    "backwards": {"Range": "bytes=9-0"},
    "other unit": {"Range": "lines=1-2"},
    "malformed": {"Range": "bytes=a-b"},
    "if range same": {"Range": "bytes=0-3", "If-Range": ETAG},
    "if range other": {"Range": "bytes=0-3", "If-Range": '"other"'},
}
FILES = (
    *each(
        "GET", "/files/attachment.txt", "/files/memory", "/files/dated", "/files/attached", "/files/none.txt", "/tagged"
    ),
    *each("GET", "/files/../app.py", "/files/%2e%2e/app.py", "/files//etc/passwd", "/files/a%00b"),
    *each("HEAD", "/files/attachment.txt", "/files/memory", "/tagged"),
    *each("GET", *(f"/streams/{kind}" for kind in ("plain", "sized", "context?q=1", "bytes", "nothing"))),
    *each("HEAD", "/streams/plain", "/streams/sized"),
    *(req("GET", "/files/attachment.txt", note, headers) for note, headers in (CONDITIONS | RANGES).items()),
    req("HEAD", "/files/attachment.txt", "range", RANGES["first bytes"]),
    req("GET", "/files/dated", "range", RANGES["first bytes"]),
    req("GET", "/files/memory", "range", RANGES["last bytes"]),
    req("GET", "/tagged", "any tag", CONDITIONS["any tag"]),
    req("GET", "/tagged", "not modified since", CONDITIONS["not modified since"]),
    req("HEAD", "/tagged", "not modified since", CONDITIONS["not modified since"]),
)
REQUESTS = (*RETURNED, *REDIRECTS, *SEARCHES, *ERRORS, *HOOKS, *FILES)
