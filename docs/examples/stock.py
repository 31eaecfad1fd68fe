"""A Flask application on Flask-SQLAlchemy, behind FastAPI: its helpers use ``db.session``, and join the unit of work."""

import os

from fastapi import FastAPI
from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.exceptions import NotFound

from bridge import Bridge, Database

db = SQLAlchemy()


class Part(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy makes the class at run time
    """Something in stock."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    count: Mapped[int]


def take(part_id: int, count: int) -> Part:
    """Take some pieces of a part out of the stock; used by several views."""
    part: Part = db.get_or_404(Part, part_id)
    part.count -= count
    return part


def create_flask_app() -> Flask:
    """Build the application."""
    app = Flask("stock")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
    db.init_app(app)

    @app.post("/parts/<int:part_id>/take/<int:count>")
    def take_parts(part_id: int, count: int) -> ResponseReturnValue:
        part = take(part_id, count)
        db.session.commit()
        return jsonify(id=part.id, count=part.count)

    @app.get("/parts")
    def list_parts() -> ResponseReturnValue:
        return jsonify([part.name for part in db.paginate(select(Part).order_by(Part.id), per_page=10)])

    return app


database = Database(os.environ["DATABASE_URL"])
legacy = create_flask_app()
with legacy.app_context():
    db.engines[None] = database.sync_engine  # type: ignore[index]  # a dict, declared as a Mapping

bridge = Bridge(database=database, legacy=legacy)
parts = bridge.router(prefix="/parts", tags=["parts"])


class PartLeft(BaseModel):
    """How much there is of a part."""

    id: int
    count: int


def take_parts(session: Session, part_id: int, count: int) -> Part:
    """Take pieces, in the transaction of *session*."""
    db.session.registry.set(session)  # type: ignore[arg-type]  # any session will do
    return take(part_id, count)


@parts.post("/{part_id:int}/take/{count:int}", legacy=take_parts, response_model=PartLeft)
async def take_parts_async(session: AsyncSession, part_id: int, count: int) -> Part:
    """Take pieces, natively: what ``db.get_or_404`` did is written out."""
    part = await session.get(Part, part_id)
    if part is None:
        raise NotFound
    part.count -= count
    return part


app = FastAPI()
app.include_router(parts)
bridge.install(app)
