"""Requests are counted as evidence, under the version of the port."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.views import MethodView
from pydantic import BaseModel, ConfigDict, Field, create_model, field_serializer
from starlette.responses import JSONResponse, PlainTextResponse

from bridge import Evidence, MemoryEvidence, MemoryStageStore, Path, StageOverride
from bridge.evidence import Tally
from tests.unit.routing.applications import client_of, flask_with, installed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    from bridge import BridgeRouter
    from bridge.evidence import Document
    from bridge.stages import StageEntry

SECRET = "a secret of at least twenty characters"
THING, OTHER = "GET /things/{thing_id}", "GET /others"


async def show(thing_id: int) -> dict[str, Any]:
    if thing_id == 0:
        raise ValueError
    return {"id": thing_id}


async def others() -> dict[str, Any]:
    return {}


def declare(router: BridgeRouter) -> None:
    router.get("/things/{thing_id:int}", replaces=None, version="of my own")(show)
    router.get("/others", replaces=None)(others)


async def counted(evidence: Evidence, operation: str) -> dict[Tally, Any]:
    await evidence.tallies.flush()
    return dict(await evidence.store.read(operation))


async def test_each_request_is_counted_with_what_became_of_it() -> None:
    evidence = Evidence()
    app, _ = installed(flask_with({}), declare, evidence=evidence)
    async with client_of(app) as client:
        await client.get("/things/1")
        with pytest.raises(ValueError):  # noqa: PT011 - ours
            await client.get("/things/0")
        await client.get("/nowhere")
    ((tally, counts),) = (await counted(evidence, THING)).items()
    assert tally == Tally(THING, Path.NATIVE, "of my own")
    assert (counts.served, counts.exceptions) == (2, 1)


async def test_an_operation_without_a_version_goes_by_its_code() -> None:
    evidence = Evidence()
    app, _ = installed(flask_with({}), declare, evidence=evidence)
    async with client_of(app) as client:
        await client.get("/others")
    ((tally, _),) = (await counted(evidence, OTHER)).items()
    assert len(tally.version) == 12


def find_thing(thing_id: int) -> dict[str, Any]:
    return {"id": thing_id}


def find_thing_otherwise(thing_id: int) -> dict[str, Any]:
    return {"id": thing_id + 1}


class Thing(MethodView):
    def get(self, thing_id: int) -> Any:
        return find_thing(thing_id)


class OtherThing(MethodView):
    def get(self, thing_id: int) -> Any:
        return find_thing_otherwise(thing_id)


def version_beside(*, view: Any = None, legacy: Any = None, **options: Any) -> str:
    """Return the version of one port beside some legacy code."""
    flask = Flask("legacy", static_folder=None)
    if view is not None:
        flask.add_url_rule("/things/<int:thing_id>", "thing", view)
    _, bridge = installed(
        flask, lambda router: router.get("/things/{thing_id:int}", legacy=legacy, **options)(show), evidence=Evidence()
    )
    assert bridge.evidence is not None
    return bridge.evidence._known().version(THING) or ""


@pytest.mark.parametrize(
    ("sides", "others"),
    [
        ({"legacy": find_thing}, {"legacy": find_thing_otherwise}),
        ({"view": find_thing}, {"view": find_thing_otherwise}),
        ({"view": Thing.as_view("thing")}, {"view": OtherThing.as_view("thing")}),
    ],
    ids=["function", "view", "class-based view"],
)
def test_a_version_is_of_both_sides(sides: dict[str, Any], others: dict[str, Any]) -> None:
    """Or checks against what the legacy code did before would count for what it does now."""
    native, _, legacy = version_beside(**sides).partition("/")
    assert version_beside(**sides) == f"{native}/{legacy}"
    assert version_beside(**others).startswith(f"{native}/")
    assert version_beside(**others) != version_beside(**sides)
    assert version_beside(**others, version="of my own") == "of my own"


class Shown(BaseModel):
    """What is sent of a thing."""

    id: int
    description: str = "none"


class ShownMore(Shown):
    secret: str = "x"


class ShownOtherwise(Shown):
    description: str = "a"


class Renamed(Shown):
    description: str = Field("none", serialization_alias="about")


class Computed(Shown):
    @field_serializer("id")
    def written(self, value: int) -> str:
        return f"{value}"


class ComputedOtherwise(Shown):
    @field_serializer("id")
    def written(self, value: int) -> str:
        return f"0{value}"


def hide(thing: dict[str, Any]) -> dict[str, Any]:
    return {"id": 0}


def link(thing: dict[str, Any]) -> dict[str, str]:
    return {"Location": "/"}


def test_a_version_is_of_what_is_sent_as_well() -> None:
    """Or a model that shows more than the one that was checked would keep its stage."""
    outputs: list[dict[str, Any]] = [
        {},
        {"status_code": 201},
        {"present": hide},
        {"headers": hide},
        {"headers": link},
        {"response_class": JSONResponse},
        {"response_class": PlainTextResponse},
        *({"response_model": model} for model in (Shown, ShownMore, ShownOtherwise, Renamed, list[Shown])),
        *({"response_model": model} for model in (Computed, ComputedOtherwise)),
        {"response_model": Shown, "response_model_exclude_none": True},
        {"response_model": Shown, "response_model_exclude": {"description", "id"}},
        {"response_model": Shown, "response_model_exclude": {"description": True}},
        {"response_model": Shown, "present": hide},
    ]
    versions = [version_beside(legacy=find_thing, **options) for options in outputs]
    assert len(set(versions)) == len(outputs)
    assert versions == [version_beside(legacy=find_thing, **options) for options in outputs]
    assert len({version.partition("/")[2] for version in versions}) == 1


def test_a_version_is_not_of_what_people_read_of_a_model() -> None:
    def shown(docstring: str, description: str) -> Any:
        field = (str, Field("none", description=description, examples=[description]))
        return create_model("Shown", __doc__=docstring, __module__=__name__, description=field)

    assert version_beside(response_model=shown("What is sent.", "of it")) == version_beside(
        response_model=shown("What is sent of a thing.", "of a thing")
    )


def test_a_version_is_not_of_a_text_that_the_host_gives_a_model() -> None:
    one, other = (create_model("Shown", __module__=__name__, host=(str, name)) for name in ("red", "blue"))
    assert version_beside(response_model=one) == version_beside(response_model=other)


def test_a_model_that_json_schema_cannot_show_is_part_of_a_version_all_the_same() -> None:
    class Opaque(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        thing: OtherThing

    class Opaquer(Opaque):
        other: OtherThing

    assert version_beside(response_model=Opaque) != version_beside(response_model=Opaquer)


def test_a_version_is_of_the_port_alone_where_flask_is_not_asked_any_more() -> None:
    alone = version_beside(replaces=None)
    assert len(alone) == 12
    assert version_beside(view=find_thing, retired=True) == alone
    assert version_beside(view=find_thing).startswith(f"{alone}/")
    # Not what Flask would do: the legacy path is the function.
    assert version_beside(view=find_thing_otherwise, legacy=find_thing) == version_beside(legacy=find_thing)


async def test_what_a_tester_asks_for_is_no_evidence() -> None:
    evidence, override = Evidence(), StageOverride(SECRET)
    app, _ = installed(flask_with({}), declare, evidence=evidence, override=override)
    async with client_of(app) as client:
        token = override.token(THING, side="native")
        assert (await client.get("/things/1", headers={"Bridge-Override": token})).status_code == 200
    assert await counted(evidence, THING) == {}


class Unreadable(MemoryEvidence):
    """A store that ends the start of whoever compares ports with certificates, or never answers."""

    def __init__(self, error: BaseException | None = None) -> None:
        super().__init__()
        self.error = error
        self.asked = asyncio.Event()

    async def documents(self, kind: str, operation: str | None = None, *, limit: int = 100) -> Sequence[Document]:
        self.asked.set()
        if self.error is not None:
            raise self.error
        await asyncio.Event().wait()
        return await super().documents(kind, operation, limit=limit)


class Gone(BaseException):
    """What no store may catch."""


@pytest.mark.parametrize("error", [Gone(), None], ids=["raised", "cancelled"])
async def test_a_start_that_fails_leaves_nothing_running(
    monkeypatch: pytest.MonkeyPatch, error: BaseException | None
) -> None:
    store = Unreadable(error)
    _, bridge = installed(Flask("legacy"), declare, evidence=Evidence(store), store=MemoryStageStore())
    monkeypatch.setattr(bridge.database, "check", lambda: None)
    before = asyncio.all_tasks()
    starting = asyncio.create_task(bridge.start())
    await store.asked.wait()
    if error is None:
        starting.cancel()
    with pytest.raises(asyncio.CancelledError if error is None else Gone):
        await starting
    assert not bridge.stages.status().following
    assert asyncio.all_tasks() == before


async def test_a_start_that_is_cancelled_while_the_stages_are_read_follows_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, asked = MemoryStageStore(), asyncio.Event()

    async def never() -> AsyncGenerator[Mapping[str, StageEntry], None]:
        asked.set()
        await asyncio.Event().wait()
        yield {}

    monkeypatch.setattr(store, "follow", never)
    _, bridge = installed(Flask("legacy"), declare, store=store)
    monkeypatch.setattr(bridge.database, "check", lambda: None)
    before = asyncio.all_tasks()
    starting = asyncio.create_task(bridge.start())
    await asked.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert asyncio.all_tasks() == before
