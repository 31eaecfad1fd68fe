"""Publish checks: to a log, a function, a table."""

from bridge.shadow.publishing.publisher import CallbackPublisher, LogPublisher, Publisher, PublishStatistics
from bridge.shadow.publishing.publishing import Publishing
from bridge.shadow.publishing.retention import Retention
from bridge.shadow.publishing.rows import DifferenceGroup
from bridge.shadow.publishing.sql import SQLPublisher

__all__ = [
    "CallbackPublisher",
    "DifferenceGroup",
    "LogPublisher",
    "PublishStatistics",
    "Publisher",
    "Publishing",
    "Retention",
    "SQLPublisher",
]
