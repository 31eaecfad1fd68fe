"""Every request is sent once in each test process: to gunicorn, to the facade, and to the twins."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from bridge import Database
from bridge.testing import Canonical, database_state
from tests.corpus.raw import Answer, RawRequest, answer_to
from tests.corpus.requests import REQUESTS
from tests.corpus.servers import APPS, behind_facade, flask_app, gunicorn, uvicorn_ports
from tests.corpus.twins import twins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.testing import TemplateDatabase

Answers = dict[str, Answer]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the tracebacks of the views that fail on purpose out of the output."""
    logging.disable(logging.ERROR)
    try:
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
    with quiet(), template.clone() as url, ExitStack() as servers:
        database = Database(url)
        apps = {name: behind_facade(flask_app(name, database), database) for name in APPS}
        ports = servers.enter_context(uvicorn_ports(dict(apps)))
        return {request.id: ask(request, ports, canonical) for request in REQUESTS}


@pytest.fixture(scope="session")
def twin_answers(template: TemplateDatabase, canonical: Canonical) -> Answers:
    """Return what the twins answer to the requests for the awkward application."""
    with quiet(), template.clone() as url, ExitStack() as servers:
        database = Database(url)
        ports = servers.enter_context(uvicorn_ports({"plain": twins(flask_app("plain", database), database)}))
        return {request.id: ask(request, ports, canonical) for request in REQUESTS if request.app == "plain"}
