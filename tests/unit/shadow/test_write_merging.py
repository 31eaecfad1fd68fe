from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.shadow import RowWrite, WriteKind, WriteSet
from bridge.shadow.write_merging import CapturedWrite, merge

A, B, C = {"id": 1, "title": "a"}, {"id": 1, "title": "b"}, {"id": 2, "title": "a"}


def captured(before: Any, after: Any, *, key: list[str] | None = None) -> CapturedWrite:
    operation = "INSERT" if before is None else "DELETE" if after is None else "UPDATE"
    texts = (None if row is None else json.dumps(row) for row in (before, after))
    return CapturedWrite("notes", operation, ["id"] if key is None else key, *texts)


@pytest.mark.parametrize(
    ("writes", "kind", "before", "after"),
    [
        ([(None, A)], WriteKind.INSERT, None, A),
        ([(None, A), (A, B)], WriteKind.INSERT, None, B),
        ([(A, B)], WriteKind.UPDATE, A, B),
        ([(A, None), (None, B)], WriteKind.UPDATE, A, B),
        ([(A, B), (B, None)], WriteKind.DELETE, A, None),
        ([(A, C)], WriteKind.UPDATE, A, C),
        ([(A, C), (C, None)], WriteKind.DELETE, A, None),
        ([(None, A), (A, C)], WriteKind.INSERT, None, C),
    ],
)
def test_several_writes_of_a_row_are_one(writes: list[Any], kind: WriteKind, before: Any, after: Any) -> None:
    (row,) = merge(captured(*write) for write in writes).rows
    assert (row.kind, row.before, row.after) == (kind, before, after)
    assert row.key == {"id": (before or after)["id"]}


@pytest.mark.parametrize("writes", [[], [(None, A), (A, None)], [(A, A)], [(A, B), (B, A)], [(A, None), (None, A)]])
def test_what_changes_nothing_is_no_write(writes: list[Any]) -> None:
    assert merge(captured(*write) for write in writes) == WriteSet()


def test_rows_come_in_the_order_of_their_first_write() -> None:
    other = {"id": 3, "title": "c"}
    rows = merge([captured(None, C), captured(None, other), captured(C, {**C, "title": "z"})]).rows
    assert [row.key["id"] for row in rows] == [2, 3]


def test_rows_without_a_key_are_not_followed_and_said_to_be() -> None:
    writes = merge([captured(None, A, key=[]), captured(A, B, key=[]), captured(B, None, key=[])])
    assert [row.kind for row in writes.rows] == [WriteKind.INSERT, WriteKind.UPDATE, WriteKind.DELETE]
    assert writes.limits == ("notes has no primary key",)


def test_a_truncated_table_is_a_limit() -> None:
    writes = merge([CapturedWrite("notes", "TRUNCATE", None, None, None)])
    assert writes.rows == ()
    assert writes.limits == ("notes was truncated, and the rows that it held are not known",)


def test_every_digit_is_kept() -> None:
    text = '{"id": 1, "price": 1.10, "rate": 0.12345678901234567890}'
    (row,) = merge([CapturedWrite("notes", "INSERT", ["id"], None, text)]).rows
    assert row.after == {"id": 1, "price": Decimal("1.10"), "rate": Decimal("0.12345678901234567890")}


@given(st.lists(st.tuples(st.sampled_from("iud"), st.integers(1, 3), st.integers(0, 2)), max_size=30))
def test_the_merged_writes_lead_from_the_rows_before_to_those_afterwards(program: list[tuple[str, int, int]]) -> None:
    table = {1: {"id": 1, "value": 0}, 2: {"id": 2, "value": 0}}
    before, writes = dict(table), []
    for operation, key, value in program:
        row = table.get(key)
        after = None if operation == "d" else {"id": key, "value": value}
        if (operation == "i") is (row is None):
            writes.append(captured(row, after))
            if after is None:
                del table[key]
            else:
                table[key] = after
    replayed = dict(before)
    rows: tuple[RowWrite, ...] = merge(writes).rows
    for write in rows:
        assert replayed.get(write.key["id"]) == write.before
        replayed.pop(write.key["id"], None)
        if write.after is not None:
            replayed[write.key["id"]] = dict(write.after)
    assert replayed == table
    assert len({write.key["id"] for write in rows}) == len(rows)
