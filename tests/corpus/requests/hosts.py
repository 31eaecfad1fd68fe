"""Hosts and subdomains."""

from tests.corpus.requests.build import req

__all__ = ["REQUESTS"]

HOSTS = ("www.corpus.test", "WWW.corpus.test", "a.shop.test", "b.shop.test:81", "corpus.test", "a.b.shop.test")
SUBDOMAINS = ("corpus.test", "api.corpus.test", "tenant.corpus.test", "a.b.corpus.test", "other.test", "corpus.test:81")
REQUESTS = (
    *(req("GET", "/", host, {"Host": host}, app="hosts") for host in HOSTS),
    req("GET", "/only/3", "slash", {"Host": "www.corpus.test"}, app="hosts"),
    req("OPTIONS", "/only/3/", "www", {"Host": "www.corpus.test"}, app="hosts"),
    req("GET", "/only/3/", "other host", {"Host": "a.shop.test"}, app="hosts"),
    req("POST", "/", "not allowed", {"Host": "a.shop.test"}, app="hosts"),
    *(req("GET", "/", host, {"Host": host}, app="subdomains") for host in SUBDOMAINS),
    req("GET", "/items/3", "tenant", {"Host": "acme.corpus.test"}, app="subdomains"),
    req("GET", "/items/3", "apex", {"Host": "corpus.test"}, app="subdomains"),
    req("GET", "//items/3", "double slash", {"Host": "acme.corpus.test"}, app="subdomains"),
    req("HEAD", "/", "api", {"Host": "api.corpus.test"}, app="subdomains"),
)
