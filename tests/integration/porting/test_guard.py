"""How the guard is used: with which sessions, what it reports, and that it leaves nothing behind."""

from __future__ import annotations

import gc
import inspect as python
import re
import threading
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, create_engine, event, make_url, select, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import (
    AppenderQuery,
    Session,
    object_session,
    scoped_session,
    selectin_polymorphic,
    selectinload,
    sessionmaker,
    with_parent,
)
from sqlalchemy.pool import NullPool

from bridge import LazyLoadUnderGuard, UsageError
from bridge.porting import Report, guarded
from tests.integration.porting.models import Base, Book, Manager, Person, Writer

HERE = "tests/integration/porting/test_guard.py"
LISTENED = ((Engine, "before_cursor_execute"), (Session, "do_orm_execute"), (Session, "before_commit"))


def first_writer(session: Any) -> Writer:
    found: Writer = session.query(Writer).order_by(Writer.id).first()
    return found


def line_of(text: str, function: Any) -> int:
    lines, start = python.getsourcelines(function)
    return start + next(number for number, line in enumerate(lines) if text in line)


def lazy(session: Any) -> int:
    writer = first_writer(session)
    return len(writer.books)  # touched here


def test_the_error_names_line_attribute_and_remedy(engine: Engine) -> None:
    with guarded(), Session(engine) as session, pytest.raises(LazyLoadUnderGuard) as caught:
        lazy(session)
    assert isinstance(caught.value, UsageError)
    line = line_of("touched here", lazy)
    assert str(caught.value).startswith(f"{HERE}:{line} in lazy: Writer.books: ")
    assert "selectinload(Writer.books)" in str(caught.value)
    assert str(caught.value).endswith("[lazy-load-under-guard]")


def test_what_is_raised_is_in_the_report_too(engine: Engine) -> None:
    """Applications catch exceptions; the report survives that."""
    with guarded() as report, Session(engine) as session, suppress(Exception):
        lazy(session)
    assert report.rules == {"guard.lazy_load": 1}


def test_a_report_lets_the_code_go_on_and_counts(engine: Engine) -> None:
    with guarded(on_finding="report") as report:
        for _ in range(3):
            with Session(engine) as session:
                assert lazy(session) == 3
    ((finding, count),) = report.counts.items()
    assert (finding.rule, finding.site.file, count) == ("guard.lazy_load", HERE, 3)


@pytest.mark.parametrize("kind", ["Session", "sessionmaker", "begin", "scoped_session", "before the block"])
def test_every_session_is_guarded_however_it_is_made(engine: Engine, kind: str) -> None:
    early = Session(engine)
    first_writer(early)
    sessions: dict[str, Any] = {
        "Session": lambda: Session(engine),
        "sessionmaker": sessionmaker(engine),
        "begin": sessionmaker(engine),
        "scoped_session": scoped_session(sessionmaker(engine)),
        "before the block": lambda: early,
    }
    with guarded():
        if kind == "begin":
            with sessionmaker(engine).begin() as begun:
                begun.add(Writer(name="new"))
        made = sessions[kind]()
        made.add(Writer(name="another"))
        made.flush()
        with pytest.raises(LazyLoadUnderGuard):
            lazy(made)
        made.rollback()
    made.close()


def test_flask_sqlalchemy_is_guarded_and_a_template_is_named(writers_url: str) -> None:
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = writers_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"poolclass": NullPool}
    database = SQLAlchemy(app, model_class=Base)

    @app.get("/")
    def show() -> str:
        found = database.session.execute(select(Writer).order_by(Writer.id)).scalars().first()
        page = database.paginate(select(Book), per_page=2)
        assert len(page.items) == 2
        return render_template_string("Books:\n\n{{ writer.books | length }}", writer=found)

    with guarded(on_finding="report") as report:
        assert app.test_client().get("/").text == "Books:\n\n3"
    (finding,) = report.counts
    assert (finding.rule, finding.subject) == ("guard.lazy_load", "Writer.books")
    assert (finding.site.file, finding.site.line) == ("<template>", 3)


def test_a_lazy_load_in_a_hook_of_an_awaited_flush_is_allowed(engine: Engine) -> None:
    def look(session: Session, *_: object) -> None:
        for changed in session.dirty:
            assert isinstance(changed, Writer)
            assert changed.books

    with guarded() as report, Session(engine) as session:
        event.listen(session, "before_flush", look)
        first_writer(session).name = "renamed"
        session.flush()
    assert len(report) == 0


def test_other_engines_are_left_alone_when_some_are_named(engine: Engine) -> None:
    other = create_engine(engine.url, poolclass=NullPool)
    with guarded(other) as report:
        with Session(engine) as session:
            assert lazy(session) == 3
        with Session(other) as session, pytest.raises(LazyLoadUnderGuard):
            lazy(session)
    assert len(report) == 1


def test_code_on_other_threads_is_guarded(engine: Engine) -> None:
    def work() -> None:
        with Session(engine) as session:
            lazy(session)

    with guarded(on_finding="report") as report:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert report.rules == {"guard.lazy_load": 1}


def after_commit(session: Session) -> str:
    found = first_writer(session)
    session.commit()
    return found.name


@pytest.mark.parametrize(
    ("own", "given", "fails"), [(True, False, False), (True, None, True), (False, None, False), (False, True, True)]
)
def test_objects_expire_as_the_async_session_will_have_it(
    engine: Engine, *, own: bool, given: bool | None, fails: bool
) -> None:
    with (
        guarded(on_finding="report", expire_on_commit=given) as report,
        Session(engine, expire_on_commit=own) as session,
    ):
        after_commit(session)
        assert session.expire_on_commit is own, "the session has its own setting again"
    assert report.rules == ({"guard.expired_by_commit": 1} if fails else {})


def held(session: Session) -> bool:
    found = session.get(Writer, 1)
    book = session.get_one(Book, 1)
    return book.writer is found


def test_what_the_identity_map_serves_is_a_risk_and_an_error_only_if_strict(engine: Engine) -> None:
    with guarded() as report, Session(engine) as session:
        assert held(session)
    (finding,) = report.counts
    assert (finding.rule, finding.severity, finding.subject) == ("guard.identity_map", "risk", "Book.writer")
    with (
        guarded(strict=True),
        Session(engine) as session,
        pytest.raises(LazyLoadUnderGuard, match=r"joinedload\(Book\.writer\)"),
    ):
        held(session)


def test_what_was_loaded_with_the_query_is_no_risk(engine: Engine) -> None:
    with guarded(strict=True) as report, Session(engine) as session:
        book = session.scalars(select(Book).options(selectinload(Book.writer)).where(Book.id == 1)).one()
        assert book.writer is not None
    assert len(report) == 0


def test_a_query_of_its_own_for_the_class_of_a_dynamic_relationship_is_awaited(engine: Engine) -> None:
    with guarded() as report, Session(engine) as session:
        writer = first_writer(session)
        assert session.query(Book).filter(with_parent(writer, Writer.books)).count() == 3
    assert len(report) == 0


def test_what_ran_before_the_session_of_an_object_was_asked_for_is_awaited(engine: Engine) -> None:
    with guarded() as report, Session(engine) as session:
        found = session.get(Writer, 1)
        assert object_session(found) is session
    assert len(report) == 0


def test_the_column_of_a_subclass_is_to_be_loaded_with_the_query(engine: Engine) -> None:
    remedy = re.escape("add options(selectin_polymorphic(Person, [Manager])) to the query")
    with guarded(), Session(engine) as session, pytest.raises(LazyLoadUnderGuard, match=remedy):
        getattr(session.scalars(select(Person)).one(), "budget")  # noqa: B009 - Person has none
    with guarded() as report, Session(engine) as session:
        (person,) = session.scalars(select(Person).options(selectin_polymorphic(Person, [Manager])))
        assert isinstance(person, Manager)
        assert person.budget == 5
    assert len(report) == 0


def test_a_statement_in_a_report_has_no_literal(engine: Engine) -> None:
    def run(writer: Writer) -> None:
        session = object_session(writer)
        assert session is not None
        session.execute(text("SELECT 'secret'"))

    with guarded(on_finding="report") as report, Session(engine) as session:
        run(first_writer(session))
    assert report.rules == {"guard.object_session": 1}
    assert "secret" not in report.text()


def test_nothing_is_left_when_the_block_ends(engine: Engine) -> None:
    loader = Book.writer.impl.callable_
    derive = AppenderQuery._generate
    with guarded(), Session(engine) as session:
        first_writer(session)
        session.get(Book, 1)
        assert AppenderQuery._generate is not derive
        assert Book.writer.impl.callable_ is not loader
    assert Book.writer.impl.callable_ is loader
    assert AppenderQuery._generate is derive
    gc.collect()
    with Session(engine) as session:
        assert lazy(session) == 3


async def test_an_async_session_is_left_alone(writers_url: str) -> None:
    engine = create_async_engine(make_url(writers_url).set(drivername="postgresql+asyncpg"))
    with guarded(on_finding="raise") as report:
        async with AsyncSession(engine, expire_on_commit=True) as session:
            writer = (await session.scalars(select(Writer).where(Writer.id == 1))).one()
            assert await session.run_sync(lambda _: len(writer.books)) == 3
            await session.commit()
            assert await session.run_sync(lambda _: writer.name) == "writer 1"
    await engine.dispose()
    assert len(report) == 0


def test_instruments_may_share_a_report(engine: Engine) -> None:
    report = Report()
    for _ in range(2):
        with guarded(on_finding="report", report=report) as given, Session(engine) as session:
            lazy(session)
            assert given is report
    assert report.rules == {"guard.lazy_load": 2}
