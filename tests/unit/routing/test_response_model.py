"""What a function says it returns is its response model, as in FastAPI."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, NoReturn, TypeVar

import pytest
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from bridge import BridgeRouter
from bridge.routing.response_model import annotated_model
from bridge.routing.signature import read_function
from legacy_sync.models import Tag
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from decimal import Decimal

T = TypeVar("T")
UNHASHABLE: dict[str, str] = {}


class Account(BaseModel):
    user_id: int


class Unfinished(BaseModel):
    account: "DefinedBelow"


class AccountItem(TypedDict):
    user_id: int


@dataclass
class AccountRow:
    user_id: int


@dataclass
class ForTypeCheckers:
    price: "Decimal"


class WithoutForm(BaseModel):
    """Which JSON cannot show, so that a page of documentation with it would fail."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    tag: Tag


class PageOf(BaseModel, Generic[T]):
    items: list[T]


def model_of(annotation: Any) -> Any:
    def function() -> Any: ...

    function.__annotations__["return"] = annotation
    return annotated_model(read_function(function))


@pytest.mark.parametrize(
    "annotation",
    [
        Account,
        Account | None,
        list[Account],
        dict[str, Account],
        PageOf[Account],
        Annotated[Account, UNHASHABLE],
        list[Annotated[Account, UNHASHABLE]],
        Account | int,
        Unfinished,
        list[Unfinished],
    ],
    ids=str,
)
def test_what_pydantic_has_a_schema_for_is_a_response_model(annotation: Any) -> None:
    assert model_of(annotation) == annotation


@pytest.mark.parametrize(
    "annotation",
    [
        None,
        Any,
        object,
        T,
        NoReturn,
        Response,
        JSONResponse,
        Annotated[Response, "as it is"],
        Response | None,
        Response | JSONResponse,
        Tag,
        list[Tag],
        dict[str, Tag],
        Account | Tag,
        Iterator[int],
        Iterable[int],
        AsyncIterator[Account],
        ForTypeCheckers,
        dict[str, Any],
        dict[str, Account | Any],
        list[Any],
        AccountItem,
        AccountRow,
        WithoutForm,
        int,
    ],
    ids=str,
)
def test_what_it_has_none_for_is_no_response_model(annotation: Any) -> None:
    assert model_of(annotation) is None


def test_a_function_without_an_annotation_has_no_response_model() -> None:
    def function(): ...  # type: ignore[no-untyped-def]  # noqa: ANN202  on purpose

    assert annotated_model(read_function(function)) is None


@pytest.mark.parametrize("annotation", [Account | Response, Response | Account, Account | Annotated[Response, ""]])
def test_responses_are_taken_out_of_a_union(annotation: Any) -> None:
    assert model_of(annotation) is Account
    assert model_of(annotation | None) == Account | None


def test_names_in_quotes_are_resolved() -> None:
    def items() -> list["Account"]: ...  # type: ignore[empty-body]  # only its annotation counts
    def text() -> "list[Account]": ...  # type: ignore[empty-body]  # only its annotation counts

    assert annotated_model(read_function(items)) == annotated_model(read_function(text)) == list[Account]


SECRETS = {"user_id": 1, "password": "hush"}


async def filtered(session: AsyncSession) -> Account:
    return SECRETS  # type: ignore[return-value]  # as code that grew does


async def as_is(session: AsyncSession) -> dict[str, Any]:
    return SECRETS


def bridged() -> Account:
    return SECRETS  # type: ignore[return-value]  # as above


async def instance() -> Account:
    return Account(user_id=1)


async def response() -> Account | Response:
    return JSONResponse(SECRETS)


async def deleted() -> bool:
    return True


REFERENCE = {"$ref": "#/components/schemas/Account"}


def declare(router: BridgeRouter) -> None:
    router.get("/filtered", replaces=None)(filtered)
    router.get("/replacing", replaces=None, legacy=bridged)(instance)
    router.get("/bridged", replaces=None)(bridged)
    router.get("/instance", replaces=None)(instance)
    router.get("/response", replaces=None)(response)
    router.get("/denied", replaces=None, response_model=None)(as_is)
    router.get("/denied-model", replaces=None, response_model=None)(bridged)
    router.get("/presented", replaces=None, present=lambda account: {"all": account})(bridged)
    router.delete("/deleted", replaces=None, status_code=204)(deleted)


@pytest.mark.parametrize("path", ["filtered", "replacing", "bridged", "instance"])
async def test_an_answer_shows_what_the_annotation_does_and_nothing_else(path: str) -> None:
    app, bridge = installed(flask_with({}), declare)
    bridge.stages.set("GET /replacing", "legacy")
    async with client_of(app) as client:
        answer = await client.get(f"/{path}")
        schema = (await client.get("/openapi.json")).json()["paths"][f"/{path}"]["get"]["responses"]["200"]
    assert (answer.status_code, answer.json()) == (200, {"user_id": 1})
    assert schema["content"]["application/json"]["schema"] == REFERENCE


@pytest.mark.parametrize(
    ("path", "shown"),
    [("response", SECRETS), ("denied", SECRETS), ("denied-model", SECRETS), ("presented", {"all": SECRETS})],
)
async def test_a_response_a_denial_and_a_presentation_are_left_alone(path: str, shown: Any) -> None:
    app, _ = installed(flask_with({}), declare)
    async with client_of(app) as client:
        assert (await client.get(f"/{path}")).json() == shown


async def test_a_status_without_a_body_has_none_whatever_is_returned() -> None:
    app, _ = installed(flask_with({}), declare)
    async with client_of(app) as client:
        answer = await client.delete("/deleted")
    assert (answer.status_code, answer.content) == (204, b"")


class DefinedBelow(BaseModel):
    user_id: int
