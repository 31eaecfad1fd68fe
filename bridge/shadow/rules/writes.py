"""Rules for the rows that a path writes."""

from __future__ import annotations

from typing import Final

from bridge.shadow.difference import Severity
from bridge.shadow.rules.rule import Rule

__all__ = ["EGRESS", "WRITES"]

WRITES: Final = (
    Rule(
        "sql.missing_write",
        Severity.ERROR,
        "a row is not written",
        "port the statement; look for a missing session.add() or cascade",
        'insert posts id=7 {"title": "a"}',
        "",
        request="POST /things",
    ),
    Rule(
        "sql.extra_write",
        Severity.ERROR,
        "a row that the control does not write",
        "leave the statement out",
        "",
        'insert posts id=7 {"title": "a"}',
        request="POST /things",
    ),
    Rule(
        "sql.duplicate_write",
        Severity.ERROR,
        "a row is inserted once more than by the control",
        "look for a second session.add() or a listener that runs twice",
        'insert posts id=7 {"title": "a"}',
        'insert posts id=7 {"title": "a"}\ninsert posts id=8 {"title": "a"}',
        request="POST /things",
    ),
    Rule(
        "sql.write_in_safe_method",
        Severity.ERROR,
        "a GET, HEAD or OPTIONS writes",
        "read_only=True on the operation shows where",
        "",
        'update posts id=7 {"views": 1} {"views": 2}',
    ),
    Rule(
        "sql.other_kind",
        Severity.ERROR,
        "the row is deleted, updated or inserted where the control does something else",
        "do what the control does: a soft delete is an update",
        'update posts id=7 {"deleted": false} {"deleted": true}',
        'delete posts id=7 {"deleted": false}',
        request="DELETE /things/7",
    ),
    Rule(
        "sql.lost_update",
        Severity.ERROR,
        "the version of the row is not raised",
        "map the column as version_id_col, and write through the ORM",
        'update posts id=7 {"version": 1, "title": "a"} {"version": 2, "title": "b"}',
        'update posts id=7 {"version": 1, "title": "a"} {"version": 1, "title": "b"}',
        request="PATCH /things/7",
    ),
    Rule(
        "sql.missing_change",
        Severity.ERROR,
        "a column is left as it was",
        "assign it; onupdate= runs for statements of the same Table only",
        'update posts id=7 {"title": "a", "edits": 4} {"title": "b", "edits": 5}',
        'update posts id=7 {"title": "a", "edits": 4} {"title": "b", "edits": 4}',
        request="PATCH /things/7",
    ),
    Rule(
        "sql.extra_change",
        Severity.ERROR,
        "a column is changed that the control leaves alone",
        "exclude_unset=True: a PATCH must not write the defaults of its model",
        'update posts id=7 {"title": "a", "tag": "x"} {"title": "b", "tag": "x"}',
        'update posts id=7 {"title": "a", "tag": "x"} {"title": "b", "tag": null}',
        request="PATCH /things/7",
    ),
    Rule(
        "sql.wrong_value",
        Severity.ERROR,
        "a column gets another value",
        "write the value that the control does",
        'update posts id=7 {"title": "a"} {"title": "b"}',
        'update posts id=7 {"title": "a"} {"title": "c"}',
        request="PATCH /things/7",
        varies=True,
    ),
)

EGRESS: Final = (
    Rule(
        "egress.blocked",
        Severity.ERROR,
        "the candidate was kept from reaching something beyond the database; what it did afterwards tells little",
        "call it after the commit, outside of the checked function, or allow it with CheckSettings(allowed_hosts=...)",
        "",
        "api.example.com:443",
        request="POST /things",
    ),
)
