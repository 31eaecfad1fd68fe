"""Legacy and native path under one path operation, and the facade that picks between them."""

from bridge.routing.bridge import Bridge
from bridge.routing.hooks import HookDeclarations
from bridge.routing.operations import Operation
from bridge.routing.report import RoutingReport
from bridge.routing.router import BridgeRouter

__all__ = ["Bridge", "BridgeRouter", "HookDeclarations", "Operation", "RoutingReport"]
