"""One body for every exchange: bridged and native do exactly what Flask does."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bridge.testing import Exchange, Outcome, TemplateDatabase, assert_same_outcome, perform
from tests.conftest import running, settings_for
from tests.parity.exchanges import EXCHANGES
from tests.parity.login import session_cookie


async def outcome_on(mode: str, exchange: Exchange, template: TemplateDatabase) -> Outcome:
    """Perform *exchange* over a fresh clone, with every operation served as *mode* says, and check which path answered."""
    with template.clone() as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            for statement in exchange.prepare:
                connection.execute(text(statement))
        async with running(settings_for(mode, url)) as (composition, client):
            if exchange.user_id is not None:
                client.cookies.update(session_cookie(composition.bridge.legacy, exchange.user_id))
            operations = composition.bridge.operations
            operation = operations.get(exchange.operation)
            outcome = await perform(exchange, client, engine, template.tables)
            decided = operations.decide(operation, {"client": ("127.0.0.1", 1)}) if operation else None
            assert outcome.path == (operation.path_for(decided).value if operation and decided else "flask")
            return outcome


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.id)
async def test_every_path_has_the_same_outcome(exchange: Exchange, template: TemplateDatabase) -> None:
    control = await outcome_on("flask", exchange, template)
    assert control.status == exchange.status, control.body
    for mode in ("bridged", "native"):
        candidate = await outcome_on(mode, exchange, template)
        assert_same_outcome(control, candidate, exchange=exchange)
