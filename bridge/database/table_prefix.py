"""How the names of the bridge's own tables begin, so that several services can share a database."""

from __future__ import annotations

import re
from typing import Final

from bridge.errors import ConfigurationError

__all__ = ["PREFIX", "require_prefix"]

PREFIX: Final = "bridge_"
# PostgreSQL cuts names at 63 bytes, and the longest one of ours has 29 besides.
LONGEST: Final = 30
# In lower case, so that whoever writes SQL by hand need not quote the names.
ALLOWED: Final = re.compile(rf"[a-z][a-z0-9_]{{0,{LONGEST - 1}}}")


def require_prefix(prefix: str) -> str:
    """
    Return *prefix*, with which names of tables can begin everywhere.

    Raises:
        ConfigurationError: They cannot.
    """
    if not ALLOWED.fullmatch(prefix):
        msg = (
            f"prefix={prefix!r}: names of tables begin with it, so it needs a lower-case letter first, and then at most {LONGEST - 1} "
            "lower-case letters, digits and underscores, such as 'shop_bridge_'"
        )
        raise ConfigurationError(msg)
    return prefix
