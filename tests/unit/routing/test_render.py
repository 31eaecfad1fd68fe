"""What a unit of work returned becomes a response while its session is open."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask import Response as FlaskResponse
from flask.json.provider import DefaultJSONProvider
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import MissingGreenlet
from starlette.responses import PlainTextResponse

from bridge import LazyLoadOutsideSession, LiveObjectReturned
from bridge.compat import FlaskJSON
from bridge.routing.output import Output
from bridge.routing.render import Renderer
from legacy_sync.models import Tag

if TYPE_CHECKING:
    from collections.abc import Callable


class Named(BaseModel):
    name: str


class Tree(BaseModel):
    children: list[Named]


class Lazy:
    """An object one of whose attributes would need SQL."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    @property
    def name(self) -> str:
        raise self._error


class Parent:
    def __init__(self, *children: Any) -> None:
        self.children = children


def renderer(*, encode: Callable[[Any], bytes] | None = None, **options: Any) -> Renderer:
    return Renderer(source="GET /tags/{tag_id}", output=Output(**options), encode=encode)


def test_the_response_model_reads_a_mapped_object_and_shows_nothing_else() -> None:
    response = renderer(response_model=Named).render(Tag(id=1, name="x"))
    assert json.loads(bytes(response.body)) == {"name": "x"}
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")


def test_plain_data_needs_no_response_model() -> None:
    assert json.loads(bytes(renderer().render({"a": [1, None]}).body)) == {"a": [1, None]}


def test_a_live_object_without_a_response_model_is_refused() -> None:
    with pytest.raises(LiveObjectReturned, match=r"GET /tags/\{tag_id\} returned a live Tag.*declare a response_model"):
        renderer().render([Tag(name="x")])


def test_what_present_returns_is_refused_too() -> None:
    with pytest.raises(LiveObjectReturned):
        renderer(present=lambda name: {"tag": Tag(name=name)}).render("x")


def test_status_headers_and_presentation_come_from_the_result() -> None:
    rendered = renderer(
        response_model=Tree,
        status_code=201,
        present=lambda tags: {"children": tags},
        headers=lambda tags: {"Location": f"/tags/{tags[0].name}"},
    ).render([Tag(name="x")])
    assert (rendered.status_code, rendered.headers["location"]) == (201, "/tags/x")
    assert json.loads(bytes(rendered.body)) == {"children": [{"name": "x"}]}


def test_nothing_is_an_empty_body_without_a_type() -> None:
    response = renderer(status_code=204).render(None)
    assert (response.status_code, response.body) == (204, b"")
    assert "content-type" not in response.headers


def test_a_response_is_passed_on_as_it_is() -> None:
    response = PlainTextResponse("as it is", 418)
    assert renderer(response_model=Named, status_code=201).render(response) is response


@pytest.mark.parametrize(
    ("result", "model", "attribute"),
    [
        (Lazy(MissingGreenlet("no greenlet")), Named, "'name'"),
        (Parent(Tag(name="x"), Lazy(MissingGreenlet("no greenlet"))), Tree, "'children.1.name'"),
    ],
)
def test_a_lazy_load_names_the_attribute(result: object, model: type[BaseModel], attribute: str) -> None:
    with pytest.raises(LazyLoadOutsideSession) as raised:
        renderer(response_model=model).render(result)
    message = str(raised.value)
    assert message.startswith(f"GET /tags/{{tag_id}} returned an object whose {attribute} is not loaded")
    assert "add selectinload() or joinedload()" in message


def test_another_failure_of_an_attribute_is_not_taken_for_a_lazy_load() -> None:
    with pytest.raises(ValidationError):
        renderer(response_model=Named).render(Lazy(RuntimeError("boom")))


def test_a_result_that_does_not_fit_the_model_is_an_error() -> None:
    with pytest.raises(ValidationError):
        renderer(response_model=Named).render({"name": None})


def test_the_encoder_writes_python_values_so_that_flask_json_sees_decimals_and_dates() -> None:
    class Account(BaseModel):
        seen: datetime
        balance: Decimal

    value = {"seen": datetime(2024, 1, 2, 3, 4, 5, 678, tzinfo=UTC), "balance": Decimal("1.10")}
    body = renderer(response_model=Account, encode=FlaskJSON(Flask("x")).encode).render(value).body
    assert body == b'{"balance":"1.10","seen":"Tue, 02 Jan 2024 03:04:05 GMT"}\n'


class Level(Enum):
    HIGH = 1


class Task(BaseModel):
    level: Level
    at: time
    takes: timedelta
    price: Decimal
    tags: set[str]
    by_level: dict[Level, int | None]


TASK = Task(
    level=Level.HIGH,
    at=time(9),
    takes=timedelta(days=1),
    price=Decimal("1.10"),
    tags={"x"},
    by_level={Level.HIGH: None},
)


def test_what_flask_json_cannot_write_is_written_as_pydantic_does() -> None:
    body = renderer(response_model=Task, encode=FlaskJSON(Flask("x")).encode).render(TASK).body
    assert json.loads(bytes(body)) == {
        "level": 1,
        "at": "09:00:00",
        "takes": "P1D",
        "price": "1.10",
        "tags": ["x"],
        "by_level": {"1": None},
    }


def test_what_a_provider_of_the_application_writes_itself_is_left_to_it() -> None:
    class Provider(DefaultJSONProvider):
        @staticmethod
        def default(value: Any) -> Any:
            return value.name if isinstance(value, Level) else DefaultJSONProvider.default(value)

    flask = Flask("x")
    flask.json = Provider(flask)
    body = (
        renderer(response_model=Task, encode=FlaskJSON(flask).encode)
        .render(TASK.model_copy(update={"by_level": {}}))
        .body
    )
    assert json.loads(bytes(body))["level"] == "HIGH"
    assert json.loads(bytes(body))["at"] == "09:00:00"


def test_a_response_of_flask_is_the_answer_as_it_is() -> None:
    app = Flask("legacy")
    with app.app_context():
        made = app.json.response(b=1, a=[2])
    assert isinstance(made, FlaskResponse)
    made.status_code = 201
    made.headers["X-Total"] = "1"
    made.set_cookie("seen", "yes")
    answer = renderer(response_model=Named).render(made)
    assert (answer.status_code, bytes(answer.body)) == (201, made.get_data())
    assert answer.headers.items() == [(name.lower(), value) for name, value in made.headers]
