"""What each run makes up is no difference; what only looks like it is one."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bridge.shadow import RowWrite, WriteKind, WriteSet
from bridge.shadow.comparing import compare
from tests.unit.shadow.exchanges import STARTED, answer, exchange

LATER = STARTED + timedelta(seconds=5)
UUIDS = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def rules(control: Any, candidate: Any, *writes: WriteSet | None, headers: tuple[Any, Any] = (None, None)) -> list[str]:
    """Compare two bodies, the second of which was made five seconds later."""
    pair = (*writes, None, None)[:2]
    ours, theirs = (
        exchange(answer(json.dumps(body), headers=head), started=started, writes=written, method="POST")
        for body, head, started, written in (
            (control, headers[0], STARTED, pair[0]),
            (candidate, headers[1], LATER, pair[1]),
        )
    )
    return [each.rule for each in compare(ours, theirs)]


def inserted(*rows: dict[str, Any], table: str = "posts", key: str = "id") -> WriteSet:
    return WriteSet(tuple(RowWrite(WriteKind.INSERT, table, {key: row[key]}, None, row) for row in rows))


@pytest.mark.parametrize(
    ("control", "candidate"),
    [
        ("2026-11-24T10:00:00.123456Z", "2026-11-24T10:00:05.654321Z"),
        ("2026-11-24T10:00:00.12", "2026-11-24T10:00:05.654321"),
        ("Tue, 24 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 10:00:05 GMT"),
        ("2026-11-24T12:00:00+02:00", "2026-11-24T12:00:05+02:00"),
        ("made at 2026-11-24 10:00:00, see", "made at 2026-11-24 10:00:05, see"),
        (1795514400, 1795514405),
        (1795514400123, 1795514405456),
        ("$argon2id$v=19$m=8,t=1$c2FsdA$aGFzaA", "$argon2id$v=19$m=8,t=1$b3RoZXI$b3RoZXI"),
        ("scrypt:32768:8:1$salt$00ff", "scrypt:32768:8:1$other$11ee"),
    ],
)
def test_times_of_the_runs_and_salted_hashes_are_the_same(control: Any, candidate: Any) -> None:
    assert rules({"at": control}, {"at": candidate}) == []


@pytest.mark.parametrize(
    ("control", "candidate", "rule"),
    [
        ("Tue, 24 Nov 2026 10:00:00 GMT", "2026-11-24T10:00:05.654321Z", "json.datetime.http_date"),
        ("2026-11-24T10:00:00.123456", "2026-11-24T10:00:05", "json.datetime.microseconds"),
        ("2026-11-24T10:00:00.123456Z", "2026-11-24T10:00:05.123456", "json.datetime.zone"),
        ("2026-11-24T10:00:00.123456", "2026-11-24T11:00:05.654321", "json.datetime.zone"),
        ("2026-11-24T10:00:00.1Z", "2026-11-24T10:00:05.2+00:00", "json.datetime.offset"),
        ("2026-11-24T09:00:00", "2026-11-24T09:00:05", "json.datetime.value"),
        ("2026-11-24T10:00:00", "2026-11-24T10:00:59", "json.datetime.value"),
        ("2026-11-24T10:00:00.1Z", "2026-11-24T09:59:30.1Z", "json.datetime.value"),
        (UUIDS[0], UUIDS[1], "json.value"),
        ("$argon2id$v=19$m=8,t=1$c2FsdA$aGFzaA", "$2b$12$" + "a" * 53, "json.value"),
    ],
)
def test_a_time_of_the_run_in_another_form_is_a_difference(control: str, candidate: str, rule: str) -> None:
    assert rules({"at": control}, {"at": candidate}) == [rule]


def test_the_key_of_an_inserted_row_is_the_same_row_wherever_it_is_named() -> None:
    writes = inserted({"id": 11, "title": "a"}), inserted({"id": 12, "title": "a"})
    bodies: list[Any] = [
        {"id": each, "post_id": each, "url": f"/posts/{each}", "postId": each, "links": [{"id": each}]}
        for each in (11, 12)
    ]
    headers = {"location": "/posts/11"}, {"location": "/posts/12"}
    assert rules(*bodies, *writes, headers=headers) == []


def test_another_number_that_happens_to_be_the_same_is_a_difference() -> None:
    writes = inserted({"id": 11, "title": "a"}), inserted({"id": 12, "title": "a"})
    assert rules({"count": 11}, {"count": 12}, *writes) == ["json.off_by_one"]
    assert rules({"text": "11 items"}, {"text": "12 items"}, *writes) == ["json.value"]
    assert rules({"id": 11}, {"id": 13}, *writes) == ["json.value"]
    assert rules({"id": 12}, {"id": 11}, *writes) == ["json.off_by_one"]


def test_keys_differ_where_nothing_was_inserted() -> None:
    assert rules({"id": 11}, {"id": 12}) == ["json.off_by_one"]
    assert rules({"id": 11}, {"id": 12}, WriteSet(), WriteSet()) == ["json.off_by_one"]


def test_inserted_rows_are_paired_by_content_then_by_order() -> None:
    ours = inserted({"id": 11, "title": "a"}, {"id": 12, "title": "b"})
    theirs = inserted({"id": 21, "title": "b"}, {"id": 22, "title": "a"})
    assert rules([11, 12], [11, 12], ours, theirs) == []
    assert rules({"id": 11}, {"id": 22}, ours, theirs) == []
    assert rules({"id": 11}, {"id": 21}, ours, theirs) == ["json.value"]


def test_foreign_keys_follow_the_row_that_they_name() -> None:
    def written(post: int, comment: int, owner: int) -> WriteSet:
        posts = inserted({"id": post, "title": "a"}).rows
        comments = inserted({"id": comment, "post_id": post, "owner_id": owner, "text": "b"}, table="comments").rows
        return WriteSet(posts + comments)

    assert rules({}, {}, written(11, 5, 1), written(12, 6, 1)) == []
    assert rules({}, {}, written(11, 5, 1), written(12, 6, 2)) == ["sql.wrong_value.off_by_one"]


@pytest.mark.parametrize(
    ("table", "column"), [("posts", "post"), ("entries", "entry"), ("shop.boxes", "box"), ("news", "news")]
)
def test_a_reference_may_be_called_like_the_table(table: str, column: str) -> None:
    def written(post: int, *links: int) -> WriteSet:
        posts = inserted({"id": post, "title": "a"}, table=table).rows
        return WriteSet(
            posts + inserted(*({"id": post + n, column: each} for n, each in enumerate(links)), table="l").rows
        )

    assert rules({column: 11}, {column: 12}, written(11, 11), written(12, 12)) == []
    assert rules({}, {}, written(11, 11), written(12, 12, 12)) == ["sql.duplicate_write"]
    assert rules({}, {}, written(11, 11), written(12, 13)) == ["sql.wrong_value"]


def test_a_drawn_uuid_is_the_same_row_but_the_owner_of_a_row_is_not_drawn() -> None:
    drawn = [inserted({"id": each, "title": "a"}) for each in UUIDS]
    assert rules({"url": f"/posts/{UUIDS[0]}"}, {"url": f"/posts/{UUIDS[1]}"}, *drawn) == []
    owned = [inserted({"id": 1, "owner_id": each, "title": "a"}) for each in UUIDS]
    assert rules({}, {}, *owned) == ["sql.wrong_value"]


def test_a_given_key_that_is_wrong_is_a_difference() -> None:
    given = [inserted({"slug": each, "title": "a"}, key="slug") for each in ("first", "FIRST")]
    assert rules({}, {}, *given) == ["sql.wrong_value.string.case"]


def test_lines_of_text_may_hold_what_a_run_makes_up() -> None:
    texts = (
        f"made at {at}\nby {name}\n" for at, name in (("2026-11-24T10:00:00Z", "Ada"), ("2026-11-24T10:00:05Z", "Bob"))
    )
    bodies = (answer(each, media="text/plain") for each in texts)
    control, candidate = (
        exchange(each, started=started) for each, started in zip(bodies, (STARTED, LATER), strict=True)
    )
    assert [(each.rule, each.where) for each in compare(control, candidate)] == [("text.line", "body line 2")]


def test_the_boundary_of_multipart_is_made_up() -> None:
    control, candidate = (
        exchange(answer(f"--{each}\r\n\r\nx\r\n--{each}--", media=f"multipart/mixed; boundary={each}"))
        for each in ("first", "second")
    )
    assert compare(control, candidate) == ()
