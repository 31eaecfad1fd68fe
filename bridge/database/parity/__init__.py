"""What makes the asynchronous engine behave as the synchronous one does, in layers that can be left out."""

from bridge.database.parity.diagnostics import Diagnostics, constraint_of, sqlstate_of
from bridge.database.parity.install import install_parity
from bridge.database.parity.layers import ParityLayers

__all__ = ["Diagnostics", "ParityLayers", "constraint_of", "install_parity", "sqlstate_of"]
