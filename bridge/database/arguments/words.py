"""
The one vocabulary in which PostgreSQL's connect arguments are compared: libpq's parameters.

psycopg2 and psycopg speak it; what asyncpg spells differently is read into it.
"""

from __future__ import annotations

from typing import Final

from bridge.database.arguments.keepalives import KEEPALIVES

__all__ = [
    "ADDRESS",
    "ASYNCPG_CACHES",
    "ASYNCPG_ONLY",
    "CLIENT_SETTINGS",
    "KNOWN",
    "LIBPQ",
    "NEUTRAL",
    "PSYCOPG",
    "PSYCOPG2_ONLY",
    "SAME_IN_ASYNCPG",
    "SECRETS",
    "SETTINGS",
    "SYNONYMS",
    "TLS_FILES",
]

# What a URL has a place of its own for.
ADDRESS: Final = frozenset({"user", "password", "host", "port", "dbname"})
SAME_IN_ASYNCPG: Final = frozenset({"passfile", "target_session_attrs", "krbsrvname", "gsslib"})
TLS_FILES: Final = (
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslrootcert",
    "sslcrl",
    "sslnegotiation",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
)
# asyncpg has no argument for these; with these values it does the same.
NEUTRAL: Final = {
    "channel_binding": {"disable", "prefer"},
    "gssdelegation": {"0"},
    "gssencmode": {"disable", "prefer"},
    "load_balance_hosts": {"disable"},
    "sslcertmode": {"allow"},
    "sslcompression": {"0"},
    "sslsni": {"1"},
}
# https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS
LIBPQ: Final = (
    ADDRESS
    | SAME_IN_ASYNCPG
    | frozenset(TLS_FILES)
    | frozenset(KEEPALIVES)
    | frozenset(NEUTRAL)
    | {
        "application_name",
        "client_encoding",
        "connect_timeout",
        "fallback_application_name",
        "hostaddr",
        "max_protocol_version",
        "min_protocol_version",
        "oauth_client_id",
        "oauth_client_secret",
        "oauth_issuer",
        "oauth_scope",
        "options",
        "replication",
        "require_auth",
        "requirepeer",
        "scram_client_key",
        "scram_server_key",
        "service",
        "servicefile",
        "sslcrldir",
        "sslkeylogfile",
        "sslmode",
    }
)
# Settings of the server that may stand in a URL by themselves, as asyncpg's own URLs allow; any other goes into options.
SETTINGS: Final = frozenset(
    {
        "datestyle",
        "default_transaction_isolation",
        "default_transaction_read_only",
        "geqo",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "intervalstyle",
        "lock_timeout",
        "role",
        "search_path",
        "statement_timeout",
        "timezone",
        "transaction_timeout",
    }
)
# Settings of the server that are parameters of libpq, too.
CLIENT_SETTINGS: Final = frozenset({"application_name", "client_encoding"})
# asyncpg's and SQLAlchemy's words for parameters of libpq; their values are read in a way of their own.
SYNONYMS: Final = {
    "database": "dbname",
    "direct_tls": "sslnegotiation",
    "ssl": "sslmode",
    "timeout": "connect_timeout",
    "username": "user",
}
# How asyncpg and SQLAlchemy keep prepared statements; psycopg2 prepares none, so it needs no twin.
ASYNCPG_CACHES: Final = frozenset(
    {
        "max_cacheable_statement_size",
        "max_cached_statement_lifetime",
        "prepared_statement_cache_size",
        "prepared_statement_name_func",
        "statement_cache_size",
    }
)
ASYNCPG_ONLY: Final = {
    "async_creator_fn": "",
    "command_timeout": "for a limit on both, write options=-c statement_timeout=<milliseconds>; ",
    "connection_class": "",
    "loop": "",
    "record_class": "",
}
PSYCOPG2_ONLY: Final = frozenset({"async", "async_", "connection_factory", "cursor_factory"})
# Arguments of psycopg 3 that are no parameters of libpq; both of its engines take them.
PSYCOPG: Final = frozenset({"autocommit", "context", "cursor_factory", "prepare_threshold", "row_factory"})
# Nothing that is shown has them.
SECRETS: Final = frozenset({"sslpassword", "scram_client_key", "scram_server_key", "oauth_client_secret"})
KNOWN: Final = LIBPQ | SETTINGS | frozenset(SYNONYMS) | ASYNCPG_CACHES | frozenset(ASYNCPG_ONLY) | {"server_settings"}
