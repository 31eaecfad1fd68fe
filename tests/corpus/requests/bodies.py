"""What clients send: JSON, forms, uploads, chunks, headers."""

from tests.corpus.requests.build import FORM, JSON, TEXT, post, req

__all__ = ["REQUESTS"]

MULTIPART = {"Content-Type": "multipart/form-data; boundary=edge"}
PARTS = (
    b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xc3\xa9\r\n'
    b'--edge\r\nContent-Disposition: form-data; name="f"; filename="x.bin"\r\nContent-Type: application/x-y\r\n\r\n'
    b"\x00\xff\r\n-\r\n--edge--\r\n"
)
MANY = b"".join(b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(21)) + b"--edge--\r\n"
UNNAMED = b'--edge\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--edge--\r\n'
WIDE = "{} ".format("[1]").encode() * 11_000

JSON_BODIES = (
    post("/read/json", "object", b'{"b": 1, "a": [null, 1.50, "\xc3\xa9"]}', JSON),
    post("/read/json", "not json", b"{", JSON),
    post("/read/json", "empty", b"", JSON),
    post("/read/json", "without a type", b"{}"),
    post("/read/json", "text", b"{}", TEXT),
    post("/read/json", "with a charset", b"{}", {"Content-Type": "application/json; charset=utf-16"}),
    post("/read/json", "suffix", b"[1]", {"Content-Type": "application/problem+json"}),
    post("/read/json", "NaN", b"[NaN, Infinity]", JSON),
    post("/read/json", "duplicate keys", b'{"a": 1, "a": 2}', JSON),
    post("/read/json", "not utf-8", b'"\xff"', JSON),
    post("/read/json", "utf-16", '"é"'.encode("utf-16"), JSON),
    post("/read/json", "byte order mark", b'\xef\xbb\xbf"x"', JSON),
    post("/read/json", "scalar", b"1e400", JSON),
    post("/read/json", "lone surrogate", b'"\\ud800"', JSON),
    post("/read/json", "too large", WIDE, JSON),
    post("/read/silent", "not json", b"{", JSON),
    post("/read/silent", "text", b'{"a": 1}', TEXT),
    req("PUT", "/read/json", "object", JSON, body=b"{}"),
    req("DELETE", "/read/json", "object", JSON, body=b"[]"),
    req("POST", "/read/json", "no body at all", JSON),
)
FORMS = (
    post("/read/form?q=1&a=query", "urlencoded", b"a=1&a=2&b=%C3%A9+x&c=&d", FORM),
    post("/read/form", "odd urlencoded", b"a=%FF&%zz=1&&=&a;b=1", FORM),
    post("/read/form", "raw bytes urlencoded", b"a=\xff\xe9", FORM),
    post(
        "/read/form", "urlencoded with charset", b"a=%E9", {"Content-Type": FORM["Content-Type"] + "; charset=latin-1"}
    ),
    post("/read/form", "empty", b"", FORM),
    post("/read/form", "multipart", PARTS, MULTIPART),
    post("/read/form", "multipart truncated", PARTS[:90], MULTIPART),
    post("/read/form", "multipart without boundary", PARTS, {"Content-Type": "multipart/form-data"}),
    post("/read/form", "multipart other boundary", PARTS, {"Content-Type": "multipart/form-data; boundary=other"}),
    post("/read/form", "multipart quoted boundary", PARTS, {"Content-Type": 'multipart/form-data; boundary="edge"'}),
    post("/read/form", "multipart too many parts", MANY, MULTIPART),
    post("/read/form", "multipart unnamed file", UNNAMED, MULTIPART),
    post("/read/form", "json", b'{"a": 1}', JSON),
    req("POST", "/read/form", "multipart chunked", MULTIPART, chunks=(PARTS[:50], PARTS[50:51], PARTS[51:])),
    req("PUT", "/read/form", "urlencoded", FORM, body=b"a=1"),
)
RAW = (
    post("/read/raw", "bytes", bytes(range(256)) * 20, {"Content-Type": "application/octet-stream"}),
    post("/read/raw", "at the limit", b"x" * 32 * 1024, TEXT),
    post("/read/raw", "over the limit", b"x" * (32 * 1024 + 1), TEXT),
    post("/read/ignored", "over the limit", b"x" * (32 * 1024 + 1), TEXT),
    post("/read/ignored", "json", b"{}", JSON),
    post("/read/pieces", "bytes", b"0123456789" * 9, TEXT),
    post("/nowhere", "body nobody reads", b"x" * 5000, TEXT),
    post("/ints/5", "method not allowed with a body", b"x" * 5000, TEXT),
    req("POST", "/read/raw", "no body", TEXT),
    req("POST", "/read/raw", "chunked", TEXT, chunks=(b"one", b"two", b"x" * 5000)),
    req("POST", "/read/raw", "chunked and empty", TEXT, chunks=()),
    req("POST", "/read/raw", "chunked over the limit", TEXT, chunks=(b"x" * 20_000, b"y" * 20_000)),
    req("POST", "/read/json", "chunked", JSON, chunks=(b'{"a"', b": 1}")),
    req("POST", "/read/pieces", "chunked", TEXT, chunks=(b"abc",) * 10),
    req("POST", "/read/form", "urlencoded chunked", FORM, chunks=(b"a=1&", b"b=2")),
    req("GET", "/words/x", "a body on GET", JSON, body=b"{}"),
    req("HEAD", "/words/x", "a body on HEAD", JSON, body=b"{}"),
    req("OPTIONS", "/words/x", "a body on OPTIONS", JSON, body=b"{}"),
)
COOKIES = (("Cookie", "a=1; b=2"), ("X-Between", "x"), ("Cookie", "c=3"))
HEADERS = (
    req("GET", "/headers", "several cookie headers", COOKIES, one_cookie=True),
    req("GET", "/headers", "underscore beside dash", (("X-User", "real"), ("X_User", "forged"))),
    req("GET", "/headers", "underscore alone", (("X_User", "forged"), ("Content_Length", "7"))),
    req("GET", "/headers", "duplicates", (("X-A", "1"), ("x-a", "2"), ("Accept", "text/html"), ("Accept", "*/*;q=0.1"))),
    req("GET", "/headers", "latin-1 value", {"X-Name": "caf\xe9"}),
    req("GET", "/headers", "utf-8 value", {"X-Name": "\u00e9".encode().decode("latin-1")}),
    req("GET", "/headers", "empty value", {"X-Empty": ""}),
    # Not behind it: httptools leaves spaces at the end, which are no part of the value (RFC 9112, 5.1), where they are.
    req("GET", "/headers", "spaces and tabs before and inside", {"X-Spaces": " \t x  y"}),
    req("GET", "/headers", "odd cookies", {"Cookie": 'a="q;d"; b; =c; d=e=f; a=2; g=%FF; h=\xe9'}),
    req("GET", "/headers", "basic authorization", {"Authorization": "Basic dXNlcjpwYXNz"}),
    req("GET", "/headers", "broken authorization", {"Authorization": "Basic !!!"}),
    req("GET", "/headers", "bearer authorization", {"Authorization": "Bearer a.b=="}),
    req("GET", "/headers", "languages", {"Accept-Language": "de;q=0.5, en-GB, *;q=0.1"}),
    req("GET", "/headers", "forwarded", {"X-Forwarded-For": "1.2.3.4, 5.6.7.8", "X-Forwarded-Proto": "https"}),
    req("GET", "/headers", "host with a port", {"Host": "corpus.test:8080"}),
    req("GET", "/headers", "host in upper case", {"Host": "CORPUS.Test"}),
    req("GET", "/headers", "proxy header", {"Proxy": "http://evil.test"}),
    req("GET", "/headers", "many lines", tuple((f"X-{number}", "v") for number in range(80))),
    req("POST", "/headers", "type with parameters", {"Content-Type": 'text/plain; a="b;c"; charset=UTF-8'}, body=b"x"),
    req("POST", "/headers", "type of a body that is missing", {"Content-Type": "text/plain"}),
)  # fmt: skip
REQUESTS = (*JSON_BODIES, *FORMS, *RAW, *HEADERS)
