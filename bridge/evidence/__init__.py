"""What is known of a port from the requests it has answered and the checks it has passed."""

from bridge.evidence.handler_version import version_of

__all__ = ["version_of"]
