"""In a running application, on some of its requests."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import cycle
from typing import TYPE_CHECKING

from anyio import to_thread
from fastapi import FastAPI
from flask import Flask, Response
from sqlalchemy.orm import Session

from bridge import Bridge, Database
from bridge.porting import Sample
from tests.docs.shop import client_of
from tests.integration.porting.models import Writer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


def flask_over(engine: Engine) -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def name() -> dict[str, str]:
        with Session(engine) as session:
            writer = session.get_one(Writer, 1)
            session.commit()
            return {"name": writer.name}

    return app


def every(number: int) -> cycle[float]:
    return cycle([0.0, *[0.99] * (number - 1)])


def test_a_share_of_the_requests_is_looked_at_and_every_answer_is_the_same(engine: Engine) -> None:
    draws = every(4)
    sample = Sample(engine, rate=0.25, chance=lambda: next(draws))
    app = flask_over(engine)
    app.wsgi_app = sample.wsgi(app.wsgi_app)  # type: ignore[assignment, method-assign]  # replaced for the test
    sample.start()
    answers = {app.test_client().get("/").text for _ in range(8)}
    sample.stop()
    assert answers == {'{"name":"writer 1"}\n'}
    assert sample.report.rules == {"guard.expired_by_commit": 2}, "the session keeps its own expire_on_commit"


def test_nothing_is_looked_at_outside_of_a_chosen_request(engine: Engine) -> None:
    sample = Sample(engine, rate=1.0, chance=lambda: 0.0)
    sample.start()
    client = flask_over(engine).test_client()
    client.get("/")
    assert len(sample.report) == 0
    with sample.request() as chosen:
        client.get("/")
    sample.stop()
    assert chosen
    assert len(sample.report) == 1


async def test_the_worker_threads_of_the_bridge_know_their_request(writers_url: str) -> None:
    database = Database(writers_url)
    draws = every(2)
    sample = Sample(database.sync_engine, rate=0.5, chance=lambda: next(draws))
    bridge = Bridge(database=database, legacy=flask_over(database.sync_engine))
    app = FastAPI()
    bridge.install(app)
    app.add_middleware(sample.asgi)
    sample.start()
    async with client_of(app, bridge) as client:
        for _ in range(4):
            assert (await client.get("/")).json() == {"name": "writer 1"}
    await to_thread.run_sync(sample.stop)
    assert sample.report.rules == {"guard.expired_by_commit": 2}


def test_a_streamed_body_is_looked_at_and_closed(engine: Engine) -> None:
    app = Flask(__name__)
    closed = []

    @app.get("/")
    def titles() -> Response:
        def chunks() -> Iterator[str]:
            with Session(engine) as session:
                yield ",".join(book.title for book in session.get_one(Writer, 1).books)

        response = Response(chunks())
        response.call_on_close(lambda: closed.append("closed"))
        return response

    sample = Sample(engine, rate=1.0)
    app.wsgi_app = sample.wsgi(app.wsgi_app)  # type: ignore[assignment, method-assign]  # replaced for the test
    sample.start()
    client = app.test_client()
    with client.get("/") as response:
        assert response.get_data(as_text=True) == "book 1.1,book 1.2,book 1.3"
    # Nothing is iterated.
    client.head("/").close()
    sample.stop()
    assert sample.report.rules == {"guard.lazy_load": 1}
    assert len(closed) == 2


FORKING = """
import os, sys
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
from bridge.porting import Sample

engine = create_engine(sys.argv[1], poolclass=NullPool)
sample = Sample(engine, rate=1.0)
sample.start()
if os.fork() == 0:
    with sample.request(), engine.connect() as connection:
        connection.execute(text("SELECT 1; SELECT 2"))
sample.stop()
print(os.getppid() == int(sys.argv[2]), dict(sample.report.rules), flush=True)
if os.getppid() == int(sys.argv[2]):
    os.wait()
"""


def test_a_worker_that_is_forked_after_the_start_is_looked_at(writers_url: str) -> None:
    command = [sys.executable, "-c", FORKING, writers_url, str(os.getpid())]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert sorted(done.stdout.splitlines()) == ["False {'probe.several_statements': 1}", "True {}"]
