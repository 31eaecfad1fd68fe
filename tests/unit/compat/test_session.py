"""The Flask session cookie in a FastAPI route."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from flask import Flask, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeSerializer

from bridge import Bridge, Database, FlaskSession


class Unsigned(SecureCookieSessionInterface):
    """Without the time of signing, so that cookies can be compared."""

    def get_signing_serializer(self, app: Flask) -> Any:
        return Timeless(app.secret_key or "", serializer=self.serializer)


class Timeless(URLSafeSerializer):
    def loads(self, s: str | bytes, salt: str | bytes | None = None, **_options: Any) -> Any:
        return super().loads(s, salt)


# Stands for a database that these routes never reach.
UNUSED = "postgresql://unused/unused"


def applications(**config: Any) -> tuple[Flask, FastAPI]:
    """A Flask application, and a FastAPI application whose routes share its cookie."""
    legacy = Flask("legacy")
    legacy.config.update({"SECRET_KEY": "key", **config})

    @legacy.get("/flask")
    def show() -> dict[str, Any]:
        return dict(session)

    @legacy.post("/flask")
    def write() -> dict[str, Any]:
        session["user_id"] = 7
        return {}

    app = FastAPI()
    bridge = Bridge(database=Database(UNUSED), legacy=legacy)
    router = bridge.router()

    @router.get("/read")
    async def read(cookie: FlaskSession) -> dict[str, Any]:
        return dict(cookie)

    @router.post("/write")
    async def change(cookie: FlaskSession, value: int) -> None:
        cookie["user_id"] = value

    @router.post("/clear")
    async def clear(cookie: FlaskSession) -> None:
        cookie.clear()

    @router.get("/untouched")
    async def untouched() -> dict[str, Any]:
        return {}

    app.include_router(router)
    bridge.install(app)
    return legacy, app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver")


async def test_a_cookie_written_by_one_side_is_read_by_the_other() -> None:
    legacy, app = applications()
    async with client_of(app) as client:
        assert (await client.get("/read")).json() == {}
        await client.post("/write", params={"value": 3})
        assert (await client.get("/read")).json() == {"user_id": 3}
        flask = legacy.test_client()
        flask.set_cookie("session", client.cookies["session"])
        assert flask.get("/flask").json == {"user_id": 3}
        flask.post("/flask")
        cookie = flask.get_cookie("session")
        assert cookie is not None
        client.cookies.set("session", cookie.value, domain="testserver.local")
        assert (await client.get("/read")).json() == {"user_id": 7}


async def test_the_cookie_is_written_only_when_the_session_changed() -> None:
    _, app = applications()
    async with client_of(app) as client:
        assert "set-cookie" in (await client.post("/write", params={"value": 3})).headers
        assert "set-cookie" not in (await client.get("/read")).headers
        assert "set-cookie" not in (await client.get("/untouched")).headers


async def test_a_response_varies_by_cookie_only_when_the_session_was_read() -> None:
    _, app = applications()
    async with client_of(app) as client:
        assert (await client.get("/read")).headers["vary"] == "Cookie"
        assert "vary" not in (await client.get("/untouched")).headers


async def test_clearing_the_session_deletes_the_cookie_as_flask_does() -> None:
    _, app = applications()
    async with client_of(app) as client:
        await client.post("/write", params={"value": 3})
        deleted = (await client.post("/clear")).headers["set-cookie"]
        assert deleted.startswith("session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        assert "session" not in client.cookies


@pytest.mark.parametrize("cookie", ["", "not signed", "eyJ1c2VyX2lkIjoxfQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"])
async def test_a_forged_cookie_is_an_empty_session(cookie: str) -> None:
    _, app = applications()
    async with client_of(app) as client:
        assert (await client.get("/read", headers={"cookie": f"session={cookie}"})).json() == {}


async def test_a_cookie_signed_with_a_key_that_was_rotated_out_is_valid() -> None:
    before, _ = applications(SECRET_KEY="before")
    flask = before.test_client()
    flask.post("/flask")
    cookie = flask.get_cookie("session")
    assert cookie is not None
    _, app = applications(SECRET_KEY="after", SECRET_KEY_FALLBACKS=["before"])
    async with client_of(app) as client:
        client.cookies.set("session", cookie.value)
        assert (await client.get("/read")).json() == {"user_id": 7}


async def test_without_a_secret_key_reading_works_and_writing_is_flasks_error() -> None:
    _, app = applications(SECRET_KEY=None, PROPAGATE_EXCEPTIONS=True)
    async with client_of(app) as client:
        assert (await client.get("/read")).json() == {}
        with pytest.raises(RuntimeError, match="session is unavailable because no secret key was set"):
            await client.post("/write", params={"value": 3})


async def test_a_permanent_session_is_renewed_by_a_route_that_does_not_ask_for_it() -> None:
    """Or whoever only uses ported operations is logged out in the middle of them."""
    legacy, app = applications()
    with legacy.test_request_context():
        session.permanent = True
        session["user_id"] = 7
        response = legacy.response_class()
        legacy.session_interface.save_session(legacy, session, response)
    async with client_of(app) as client:
        cookie = response.headers["set-cookie"].partition(";")[0]
        renewed = await client.get("/untouched", headers={"cookie": cookie})
        assert renewed.headers["set-cookie"].startswith("session=")
        assert renewed.headers["vary"] == "Cookie"


async def test_the_first_of_several_cookies_of_one_name_counts() -> None:
    legacy, app = applications()
    flask = legacy.test_client()
    flask.post("/flask")
    cookie = flask.get_cookie("session")
    assert cookie is not None
    async with client_of(app) as client:
        for given, expected in (
            (f"session={cookie.value}; session=x", {"user_id": 7}),
            (f"session=x; session={cookie.value}", {}),
        ):
            assert (await client.get("/read", headers={"cookie": given})).json() == expected


async def test_the_cookie_has_the_bytes_that_flask_writes() -> None:
    """The application's JSON provider sorts the keys."""
    legacy, app = applications()
    legacy.session_interface = Unsigned()
    before = legacy.session_interface.get_signing_serializer(legacy).dumps({"zz": 1})
    flask = legacy.test_client()
    flask.set_cookie("session", str(before))
    flask.post("/flask")
    expected = flask.get_cookie("session")
    assert expected is not None
    async with client_of(app) as client:
        answer = await client.post("/write", params={"value": 7}, headers={"cookie": f"session={before!s}"})
    assert answer.headers["set-cookie"].partition(";")[0] == f"session={expected.value}"
