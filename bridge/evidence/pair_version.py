"""The version of a port together with that of what it is checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.evidence.handler_version import version_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["is_same_port", "version_of_pair", "what_changed"]

BESIDE: Final = "/"


def version_of_pair(native: Callable[..., Any], legacy: Callable[..., Any] | None, *output: Any) -> str:
    """
    Return the version of a port and of its legacy side, each by `version_of`: ``1f0c9b2ad4e7/83d1a6b05c2f``.

    Args:
        native: The port.
        legacy: What it is checked against, whose package need not be that of the port; None where there is nothing.
        output: What else decides the answers of the port, such as its response model.
    """
    version = version_of(native, *output)
    return version if legacy is None else f"{version}{BESIDE}{version_of(legacy)}"


def is_same_port(granted: str, now: str) -> bool:
    """
    Tell whether a stage that was granted for one version stands for another.

    It does where they are equal, and where only the legacy side is gone: a port whose legacy code is deleted is still the same.
    """
    return now in {granted, granted.partition(BESIDE)[0]}


def what_changed(granted: str, now: str) -> str:
    """Return which side differs between two versions that are not the same port, for people to read."""
    same_native = granted.partition(BESIDE)[0] == now.partition(BESIDE)[0]
    return "the legacy side that its port was checked against has changed" if same_native else "its port has changed"
