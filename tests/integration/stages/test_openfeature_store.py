"""Stages from a feature flag service; its provider is the one that comes with the SDK."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest
from openfeature import api
from openfeature.event import ProviderEventDetails
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from bridge import OpenFeatureStageStore, Stages, StageStoreReadOnly, StageStoreUnavailable
from bridge.stages import StageEntry
from tests.integration.server_side import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openfeature.client import OpenFeatureClient
    from openfeature.evaluation_context import EvaluationContext
    from openfeature.event import EventHandler, ProviderEvent

SHOW, LIST = "GET /users/{user_id}", "GET /users"
FLAGS = {SHOW: "show-user", LIST: "list-users", "GET *": "reads"}
# The polling must not be what finds a change.
NEVER_S = 3600.0


class Provider(InMemoryProvider):
    """Keeps flags in memory, as the SDK's does, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[tuple[str, str | None, str]] = []
        self.failure: ErrorCode | None = None
        self.answering = threading.Event()
        self.answering.set()

    def serve(self, **values: str) -> None:
        self._flags = {key.replace("_", "-"): InMemoryFlag("on", {"on": value}) for key, value in values.items()}

    def tell(self) -> None:
        self.emit_provider_configuration_changed(ProviderEventDetails())

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        targeted = evaluation_context.targeting_key if evaluation_context else None
        self.asked.append((flag_key, targeted, threading.current_thread().name))
        self.answering.wait(30)
        if self.failure:
            return FlagResolutionDetails(default_value, self.failure, "the service is gone", Reason.ERROR)
        return super().resolve_string_details(flag_key, default_value, evaluation_context)


@pytest.fixture
def provider() -> Iterator[Provider]:
    made = Provider()
    api.set_provider(made, "stages")
    yield made
    api.clear_providers()


@pytest.fixture
def client(provider: Provider) -> OpenFeatureClient:
    return api.get_client("stages")


@pytest.fixture
def open_store(client: OpenFeatureClient) -> Callable[..., OpenFeatureStageStore]:
    return lambda **options: OpenFeatureStageStore(client, FLAGS, **{"poll_every": NEVER_S, **options})


async def test_each_operation_has_the_value_of_its_flag(provider: Provider, open_store: Any) -> None:
    provider.serve(show_user="canary 5 %", reads="shadow")
    assert await open_store().load() == {SHOW: StageEntry("canary 5 %", 0), "GET *": StageEntry("shadow", 0)}
    assert {(key, targeted) for key, targeted, _ in provider.asked} == {(key, name) for name, key in FLAGS.items()}
    assert threading.main_thread().name not in {thread for _, _, thread in provider.asked}, "a provider may block"


async def test_a_change_of_the_provider_is_followed_when_it_says_so(provider: Provider, open_store: Any) -> None:
    provider.serve(show_user="shadow")
    stages = Stages({LIST: "verify"}, store=open_store())
    for operation in (SHOW, LIST):
        stages.declare(operation, ported=True)
    await stages.start()
    assert [str(setting) for setting in stages.snapshot().values()] == ["verify", "shadow"]
    provider.serve(show_user="native")
    await asyncio.to_thread(provider.tell)
    await until(lambda: str(stages.get(SHOW)) == "native")
    await stages.close()


async def test_nobody_listens_when_nobody_follows(
    client: OpenFeatureClient, open_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers: list[object] = []
    add, remove = client.add_handler, client.remove_handler

    def count(event: ProviderEvent, handler: EventHandler) -> None:
        handlers.append((event, handler))
        add(event, handler)

    def forget(event: ProviderEvent, handler: EventHandler) -> None:
        handlers.remove((event, handler))
        remove(event, handler)

    monkeypatch.setattr(client, "add_handler", count)
    monkeypatch.setattr(client, "remove_handler", forget)
    stages = Stages(store=open_store())
    await stages.start()
    assert len(handlers) == 4
    await stages.close()
    assert handlers == []


async def test_a_provider_that_tells_of_nothing_is_polled(provider: Provider, open_store: Any) -> None:
    provider.serve(show_user="shadow")
    stages = Stages(store=open_store(poll_every=0.01))
    stages.declare(SHOW, ported=True)
    await stages.start()
    provider.serve(show_user="native")
    await until(lambda: str(stages.get(SHOW)) == "native")
    await stages.close()


async def test_the_last_good_stages_stand_while_the_provider_fails(provider: Provider, open_store: Any) -> None:
    provider.serve(show_user="native")
    stages = Stages(store=open_store())
    stages.declare(SHOW, ported=True)
    await stages.start()
    provider.failure = ErrorCode.GENERAL
    provider.tell()
    await until(lambda: stages.status().error)
    assert "the flag 'show-user' has no value: GENERAL the service is gone" in str(stages.status().error)
    assert str(stages.get(SHOW)) == "native"
    # In this order: it may be asked between the two, and is told nothing afterwards.
    provider.serve(show_user="legacy")
    provider.failure = None
    await until(lambda: str(stages.get(SHOW)) == "legacy")
    assert stages.status().error is None
    await stages.close()


async def test_a_provider_that_hangs_is_reported_asked_once_and_not_waited_for_at_the_end(
    provider: Provider, open_store: Any
) -> None:
    provider.serve(show_user="native")
    stages = Stages(store=open_store(timeout=0.05))
    stages.declare(SHOW, ported=True)
    await stages.start()
    provider.answering.clear()
    asked = len(provider.asked)
    provider.tell()
    await until(lambda: stages.status().error)
    failing_since = stages.status().failing_since
    assert "has not answered within 0.05 s" in str(stages.status().error)
    with pytest.raises(StageStoreUnavailable):
        await stages._store.load()
    assert len(provider.asked) == asked + 1
    assert str(stages.get(SHOW)) == "native"
    provider.serve(show_user="legacy")
    provider.answering.set()
    await until(lambda: str(stages.get(SHOW)) == "legacy")
    provider.answering.clear()
    provider.tell()
    await until(lambda: stages.status().failing_since not in {None, failing_since})
    await asyncio.wait_for(stages.close(), 1)
    provider.answering.set()


@pytest.mark.parametrize("code", [ErrorCode.PROVIDER_NOT_READY, ErrorCode.TYPE_MISMATCH, ErrorCode.PARSE_ERROR])
async def test_a_flag_that_cannot_be_read_is_not_a_flag_that_is_missing(
    provider: Provider, open_store: Any, code: ErrorCode
) -> None:
    provider.failure = code
    with pytest.raises(StageStoreUnavailable, match=code.value):
        await open_store().load()


async def test_flags_are_changed_where_they_are(open_store: Any) -> None:
    stages = Stages(store=open_store())
    stages.declare(SHOW, ported=True)
    with pytest.raises(StageStoreReadOnly, match="change the flag 'show-user' where the flags are"):
        await stages.change(SHOW, "native", who="ada", why="ready")
    stages.declare("GET /other", ported=True)
    with pytest.raises(StageStoreReadOnly, match="it has no flag for 'GET /other'"):
        await stages.change("GET /other", "native", who="ada", why="ready")
    assert list(await stages.history()) == []
