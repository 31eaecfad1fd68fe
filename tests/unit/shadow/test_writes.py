"""Rows are compared by key, column by column."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.shadow import RowWrite, WriteKind, WriteSet, compare
from tests.unit.shadow.exchanges import answer, exchange

POST = {"id": 7, "title": "a", "price": "1.10", "version": 1, "at": "2024-01-01T10:00:00+00:00", "meta": {"tags": [1]}}


def update(key: int = 7, table: str = "posts", **changes: Any) -> RowWrite:
    before = {**POST, "id": key}
    return RowWrite(WriteKind.UPDATE, table, {"id": key}, before, {**before, **changes})


def insert(key: int, table: str = "posts", **columns: Any) -> RowWrite:
    return RowWrite(WriteKind.INSERT, table, {"id": key}, None, {"id": key, **columns})


def delete(key: int) -> RowWrite:
    return RowWrite(WriteKind.DELETE, "posts", {"id": key}, {**POST, "id": key}, None)


def found(control: list[RowWrite], candidate: list[RowWrite], method: str = "POST") -> list[tuple[str, str]]:
    sides = (exchange(answer("{}"), writes=WriteSet(tuple(rows)), method=method) for rows in (control, candidate))
    return [(each.rule, each.where) for each in compare(*sides)]


@pytest.mark.parametrize(
    ("column", "control", "candidate", "rule"),
    [
        ("title", "b", "c", "sql.wrong_value"),
        ("title", "b", "B", "sql.wrong_value.string.case"),
        ("price", "1.01", "1.00", "sql.wrong_value.rounding"),
        ("price", "1.1", "1.100000000000000088", "sql.wrong_value.float_noise"),
        ("price", "2.50", 2.5, "sql.wrong_value.decimal.digits"),
        ("at", "2024-02-01T10:00:00+00:00", "2024-02-01T12:00:00+00:00", "sql.wrong_value.datetime.zone"),
        ("title", "b", None, "sql.wrong_value.null_for_value"),
        ("version", 2, 1, "sql.lost_update"),
        ("title", "b", "a", "sql.missing_change"),
        ("title", "a", "b", "sql.extra_change"),
        ("version", 2, 3, "sql.wrong_value.off_by_one"),
    ],
)
def test_a_column_says_what_is_wrong_with_it(column: str, control: Any, candidate: Any, rule: str) -> None:
    assert found([update(**{column: control})], [update(**{column: candidate})]) == [(rule, f"posts[id=7].{column}")]


def test_a_document_in_a_column_is_compared_place_by_place() -> None:
    assert found([update(meta={"tags": [1, 2]})], [update(meta={"tags": [1, 3]})]) == [
        ("sql.wrong_value.off_by_one", "posts[id=7].meta.tags[1]")
    ]


def test_the_order_of_rows_does_not_matter() -> None:
    assert found([update(7, title="b"), update(8, title="c")], [update(8, title="c"), update(7, title="b")]) == []
    assert found([insert(1, a="x"), insert(2, a="y")], [insert(4, a="y"), insert(5, a="x")]) == []


def test_rows_are_missing_or_there_once_too_often() -> None:
    assert found([update(7, title="b"), delete(8)], [update(7, title="b")]) == [("sql.missing_write", "posts[id=8]")]
    assert found([], [update(7, title="b")]) == [("sql.extra_write", "posts[id=7]")]
    assert found([insert(1, a="x")], [insert(1, a="x"), insert(2, a="x")]) == [("sql.duplicate_write", "posts[id=2]")]
    assert found([insert(1, a="x")], [insert(1, a="x"), insert(2, a="y")]) == [("sql.extra_write", "posts[id=2]")]
    assert found([insert(1, a="x", b=1), insert(2, a="y", b=2)], [insert(9, a="y", b=2)]) == [
        ("sql.missing_write", "posts[id=1]")
    ]


def test_another_row_is_another_row() -> None:
    assert found([update(7, title="b")], [update(8, title="b")]) == [
        ("sql.missing_write", "posts[id=7]"),
        ("sql.extra_write", "posts[id=8]"),
    ]


def test_something_else_was_done_to_the_row() -> None:
    assert found([update(7, deleted=True)], [delete(7)]) == [("sql.other_kind", "posts[id=7]")]
    assert found([insert(7, title="b")], [update(7, title="b")]) == [("sql.other_kind", "posts[id=7]")]


def test_a_safe_method_must_not_write_what_the_control_does_not() -> None:
    assert found([], [update(7, title="b")], "GET") == [("sql.write_in_safe_method", "posts[id=7]")]
    assert found([update(7, title="b")], [update(7, title="b")], "GET") == []


def test_nothing_is_said_of_writes_that_nobody_watched() -> None:
    watched = exchange(answer("{}"), writes=WriteSet((delete(7),)))
    assert compare(watched, exchange(answer("{}"))) == ()
    assert compare(exchange(answer("{}")), watched) == ()


def test_a_key_in_several_columns_is_given_and_not_drawn() -> None:
    def member(user: int) -> RowWrite:
        key = {"user_id": user, "role_id": 1}
        return RowWrite(WriteKind.INSERT, "user_roles", key, None, key)

    assert found([member(1)], [member(2)]) == [
        ("sql.wrong_value.off_by_one", "user_roles[user_id=1,role_id=1].user_id")
    ]


def test_a_path_that_crashed_wrote_nothing() -> None:
    control = exchange(answer("{}"), writes=WriteSet((delete(7),)))
    crashed = exchange(None, error="KeyError", writes=WriteSet())
    assert [each.rule for each in compare(control, crashed)] == ["candidate.crashed", "sql.missing_write"]
