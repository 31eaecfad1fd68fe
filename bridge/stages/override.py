"""One request on the side that a tester asks for, whatever the stage says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from time import time
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from itsdangerous import BadData, URLSafeTimedSerializer

from bridge.errors import ConfigurationError
from bridge.stages.pattern import compiled
from bridge.stages.sticky import cookie_of, header_of

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from bridge.types import Scope

__all__ = ["Side", "StageOverride"]

Side: TypeAlias = Literal["legacy", "native"]
SIDES: Final = ("legacy", "native")
SALT: Final = "bridge.stage-override"
# What a signature of SHA-1 has, too: https://itsdangerous.palletsprojects.com/en/stable/concepts/
SHORTEST_SECRET: Final = 20
# A browser sends no longer cookie.
LONGEST_TOKEN: Final = 4096
# To verify a token takes about 30 µs, and to remember one about a kilobyte.
REMEMBERED: Final = 256


class StageOverride:
    """
    Lets whoever has a signed token choose the side that serves a request.

    The token travels in a header or in a cookie, names operations and a side, and is ignored when it is forged or too old.
    A side that an operation does not have is ignored as well. A request that chose its side is never checked.

    Attributes:
        header: The request header that may hold a token.
        cookie: The cookie that may.
        max_age_s: Seconds after which a token is ignored.
    """

    def __init__(
        self,
        secret: str | Sequence[str],
        *,
        max_age_s: int = 3600,
        header: str = "Bridge-Override",
        cookie: str = "bridge_override",
    ) -> None:
        """
        Args:
            secret: Signs the tokens; of several, the last one signs and each is accepted, for rotation.
            max_age_s: Seconds after which a token is ignored.
            header: The request header that may hold a token.
            cookie: The cookie that may.

        Raises:
            ConfigurationError: A secret is short enough to be guessed, or the age is not positive.
        """
        secrets = [secret] if isinstance(secret, str) else list(secret)
        if not secrets or min(map(len, secrets)) < SHORTEST_SECRET:
            msg = f"a secret of a StageOverride has to have at least {SHORTEST_SECRET} characters: make one with secrets.token_urlsafe()"
            raise ConfigurationError(msg)
        if max_age_s <= 0:
            msg = f"max_age_s is {max_age_s}, so that no token would ever be valid: give seconds, for example 3600"
            raise ConfigurationError(msg)
        self.header = header
        self.cookie = cookie
        self.max_age_s = max_age_s
        self._serializer = URLSafeTimedSerializer(secrets, salt=SALT)
        self._header = header.lower().encode("latin-1")
        self._cookie = cookie.encode("latin-1")
        self._read = lru_cache(REMEMBERED)(self._verify)

    def token(self, *operations: str, side: Side) -> str:
        """
        Make a token, valid from now.

        Args:
            operations: Names or patterns, such as ``GET /users/*``; it counts for no other operation.
            side: The side that is to serve them.

        Raises:
            ConfigurationError: There is no such side, no operation is named, or they are too many for a cookie.
        """
        if side not in SIDES or not operations:
            msg = f"an override of {len(operations)} operations to {side!r} says nothing: name an operation or '*', and one of {SIDES}"
            raise ConfigurationError(msg)
        token = self._serializer.dumps([side, *operations])
        text = token if isinstance(token, str) else token.decode("ascii")
        if len(text) > LONGEST_TOKEN:
            msg = f"a token for {len(operations)} operations has {len(text)} characters, of {LONGEST_TOKEN} at most: use a pattern, or several tokens"
            raise ConfigurationError(msg)
        return text

    def native(self, operation: str, scope: Scope) -> bool | None:
        """Return whether the port is to serve this request; None where no valid token says so."""
        token = header_of(scope, self._header) or cookie_of(scope, self._cookie)
        if token is None or len(token) > LONGEST_TOKEN:
            return None
        said = self._read(token)
        if said is None or not 0 <= int(time()) - said.signed_at <= self.max_age_s:
            return None
        return said.native if any(pattern.fullmatch(operation) for pattern in said.patterns) else None

    def _verify(self, token: str) -> _Said | None:
        try:
            (side, *operations), signed_at = self._serializer.loads(token, return_timestamp=True)
        except BadData:
            return None
        return _Said(side == "native", tuple(map(compiled, operations)), signed_at.timestamp())


@dataclass(frozen=True, slots=True)
class _Said:
    """
    What a token says, whatever its age.

    Attributes:
        native: Whether the port is to serve.
        patterns: Which operations.
        signed_at: When it was signed, in seconds since 1970.
    """

    native: bool
    patterns: tuple[re.Pattern[str], ...]
    signed_at: float
