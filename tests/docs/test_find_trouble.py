"""The instruments over the example application, as the how-to guide shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bridge.porting import RULES, Report, guarded, instrumented
from legacy_sync.app import create_app
from legacy_sync.schemas import PostCreate, UserSearch
from legacy_sync.seed import PASSWORD
from legacy_sync.services.posts import create_post, get_post
from legacy_sync.services.users import get_user, list_users
from tests.conftest import SECRET_KEY
from tests.docs.pages import blocks, page, rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

GUIDE = "docs/how-to/find-trouble-before-porting.md"
REFERENCE = "docs/reference/porting-rules.md"
LINE = re.compile(r"\.py:\d+")


def browse(url: str, engine: Engine) -> Report:
    """Send requests to the legacy application while all three instruments look."""
    app = create_app({"ENGINE": engine, "SECRET_KEY": SECRET_KEY})
    client = app.test_client()
    with instrumented(engine) as report:
        client.post("/auth/login", json={"username": "admin", "password": PASSWORD})
        assert client.get("/users/3").status_code == 200
        assert client.get("/posts/1").status_code == 200
        assert client.get("/reports/users.csv").text
    return report


def test_the_guide_shows_the_report_of_the_example(database_url: str) -> None:
    report = browse(database_url, create_engine(database_url, poolclass=NullPool))
    (shown,) = blocks(GUIDE, "text")
    assert LINE.sub(".py:N", report.text()) == LINE.sub(".py:N", shown.strip())


def test_service_functions_run_under_the_guard(database_url: str) -> None:
    """What creates and reads is ready to port; what presents its result is not."""
    app = create_app({"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY})
    sessions = app.extensions["database"].sessions
    with app.app_context(), guarded() as report:
        session = sessions()
        create_post(session, 1, 3, PostCreate(title="new", body="", tags=["news"]))
        assert get_post(session, 1).id == 1
        assert get_user(session, 3).id == 3
        assert list_users(session, UserSearch()).total == 40
        session.rollback()
    assert len(report) == 0, report.text()


def test_the_probe_and_the_values_find_what_is_planted(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with instrumented(engine) as report, engine.connect() as connection:
        connection.execute(text("SELECT id FROM users WHERE id = :id"), {"id": "3"})
        connection.connection.cursor().execute("SELECT 1")
    assert report.rules == {"probe.raw_cursor": 1, "probe.statement": 1}


def test_every_rule_is_documented_with_what_it_says() -> None:
    table = {
        cells[0].strip("`"): cells[1:] for heading in ("Guard", "Probe", "Values") for cells in rows(REFERENCE, heading)
    }
    assert list(table) == [rule.name for rule in RULES]
    for rule in RULES:
        severity, *said = table[rule.name]
        assert severity == rule.severity, rule.name
        assert [cell.replace("`", "") for cell in said] == [rule.says, rule.sync, rule.asynchronous], rule.name


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_what_to_do(rule: object) -> None:
    assert getattr(rule, "remedy", "")


def test_every_option_of_the_plugin_is_in_the_guide() -> None:
    source = page("docs/../bridge/testing/instruments.py")
    for option in set(re.findall(r'addoption\("(--[\w-]+)"', source)) | set(re.findall(r'"(--bridge-[\w-]+)"', source)):
        assert f"`{option}" in page(GUIDE), option
