"""Test both paths of an operation: a real server, identical databases, exchanges as data."""

from bridge.testing.canonical import Canonical
from bridge.testing.clones import TemplateDatabase
from bridge.testing.exchange import Exchange, Outcome, assert_same_outcome, perform
from bridge.testing.postgres import postgres_server
from bridge.testing.state import database_state

__all__ = [
    "Canonical",
    "Exchange",
    "Outcome",
    "TemplateDatabase",
    "assert_same_outcome",
    "database_state",
    "perform",
    "postgres_server",
]
