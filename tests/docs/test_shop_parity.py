"""The how-to guide on parity, as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from bridge import ParityMismatch
from bridge.testing import Exchange, Outcome, TemplateDatabase, assert_same_outcome, perform
from tests.docs.shop import EXAMPLES, PROGRAMS, client_of, compose

if TYPE_CHECKING:
    from pathlib import Path

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
    assert control.path == "flask"
    for path in ("bridged", "native"):
        candidate = await outcome_on(path, exchange, shop_template)
        assert_same_outcome(control, candidate, exchange=exchange)


@pytest.mark.parametrize(
    ("forgotten", "caught_by"),
    [
        (".options(selectinload(Item.reviews))", "item-with-reviews"),
        ("    if item is None:\n        raise NotFound\n", "id-beyond-the-column"),
    ],
)
async def test_the_exchanges_catch_what_a_port_easily_forgets(
    forgotten: str, caught_by: str, shop_template: TemplateDatabase, tmp_path: Path
) -> None:
    source = (EXAMPLES / PROGRAMS["native"]).read_text(encoding="utf-8")
    assert forgotten in source
    program = tmp_path / "shop_ported.py"
    program.write_text(source.replace(forgotten, ""), encoding="utf-8")
    (exchange,) = [exchange for exchange in EXCHANGES if exchange.id == caught_by]
    control = await outcome_on("flask", exchange, shop_template)
    with shop_template.clone() as url:
        engine = create_engine(url, poolclass=NullPool)
        async with client_of(*compose("native", url, program_file=program)) as client:
            candidate = await perform(exchange, client, engine, shop_template.tables)
    assert candidate.status == 500
    with pytest.raises(ParityMismatch, match=caught_by):
        assert_same_outcome(control, candidate, exchange=exchange)
