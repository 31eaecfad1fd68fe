"""What is hidden before a check is stored or shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bridge.errors import InvalidShadowSetting

__all__ = ["FIELDS", "HEADERS", "PATTERNS", "Redaction"]

HEADERS: Final = (
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-csrftoken",
    "x-xsrf-token",
)
FIELDS: Final = (
    "*password*",
    "*passwd*",
    "*passphrase*",
    "pwd",
    "*secret*",
    "*token*",
    "*api_key",
    "*private_key",
    "*credential*",
    "authorization",
    "session_id",
    "card_number",
    "credit_card*",
    "cvv",
    "cvc",
    "iban",
    "pin",
    "otp",
    "ssn",
)
PATTERNS: Final = (
    r"eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?",  # JWT: RFC 7519, section 3
    r"\$argon2\w*\$[^\s\"'<&]+",
    r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}",  # bcrypt
    r"(?:pbkdf2|scrypt):[\w:]+\$[^\s\"'$<&]+\$[0-9a-f]+",  # Werkzeug
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)


@dataclass(frozen=True, slots=True)
class Redaction:
    """
    What is hidden before a check is stored or shown.

    In names, a star stands for any text, and neither case nor ``_`` nor ``-`` counts: ``*api_key`` is ``X-APIKey``, too.
    What is hidden in one place is hidden wherever else it occurs in the same check, if it has 6 characters or more.

    Attributes:
        headers: Further request and response headers whose values are hidden.
        cookies: Cookies whose values are hidden; their names and attributes are not.
        fields: Further keys of JSON, form fields, query parameters and columns whose values are hidden.
        patterns: Further regular expressions of what is hidden in any text.
        cards: Hide numbers with 13 to 19 digits that have the check digit of a payment card.
        defaults: Hide what `HEADERS`, `FIELDS` and `PATTERNS` name: logins, passwords, secrets, tokens, JWTs, password hashes,
            private keys.
    """

    headers: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ("*",)
    fields: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    cards: bool = True
    defaults: bool = True

    def __post_init__(self) -> None:
        """
        Check the settings.

        Raises:
            InvalidShadowSetting: Something is no tuple of texts, a name is empty, or a pattern is no regular expression or
                matches nothing at all.
        """
        for name in ("headers", "cookies", "fields", "patterns"):
            values = getattr(self, name)
            if isinstance(values, str) or not all(isinstance(each, str) and each for each in values):
                msg = f"Redaction({name}={values!r}): give a tuple of texts, none of them empty"
                raise InvalidShadowSetting(msg)
        for pattern in self.patterns:
            try:
                matches_nothing = re.compile(pattern).fullmatch("") is not None
            except re.error as error:
                msg = f"Redaction(patterns=...): {pattern!r} is no regular expression: {error}"
                raise InvalidShadowSetting(msg) from None
            if matches_nothing:
                msg = f"Redaction(patterns=...): {pattern!r} matches the empty text"
                raise InvalidShadowSetting(msg)

    @property
    def hidden_headers(self) -> tuple[str, ...]:
        """Every header whose value is hidden."""
        return (*HEADERS, *self.headers) if self.defaults else self.headers

    @property
    def hidden_fields(self) -> tuple[str, ...]:
        """Every field whose value is hidden."""
        return (*FIELDS, *self.fields) if self.defaults else self.fields

    @property
    def hidden_patterns(self) -> tuple[str, ...]:
        """Every regular expression of what is hidden."""
        return (*PATTERNS, *self.patterns) if self.defaults else self.patterns
