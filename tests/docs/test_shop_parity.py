"""The how-to guide on parity, as a test."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from bridge.testing import Exchange, Outcome, TemplateDatabase, assert_same_outcome, perform
from tests.docs.shop import client_of, compose

GET_ITEM = "GET /items/{item_id}"
EXCHANGES = (
    Exchange("item-with-reviews", GET_ITEM, "GET", "/items/1", 200),
    Exchange("item-without-reviews", GET_ITEM, "GET", "/items/2", 200),
    Exchange("item-nobody-has", GET_ITEM, "GET", "/items/3", 404),
    Exchange("id-beyond-the-column", GET_ITEM, "GET", "/items/1099511627776", 404),
    Exchange("id-that-is-no-number", GET_ITEM, "GET", "/items/first", 404),
)


async def outcome_on(path: str, exchange: Exchange, template: TemplateDatabase) -> Outcome:
    with template.clone() as url:
        engine = create_engine(url, poolclass=NullPool)
        async with client_of(*compose(path, url)) as client:
            return await perform(exchange, client, engine, template.tables)


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: exchange.id)
async def test_every_path_has_the_same_outcome(exchange: Exchange, shop_template: TemplateDatabase) -> None:
    control = await outcome_on("flask", exchange, shop_template)
    assert control.status == exchange.status
    for path in ("bridged", "native"):
        candidate = await outcome_on(path, exchange, shop_template)
        assert_same_outcome(control, candidate, exchange=exchange)
