"""Connect arguments: what a URL and ``connect_args`` say, in the words of each driver."""

from bridge.database.arguments.mysql import mysql_arguments, require_tls
from bridge.database.arguments.postgresql import postgresql_arguments
from bridge.database.arguments.sqlite import sqlite_arguments

__all__ = ["mysql_arguments", "postgresql_arguments", "require_tls", "sqlite_arguments"]
