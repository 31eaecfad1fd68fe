"""Login: bridged, with the Flask session cookie, so that a login on either side is valid on both."""

from dataclasses import replace

from sqlalchemy.orm import Session
from starlette.responses import Response

from async_app.actor import ActorId
from async_app.schemas import UserRead
from bridge import Bridge, BridgeRouter, FlaskCompat, FlaskSession
from legacy_sync.models import User
from legacy_sync.schemas import Login
from legacy_sync.services import auth as legacy

__all__ = ["auth_router"]


def auth_router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    """Declare login, logout and the logged-in user."""
    auth = bridge.router(prefix="/auth", tags=["auth"], compat=replace(compat, after=forbid_caching))
    auth.post("/login", response_model=UserRead)(login)
    auth.post("/logout", status_code=204)(logout)
    auth.get("/me", response_model=UserRead)(me)
    return auth


def login(session: Session, cookie: FlaskSession, payload: Login) -> User:
    """Check the credentials and start a fresh login."""
    user = legacy.authenticate(session, payload)
    cookie.clear()
    cookie["user_id"] = user.id
    return user


def logout(cookie: FlaskSession) -> None:
    """Forget the login."""
    cookie.clear()


def me(session: Session, actor_id: ActorId) -> User:
    """Return the logged-in user."""
    return legacy.current_user(session, actor_id)


def forbid_caching(response: Response) -> None:
    """Port of the Flask blueprint's ``after_request`` hook."""
    response.headers["Cache-Control"] = "no-store"
