from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bridge.shadow.replay import ResponseRecorder, call_asgi, replay_body, replay_scope
from bridge.types import FAILURES_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from bridge.types import Message, Receive, Scope, Send


def scope(path: str, **more: Any) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [],
        **more,
    }


async def echo(request: Request) -> Response:
    request.state.left_behind = True
    return Response(await request.body(), 201, {"X-Seen": "yes"})


async def endless(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000

    return StreamingResponse(chunks())


APP = Starlette(routes=[Route(f"/{f.__name__}", f, methods=["POST"]) for f in (echo, endless)])


async def test_a_response_is_recorded_as_it_was_sent() -> None:
    answer = await call_asgi(APP, scope("/echo"), b"hello", max_bytes=5)
    assert answer.response is not None
    assert (answer.response.status, answer.response.body, answer.error) == (201, b"hello", None)
    assert (b"x-seen", b"yes") in answer.response.headers
    assert answer.elapsed_s > 0


async def test_an_exception_that_was_answered_is_recorded_by_its_name() -> None:
    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        scope[FAILURES_KEY].append("MissingGreenlet")
        await Response("sorry", 500)(scope, receive, send)

    async def raised(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("sorry", 500)(scope, receive, send)
        raise LookupError

    answers = [await call_asgi(each, scope("/echo"), b"", max_bytes=5) for each in (noted, raised, APP)]
    assert [(each.error, each.raised) for each in answers] == [
        (None, "MissingGreenlet"),
        (None, "LookupError"),
        (None, None),
    ]


async def test_an_exception_is_recorded_by_its_name() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError

    answer = await call_asgi(app, scope("/echo"), b"", max_bytes=5)
    assert (answer.response, answer.error) == (None, "LookupError")


async def test_an_endless_response_ends_the_call() -> None:
    answer = await call_asgi(APP, scope("/endless"), b"", max_bytes=10_000)
    assert (answer.response, answer.error) == (None, "ResponseTooLarge")


async def test_an_application_that_swallows_the_refusal_of_a_large_response_has_none_either() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200})
        with pytest.raises(Exception, match=r"^$"):
            await send({"type": "http.response.body", "body": b"123456", "more_body": True})

    answer = await call_asgi(app, scope("/echo"), b"", max_bytes=5)
    assert (answer.response, answer.error) == (None, "ResponseTooLarge")


@pytest.mark.parametrize("messages", [[], [{"type": "http.response.start", "status": 200}]])
async def test_a_call_that_ends_without_an_answer_has_no_response(messages: list[Message]) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for message in messages:
            await send(message)

    answer = await call_asgi(app, scope("/echo"), b"", max_bytes=5)
    assert (answer.response, answer.error) == (None, "NoResponse")


async def test_the_extensions_of_the_server_are_not_offered() -> None:
    """With one, a file would be sent by its path, and its bytes never seen."""
    assert replay_scope(scope("/", extensions={"http.response.pathsend": {}}))["extensions"] == {}


async def test_a_cancellation_reaches_the_application() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    call = asyncio.ensure_future(call_asgi(app, scope("/echo"), b"", max_bytes=5))
    await begun.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert cancelled.is_set()


async def test_what_a_call_leaves_in_its_scope_is_not_seen_by_the_next() -> None:
    original = scope("/echo", state={"kept": 1}, path_params={})
    await call_asgi(APP, original, b"", max_bytes=5)
    assert original == scope("/echo", state={"kept": 1}, path_params={})
    assert replay_scope(original)["state"] == {"kept": 1}


async def test_after_the_body_the_client_stays() -> None:
    receive = replay_body(b"body")
    assert await receive() == {"type": "http.request", "body": b"body", "more_body": False}
    waiting = asyncio.ensure_future(receive())
    assert not (await asyncio.wait([waiting], timeout=0.01))[0]
    waiting.cancel()


async def test_after_the_body_the_real_client_is_asked() -> None:
    async def client() -> Message:
        return {"type": "http.disconnect"}

    receive = replay_body(b"body", client)
    await receive()
    assert await receive() == {"type": "http.disconnect"}


async def test_a_response_too_large_to_record_still_reaches_the_client() -> None:
    sent: list[Message] = []

    async def client(message: Message) -> None:
        sent.append(message)

    recorder = ResponseRecorder(max_bytes=5, send=client)
    await recorder({"type": "http.response.start", "status": 200, "headers": []})
    await recorder({"type": "http.response.body", "body": b"1234", "more_body": True})
    await recorder({"type": "http.response.body", "body": b"5678"})
    assert [message.get("body") for message in sent] == [None, b"1234", b"5678"]
    assert recorder.started
    assert recorder.response is None
