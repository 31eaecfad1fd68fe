"""Every request is sent once in each test process: to gunicorn, to the facade, and to the twins."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from blockbuster import blockbuster_ctx
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from async_app.app import compose
from bridge import Database
from bridge.testing import Canonical, database_state
from tests.conftest import settings_for
from tests.corpus.clock import StillSessionInterface
from tests.corpus.raw import Answer, RawRequest, answer_to
from tests.corpus.requests import REQUESTS
from tests.corpus.servers import APPS, behind_facade, flask_app, gunicorn, uvicorn_ports
from tests.corpus.twins import twins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.testing import TemplateDatabase

Answers = dict[str, Answer]
TWINNED = ("plain", "json")


@pytest.fixture(autouse=True)
def no_blocking_calls() -> None:
    """Replace the guard around each test: nothing runs there. The one below is where the requests are sent."""


@contextmanager
def guarded() -> Iterator[None]:
    """Make a blocking call on the event loop an error, and keep the tracebacks of views that fail on purpose away."""
    logging.disable(logging.ERROR)
    try:
        with blockbuster_ctx(["bridge", "legacy_sync", "async_app"]) as guard:
            # asyncpg looks for ~/.pgpass and certificates whenever it opens a connection.
            for function in guard.functions.values():
                function.can_block_in("asyncpg/connect_utils.py", "_parse_connect_dsn_and_args")
            yield
    finally:
        logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def canonical(template: TemplateDatabase) -> Canonical:
    """Name what the existing application makes up: new ids, hashes and times."""
    with template.clone() as url:
        state = database_state(create_engine(url, poolclass=NullPool), template.tables)
    now = datetime.now(UTC)
    return Canonical(Canonical.known_in(state), now, now.replace(year=now.year + 1))


def ask(request: RawRequest, ports: dict[str, int], canonical: Canonical, *, reference: bool = False) -> Answer:
    answer = answer_to(request, ports[request.app], reference=reference)
    if request.app != "legacy":
        return answer
    return replace(answer, body=canonical.text(answer.body.decode("latin-1")).encode("latin-1"))


@pytest.fixture(scope="session")
def flask_answers(template: TemplateDatabase, canonical: Canonical) -> Answers:
    """Return what Flask answers under gunicorn, by id of the request."""
    with template.clone() as url, gunicorn(url) as ports:
        return {request.id: ask(request, ports, canonical, reference=True) for request in REQUESTS}


@pytest.fixture(scope="session")
def facade_answers(template: TemplateDatabase, canonical: Canonical) -> Answers:
    """Return what the facade answers under uvicorn while nothing is ported."""
    with guarded(), template.clone() as url, ExitStack() as servers:
        database = Database(url)
        apps = {name: behind_facade(flask_app(name, database), database) for name in APPS}
        ports = servers.enter_context(uvicorn_ports(dict(apps)))
        return {request.id: ask(request, ports, canonical) for request in REQUESTS}


@pytest.fixture(scope="session")
def twin_answers(template: TemplateDatabase, canonical: Canonical) -> Answers:
    """Return what the twins answer to the requests for the awkward application, JSON provider and all."""
    with guarded(), template.clone() as url, ExitStack() as servers:
        database = Database(url)
        apps = {name: twins(flask_app(name, database), database) for name in TWINNED}
        ports = servers.enter_context(uvicorn_ports(dict(apps)))
        return {request.id: ask(request, ports, canonical) for request in REQUESTS if request.app in TWINNED}


@pytest.fixture(scope="session", params=["bridged", "native"])
def migrated_answers(request: pytest.FixtureRequest, template: TemplateDatabase, canonical: Canonical) -> Answers:
    """Return what the migrated application answers to the requests for the existing one, on either path."""
    with guarded(), template.clone() as url, ExitStack() as servers:
        composition = compose(settings_for(request.param, url))
        composition.bridge.legacy.session_interface = StillSessionInterface()
        ports = servers.enter_context(uvicorn_ports({"legacy": composition.app}))
        return {raw.id: ask(raw, ports, canonical) for raw in REQUESTS if raw.app == "legacy"}
