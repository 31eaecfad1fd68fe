"""Whether an operation that somebody names is there, and can be at the stage that is asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from bridge.errors import NotPorted, UnknownOperation
from bridge.stages.pattern import fits, is_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.stages.setting import StageSetting

__all__ = ["require_declared"]


def require_declared(operation: str, setting: StageSetting, ported: Mapping[str, bool]) -> None:
    """
    Check that *operation* can be set to *setting*.

    Args:
        operation: A name, or a pattern.
        setting: The setting.
        ported: Whether an operation has a native path, by name.

    Raises:
        UnknownOperation: No route declares it, or the pattern fits none.
        NotPorted: The setting needs a native path that does not exist.
    """
    if is_pattern(operation):
        if not fits(operation, ported):
            msg = f"no route declares an operation that the pattern {operation!r} fits: declared are {sorted(ported)}"
            raise UnknownOperation(msg)
    elif operation not in ported:
        near = get_close_matches(operation, ported, n=3)
        hint = f"did you mean {', '.join(map(repr, near))}?" if near else f"declared are {sorted(ported)}"
        msg = f"no route declares the operation {operation!r}: {hint}"
        raise UnknownOperation(msg)
    elif setting.stage.needs_port and not ported[operation]:
        msg = f"{operation!r} has no native port, so it cannot go to stage '{setting}': port it first, or leave it at 'legacy'"
        raise NotPorted(msg)
