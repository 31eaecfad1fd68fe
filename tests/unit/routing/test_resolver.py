"""Flask's URL map is the authority: what the resolver sends to FastAPI is what the map resolves to a paired rule."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

from bridge.routing.resolver import route_path
from tests.unit.routing.applications import flask_with, installed

if TYPE_CHECKING:
    from bridge import Bridge, BridgeRouter

METHODS = ("GET", "POST")
PARTS = ("users", "me", "<int:v>", "<v>", "<float:v>", "<uuid:v>", "<path:v>", "<any(me,you):v>", "x<int:v>")
PIECES = ("users", "me", "you", "3", "-3", "1.5", "x7", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "")
# Every path of one and two of them, because few random ones would meet a rule and its sibling.
PATHS = ["/" + "/".join(pieces) for count in (1, 2) for pieces in product(PIECES, repeat=count)]
MORE_PATHS = st.lists(
    st.lists(st.sampled_from(PIECES), min_size=3, max_size=4).map(lambda parts: "/" + "/".join(parts))
)
RULES = st.lists(
    st.tuples(
        st.sampled_from(METHODS),
        st.lists(st.sampled_from(PARTS), min_size=1, max_size=2),
        st.booleans(),  # a slash at the end
        st.booleans(),  # ported
        st.booleans(),  # retired
    ),
    min_size=2,
    max_size=8,
)


async def port() -> None: ...


def build(rules: list[tuple[str, list[str], bool, bool, bool]], *, retire: bool) -> tuple[Any, Bridge, dict[str, str]]:
    """Return the Flask application, the bridge, and the endpoint of each ported operation by its name."""
    by_endpoint = {}
    for number, (method, parts, slash, _, _) in enumerate(rules):
        named = [part.replace("v>", f"v{position}>") for position, part in enumerate(parts)]
        by_endpoint[f"e{number}"] = f"{method} /{'/'.join(named)}{'/' if slash else ''}"
    ported: dict[str, str] = {}

    def declare(router: BridgeRouter) -> None:
        for (endpoint, rule), (_, _, _, is_ported, retired) in zip(by_endpoint.items(), rules, strict=True):
            method, path = rule.split(" ", 1)
            fastapi = re.sub(r"<(?:([^:>]+):)?(\w+)>", _variable, path)
            name = f"{method} {re.sub(r':path', '', fastapi)}"
            if is_ported and name not in ported:
                ported[name] = endpoint
                router.api_route(fastapi, methods=[method], replaces=endpoint, retired=retire and retired)(port)

    flask = flask_with(by_endpoint)
    return flask, installed(flask, declare)[1], ported


def _variable(found: re.Match[str]) -> str:
    return f"{{{found[2]}:path}}" if found[1] == "path" else f"{{{found[2]}}}"


def flasks_endpoint(flask: Any, method: str, path: str) -> str | None:
    try:
        rule, _ = flask.url_map.bind("localhost").match(path, method, return_rule=True)
    except HTTPException:
        return None
    endpoint: str = rule.endpoint
    return endpoint


@given(RULES, st.sampled_from([*METHODS, "HEAD", "OPTIONS", "PUT"]), MORE_PATHS)
def test_only_what_flasks_map_gives_to_a_paired_rule_goes_to_fastapi(
    rules: list[tuple[str, list[str], bool, bool, bool]], method: str, more: list[str]
) -> None:
    flask, bridge, ported = build(rules, retire=False)
    pairs = {name: endpoint for name, endpoint in ported.items() if name in bridge.report().paired}
    for path in PATHS + more:
        found = bridge._routes.resolver().resolve({"type": "http", "method": method, "path": path, "headers": []})
        endpoint = flasks_endpoint(flask, method, path)
        if found.fastapi:
            assert found.operation is not None
            assert pairs[found.operation.name] == endpoint
            assert found.as_get == (method == "HEAD")
        elif (
            method != "OPTIONS" and "//" not in path
        ):  # Flask drops slashes at the start, which FastAPI's route does not
            assert endpoint is None or endpoint not in pairs.values(), "what is ported is not left with Flask"


@given(RULES, st.sampled_from(METHODS), MORE_PATHS)
def test_a_retired_operation_takes_nothing_from_the_rules_that_stay(
    rules: list[tuple[str, list[str], bool, bool, bool]], method: str, more: list[str]
) -> None:
    """What Flask would resolve to a rule that is neither retired nor ported stays with Flask."""
    flask, bridge, ported = build(rules, retire=True)
    for path in PATHS + more:
        found = bridge._routes.resolver().resolve({"type": "http", "method": method, "path": path, "headers": []})
        endpoint = flasks_endpoint(flask, method, path)
        if endpoint is not None and endpoint not in ported.values():
            assert not found.fastapi


@pytest.mark.parametrize(
    ("root", "path", "below"),
    [
        ("", "/users", "/users"),
        ("/api", "/api/users", "/users"),
        ("/api/", "/api/users", "/users"),
        ("/api", "/api", "/"),
        ("/api", "/apis/users", "/apis/users"),
        ("/api", "/users", "/users"),
        ("/a", "/a/a/a", "/a/a"),
    ],
)
def test_the_root_is_stripped_at_a_boundary(root: str, path: str, below: str) -> None:
    assert route_path({"path": path, "root_path": root}) == below
