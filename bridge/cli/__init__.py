"""The command ``bridge``: see and move stages, read evidence and differences."""

from bridge.cli.commands import main

__all__ = ["main"]
