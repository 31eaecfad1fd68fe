"""A port takes what the legacy function takes."""

import inspect
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any

import pytest
from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session

from bridge import LegacyIsAsync, SignatureMismatch
from bridge.routing.signature import check_same_parameters, endpoint_signature, read_function
from tests.unit.routing.applications import flask_with, installed

AT_MOST_5 = Query(le=5)


def legacy(session: Session, user_id: int, size: int = 20) -> None: ...
def legacy_bare(session: Session, user_id, size=20) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001  without annotations on purpose
def without_session(user_id: int, size: int = 20) -> None: ...
async def port(session: AsyncSession, user_id: int, size: int = 20) -> None: ...
async def port_session_last(user_id: int, size: int = 20, *, db: AsyncSession) -> None: ...
async def port_annotated(session: AsyncSession, user_id: int, size: Annotated[int, AT_MOST_5] = 20) -> None: ...
async def port_missing(session: AsyncSession, user_id: int) -> None: ...
async def port_added(session: AsyncSession, user_id: int, size: int = 20, page: int = 1) -> None: ...
async def port_renamed(session: AsyncSession, uid: int, size: int = 20) -> None: ...
async def port_reordered(session: AsyncSession, size: int = 20, user_id: int = 0) -> None: ...
async def port_retyped(session: AsyncSession, user_id: str, size: int = 20) -> None: ...
async def port_other_default(session: AsyncSession, user_id: int, size: int = 50) -> None: ...
async def port_no_default(session: AsyncSession, user_id: int, size: int) -> None: ...
async def legacy_async(session: AsyncSession, user_id: int, size: int = 20) -> None: ...
def port_sync(session: Session, user_id: int, size: int = 20) -> None: ...
def stars(session: Session, *args: int) -> None: ...
def double_stars(session: Session, **kwargs: int) -> None: ...
def positional(session: Session, user_id: int, /) -> None: ...
def sync_with_async_session(session: AsyncSession) -> None: ...
async def async_with_sync_session(session: Session) -> None: ...
def sync_scoped(session: scoped_session[Session], user_id: int) -> None: ...
async def async_scoped(session: async_scoped_session[AsyncSession], user_id: int) -> None: ...
def annotated_session(session: Annotated[Session, "from the pool"]) -> None: ...


def other_session() -> Any: ...


OTHER = Depends(other_session)
FROM_OTHER = Annotated[AsyncSession, OTHER]


async def two_sessions(session: AsyncSession, replica: AsyncSession) -> None: ...
async def other_annotated(db: FROM_OTHER) -> None: ...
async def other_default(db: AsyncSession = OTHER) -> None: ...
async def other_kind(db: Annotated[Session, OTHER]) -> None: ...
async def both(session: AsyncSession, db: FROM_OTHER) -> None: ...


class OwnSession(Session):
    """What teams with a session class of their own have."""


def own_session(database: OwnSession, user_id: int) -> None: ...


def check(old: Callable[..., Any], new: Callable[..., Any]) -> None:
    check_same_parameters(read_function(old), read_function(new))


@pytest.mark.parametrize("new", [port, port_annotated, port_session_last], ids=lambda function: function.__name__)
@pytest.mark.parametrize("old", [legacy, legacy_bare, without_session], ids=lambda function: function.__name__)
def test_the_session_annotations_metadata_and_missing_annotations_make_no_difference(
    old: Callable[..., Any], new: Callable[..., Any]
) -> None:
    check(old, new)


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        (port_missing, r"missing ['size'], added []"),
        (port_added, r"missing [], added ['page']"),
        (port_renamed, r"missing ['user_id'], added ['uid']"),
        (port_reordered, "same names in another order"),
        (port_retyped, "the type of 'user_id' differs"),
        (port_other_default, "the default of 'size' differs"),
        (port_no_default, "the default of 'size' differs"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_mismatch_shows_the_problem_and_both_signatures(new: Callable[..., Any], problem: str) -> None:
    with pytest.raises(SignatureMismatch) as raised:
        check(legacy, new)
    message = str(raised.value)
    assert problem in message
    assert f"legacy: {__name__}.legacy(user_id: int, size: int = 20)" in message
    assert f"native: {read_function(new)}" in message
    assert f"{__name__}.{new.__name__}(" in message


def test_a_legacy_function_that_is_asynchronous_is_refused() -> None:
    with pytest.raises(LegacyIsAsync, match=r"legacy=.*legacy_async is asynchronous: give the synchronous function"):
        check(legacy_async, port)


def test_a_port_that_is_synchronous_is_refused() -> None:
    with pytest.raises(SignatureMismatch, match=r"port_sync replaces legacy=.*legacy but is synchronous"):
        check(legacy, port_sync)


@pytest.mark.parametrize(
    ("function", "shown"), [(stars, r"\*args: int"), (double_stars, r"\*\*kwargs: int"), (positional, "session: ")]
)
def test_a_parameter_that_no_request_can_fill_is_refused(function: Callable[..., Any], shown: str) -> None:
    with pytest.raises(SignatureMismatch, match=rf"takes {shown}.*, which no request can fill: name each parameter"):
        read_function(function)


@pytest.mark.parametrize(
    ("function", "kind", "wanted"),
    [(sync_with_async_session, "synchronous", "Session"), (async_with_sync_session, "asynchronous", "AsyncSession")],
)
def test_the_wrong_kind_of_session_is_refused(function: Callable[..., Any], kind: str, wanted: str) -> None:
    with pytest.raises(SignatureMismatch, match=rf"is {kind}, so session: .* must be annotated {wanted} \["):
        read_function(function)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (legacy, "session"),
        (port, "session"),
        (port_session_last, "db"),
        (own_session, "database"),
        (sync_scoped, "session"),
        (async_scoped, "session"),
        (annotated_session, "session"),
        (without_session, None),
        (other_annotated, None),
        (other_default, None),
        (other_kind, None),
        (both, "session"),
    ],
)
def test_the_session_is_found_by_its_annotation(function: Callable[..., Any], name: str | None) -> None:
    assert read_function(function).session == name


def test_fastapi_sees_every_parameter_but_the_session() -> None:
    extra = inspect.Parameter("bridge_request", inspect.Parameter.KEYWORD_ONLY)
    signature = endpoint_signature(read_function(port_annotated), extra)
    assert list(signature.parameters) == ["bridge_request", "user_id", "size"]
    assert signature.parameters["size"].default == 20
    assert signature.parameters["size"].annotation == Annotated[int, AT_MOST_5]


def test_a_session_that_a_dependency_makes_is_left_to_fastapi() -> None:
    for function in (other_annotated, other_default, other_kind, both):
        assert [parameter.name for parameter in read_function(function).parameters] == ["db"]


class Called:
    async def __call__(self, session: AsyncSession) -> None: ...


def test_an_object_without_a_name_is_refused_as_a_route_and_its_method_is_not() -> None:
    with pytest.raises(SignatureMismatch, match=r"Called object .* is no function, .*: give its method"):
        installed(flask_with({}), lambda router: router.get("/x")(Called()))
    installed(flask_with({}), lambda router: router.get("/x")(Called().__call__))


class CalledBefore:
    def __call__(self, session: Session) -> None: ...


def test_an_object_without_a_name_may_be_what_a_port_replaces() -> None:
    installed(flask_with({}), lambda router: router.get("/x", legacy=CalledBefore())(Called().__call__))


def test_a_partial_function_is_called_like_the_one_behind_it() -> None:
    read = read_function(partial(port, size=5))
    assert (read.name, read.is_async, read.session) == (f"{__name__}.port", True, "session")
    assert [(parameter.name, parameter.default) for parameter in read.parameters][1:] == [("size", 5)]


async def generator(session: AsyncSession) -> AsyncIterator[int]:
    yield 1


def test_an_asynchronous_generator_is_refused() -> None:
    with pytest.raises(
        SignatureMismatch, match=r"generator is an asynchronous generator, .*: return a StreamingResponse"
    ):
        read_function(generator)


def test_a_second_session_is_refused() -> None:
    with pytest.raises(
        SignatureMismatch, match=r"two_sessions takes two sessions, 'session' and 'replica', .* Depends"
    ):
        read_function(two_sessions)
