"""Find the bridge of an application, and use it without serving anything."""

from __future__ import annotations

import logging
import sys
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from click import ClickException, UsageError

from bridge.routing import Bridge

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["controlling", "find_bridge"]


def find_bridge(location: str) -> Bridge:
    """
    Return the bridge that *location* leads to.

    Args:
        location: ``module:name`` of a FastAPI application in which a bridge is installed, of a bridge, or of a function without
            arguments that makes either.

    Raises:
        click.UsageError: It leads to none of them.
    """
    module_name, _, name = location.partition(":")
    if not module_name or not name:
        msg = f"{location!r} names no application: write module:name, for example async_app:create_app"
        raise UsageError(msg)
    # As for python -m: what is imported may lie in the working directory.
    sys.path.insert(0, "")
    try:
        found: Any = import_module(module_name)
    except ImportError as error:
        msg = f"{module_name!r} cannot be imported: {error}"
        raise UsageError(msg) from error
    for part in name.split("."):
        found = getattr(found, part, None)
    bridge = _bridge_of(found)
    if bridge is None and callable(found):
        bridge = _bridge_of(found())
    if bridge is None:
        msg = f"{location!r} is neither a bridge nor an application in which one is installed"
        raise UsageError(msg)
    return bridge


@asynccontextmanager
async def controlling(bridge: Bridge, *, follow: bool) -> AsyncIterator[Bridge]:
    """
    Use *bridge* in the block, without serving requests or guarding anything.

    Args:
        bridge: The bridge of an application that is not started.
        follow: Follow its stages.

    Raises:
        click.ClickException: The stages cannot be read.
    """
    logger = logging.getLogger("bridge")
    level = logger.level
    # A command says itself what is wrong.
    logger.setLevel(logging.CRITICAL)
    try:
        if follow:
            await bridge.stages.start()
            status = bridge.stages.status()
            if status.failing_since is not None:
                msg = f"{status}\nIs 'bridge create-tables' still to be run?"
                raise ClickException(msg)
        yield bridge
    finally:
        if bridge.publishing is not None:
            await bridge.publishing.close()
        if bridge.evidence is not None:
            await bridge.evidence.close()
        await bridge.stages.close()
        await bridge.database.dispose()
        logger.setLevel(level)


def _bridge_of(found: Any) -> Bridge | None:
    if isinstance(found, Bridge):
        return found
    bridge = getattr(getattr(found, "state", None), "bridge", None)
    return bridge if isinstance(bridge, Bridge) else None
