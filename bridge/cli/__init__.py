"""The command ``bridge``: see and move stages, read evidence and differences."""

from bridge.cli.main import main

__all__ = ["main"]
