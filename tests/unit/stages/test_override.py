"""Testers choose the side of one request."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from itsdangerous import URLSafeTimedSerializer

from bridge import ConfigurationError, Stage, StageOverride, Stages
from bridge.stages import Decision

if TYPE_CHECKING:
    from bridge.types import Scope

SECRET, OTHER = "a secret of the testers", "a secret of somebody else"
SHOW, LIST, PLAIN = "GET /users/{user_id}", "GET /users", "GET /posts"


def stages_with(override: StageOverride | None, stage: str = "shadow") -> Stages:
    stages = Stages({SHOW: stage, LIST: stage}, override=override)
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True)
    stages.declare(PLAIN, ported=False)
    return stages


def header(token: str, name: bytes = b"bridge-override") -> Scope:
    return {"headers": [(b"host", b"a"), (name, token.encode("latin-1"))], "client": ("10.0.0.1", 1)}


def cookie(token: str) -> Scope:
    return header(f"a=b; bridge_override={token}", b"cookie")


@pytest.mark.parametrize("carry", [header, cookie])
@pytest.mark.parametrize(("stage", "side"), [("shadow", "native"), ("native", "legacy"), ("canary 0 %", "native")])
def test_a_token_chooses_the_side_of_a_request(carry: Any, stage: str, side: Any) -> None:
    override = StageOverride(SECRET)
    stages = stages_with(override, stage)
    decision = stages.decide(SHOW, carry(override.token(SHOW, side=side)))
    assert (decision.native, decision.checks, decision.overridden) == (side == "native", False, True)
    assert decision.stage is stages.get(SHOW).stage


def test_a_token_counts_only_for_what_it_names() -> None:
    override = StageOverride(SECRET)
    stages = stages_with(override)
    exact = header(override.token(SHOW, side="native"))
    assert [stages.decide(name, exact).overridden for name in (SHOW, LIST)] == [True, False]
    several = header(override.token("PUT /x", LIST, side="native"))
    assert [stages.decide(name, several).overridden for name in (SHOW, LIST)] == [False, True]
    pattern = header(override.token("GET /users*", side="native"))
    assert [stages.decide(name, pattern).overridden for name in (SHOW, LIST, PLAIN)] == [True, True, False]


def test_nothing_chooses_a_port_that_is_not_there() -> None:
    override = StageOverride(SECRET)
    assert not stages_with(override).decide(PLAIN, header(override.token("*", side="native"))).native


def test_without_an_override_a_token_is_ignored() -> None:
    token = StageOverride(SECRET).token("*", side="native")
    assert stages_with(None).decide(SHOW, header(token)) == Decision(Stage.SHADOW, native=False, checks=True)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "é",
        StageOverride(OTHER).token("*", side="native"),
        StageOverride(SECRET).token("*", side="native")[:-1],
        "x" * 100_000,
        # Signed with the same secret, for another purpose.
        URLSafeTimedSerializer(SECRET, salt="cookie-session").dumps(["native", "*"]),
    ],
    ids=["empty", "nonsense", "not ascii", "other secret", "cut", "long", "other purpose"],
)
def test_a_forged_or_broken_token_is_ignored(token: str) -> None:
    stages = stages_with(StageOverride(SECRET))
    for carry in (header, cookie):
        assert not stages.decide(SHOW, carry(token)).overridden


def test_an_expired_token_is_ignored_also_when_it_was_accepted_before(monkeypatch: pytest.MonkeyPatch) -> None:
    override = StageOverride(SECRET, max_age_s=60)
    stages, scope = stages_with(override), header(override.token("*", side="native"))
    assert stages.decide(SHOW, scope).overridden
    now = time.time()
    for later, valid in ((58, True), (62, False), (-10, False)):
        monkeypatch.setattr("bridge.stages.override.time", lambda at=now + later: at)
        assert stages.decide(SHOW, scope).overridden is valid, later


def test_a_token_that_comes_back_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each request of a tester would take three times as long as a decision may."""
    override = StageOverride(SECRET)
    stages, scope = stages_with(override), header(override.token("GET /users*", side="native"))
    verified: list[str] = []
    loads = override._serializer.loads

    def count(token: str, **options: Any) -> Any:
        verified.append(token)
        return loads(token, **options)

    monkeypatch.setattr(override._serializer, "loads", count)
    for _ in range(5):
        assert all(stages.decide(name, scope).overridden for name in (SHOW, LIST))
    assert len(verified) == 1


def test_a_token_that_no_cookie_could_hold_is_neither_made_nor_read() -> None:
    override = StageOverride(SECRET)
    # Not compressible, so that it is as long as its names.
    names = [f"GET /{SECRET}/{hash((number, 'x')) ** 3}" for number in range(200)]
    with pytest.raises(ConfigurationError, match="of 4096 at most: use a pattern"):
        override.token(*names, side="native")
    long = override._serializer.dumps(["native", SHOW, *names])
    assert not stages_with(override).decide(SHOW, header(str(long))).overridden


def test_a_secret_can_be_rotated() -> None:
    before = StageOverride(OTHER).token("*", side="native")
    after = StageOverride([OTHER, SECRET])
    stages = stages_with(after)
    assert stages.decide(SHOW, header(before)).overridden
    assert stages_with(StageOverride(SECRET)).decide(SHOW, header(after.token("*", side="native"))).overridden


def test_header_and_cookie_may_have_other_names() -> None:
    override = StageOverride(SECRET, header="X-Side", cookie="side")
    stages, token = stages_with(override), override.token("*", side="native")
    assert stages.decide(SHOW, header(token, b"x-side")).overridden
    assert stages.decide(SHOW, header(f"side={token}", b"cookie")).overridden
    assert not stages.decide(SHOW, header(token)).overridden


@pytest.mark.parametrize("arguments", [("short",), ("",), ([],), ([SECRET, "short"],)])
def test_a_secret_that_can_be_guessed_is_refused(arguments: Any) -> None:
    with pytest.raises(ConfigurationError, match="at least 20 characters"):
        StageOverride(*arguments)


def test_a_token_that_says_nothing_is_refused() -> None:
    override = StageOverride(SECRET)
    with pytest.raises(ConfigurationError):
        override.token(side="native")
    with pytest.raises(ConfigurationError):
        override.token("*", side="flask")  # type: ignore[arg-type]  # not a side, on purpose
    with pytest.raises(ConfigurationError, match="no token would ever be valid"):
        StageOverride(SECRET, max_age_s=0)
