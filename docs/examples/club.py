"""A Flask application whose hooks look after the member who asks, behind FastAPI, with its hooks ported."""

import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from flask import Flask, current_app, g, session, url_for
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, scoped_session, sessionmaker
from starlette.responses import Response, StreamingResponse
from werkzeug.exceptions import Unauthorized

from bridge import Bridge, Database, FlaskCompat, FlaskSession, HookDeclarations


class Base(DeclarativeBase):
    """Base of the entities."""


class Member(Base):
    """Somebody who may ask."""

    __tablename__ = "members"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


database = Database(os.environ["DATABASE_URL"])
sessions = scoped_session(sessionmaker(database.sync_engine))
legacy = Flask("club")
legacy.config.update(SECRET_KEY=os.environ.get("SECRET_KEY", "for development"), CLUB="Chess")


@legacy.before_request
def load_member() -> None:
    """Find out who asks."""
    g.member = sessions().get(Member, session.get("user_id", 0))
    if g.member is None:
        raise Unauthorized


@legacy.after_request
def forbid_caching(response: Any) -> Any:
    """What members see is for them only."""
    response.headers["Cache-Control"] = "no-store"
    return response


@legacy.get("/me")
def show_me() -> dict[str, str]:
    """Tell members about themselves."""
    return {"name": g.member.name, "club": current_app.config["CLUB"], "all": url_for("list_members")}


@legacy.get("/members")
def list_members() -> list[str]:
    """Name everybody."""
    return list(sessions().scalars(select(Member.name).order_by(Member.id)))


class Asking(BaseModel):
    """Who asks."""

    id: int
    name: str


async def asking(cookie: FlaskSession) -> Asking:
    """Find out who asks, in a short transaction of its own. Raises Unauthorized."""
    async with database.async_unit_of_work(read_only=True) as unit:
        member = await unit.get(Member, cookie.get("user_id", 0))
        if member is None:
            raise Unauthorized
        return Asking(id=member.id, name=member.name)


def keep_private(response: Response) -> None:
    """What members see is for them only."""
    response.headers["Cache-Control"] = "no-store"


HOOKS = HookDeclarations(
    ported={
        "docs.examples.club.load_member": "asking, a dependency",
        "docs.examples.club.forbid_caching": "keep_private, in FlaskCompat.after",
    }
)

bridge = Bridge(database=database, legacy=legacy, hooks=HOOKS)
members = bridge.router(compat=FlaskCompat(legacy, after=keep_private), dependencies=[Depends(asking)])


def find_me(member: Annotated[Asking, Depends(asking)]) -> dict[str, str]:
    """Tell members about themselves."""
    return {"name": member.name, "club": legacy.config["CLUB"], "all": path_of("list_members")}


def path_of(endpoint: str, **values: Any) -> str:
    """Return the path of a Flask view, outside of a request to Flask."""
    return legacy.url_map.bind("").build(endpoint, values)


members.get("/me")(find_me)


def find_members(session: Session) -> list[str]:
    """Name everybody."""
    return list(session.scalars(select(Member.name).order_by(Member.id)))


@members.get("/members", legacy=find_members)
async def find_members_async(session: AsyncSession) -> list[str]:
    """Name everybody, natively."""
    return list(await session.scalars(select(Member.name).order_by(Member.id)))


@members.get("/members.txt", replaces=None)
async def export_members() -> StreamingResponse:
    """Name everybody, a line each, however many there are."""

    async def lines() -> AsyncIterator[str]:
        async with database.async_unit_of_work(read_only=True) as unit:
            async for name in await unit.stream_scalars(select(Member.name).order_by(Member.id)):
                yield f"{name}\n"

    return StreamingResponse(lines(), media_type="text/plain")


app = FastAPI()
app.include_router(members)
bridge.install(app)
