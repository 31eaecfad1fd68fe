"""Whether an operation that somebody names is there, and can be at the stage that is asked for."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from bridge.errors import NotPorted, UnknownOperation
from bridge.stages.pattern import fits, is_pattern

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bridge.stages.setting import StageSetting
    from bridge.stages.store import StageStore

__all__ = ["require_declared", "require_known", "require_known_or_kept", "require_operation"]


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
    require_known(operation, ported)
    if setting.stage.needs_port and not ported.get(operation, True):
        msg = f"{operation!r} has no native port, so it cannot go to stage '{setting}': port it first, or leave it at 'legacy'"
        raise NotPorted(msg)


def require_known(name: str, declared: Collection[str]) -> None:
    """
    Check that *name* is that of a declared operation, or a pattern that fits one.

    Raises:
        UnknownOperation: It is neither.
    """
    if is_pattern(name) and not fits(name, declared):
        msg = f"no route declares an operation that the pattern {name!r} fits: declared are {sorted(declared)}"
        raise UnknownOperation(msg)
    if not is_pattern(name):
        require_operation(name, declared)


async def require_known_or_kept(name: str, declared: Collection[str], store: StageStore) -> None:
    """
    Check that *name* can be taken out of *store*: as `require_known`, or because the store still holds what is declared no more.

    Raises:
        UnknownOperation: Neither knows it.
        StageStoreUnavailable: The store cannot be read.
    """
    try:
        require_known(name, declared)
    except UnknownOperation:
        if name not in await store.load():
            raise


def require_operation(name: str, declared: Collection[str]) -> None:
    """
    Check that *name* is that of one declared operation.

    Raises:
        UnknownOperation: It is not.
    """
    if name in declared:
        return
    if is_pattern(name):
        msg = f"{name!r} stands for several operations, and this is done for one at a time: declared are {sorted(declared)}"
        raise UnknownOperation(msg)
    near = get_close_matches(name, declared, n=3)
    hint = f"did you mean {', '.join(map(repr, near))}?" if near else f"declared are {sorted(declared)}"
    msg = f"no route declares the operation {name!r}: {hint}"
    raise UnknownOperation(msg)
