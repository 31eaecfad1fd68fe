"""A read behind the facade, with a port that is checked and one that is not."""

from fastapi import FastAPI
from flask import Flask

from async_app.schemas import UserRead
from benchmarks.endpoints_application import database, get_user, native_get_user
from bridge import Bridge
from bridge.shadow import CheckSettings

# No limit but the time there is.
EVERYTHING = CheckSettings(per_second=10_000.0)


def unchecked() -> FastAPI:
    """Return the read at stage legacy."""
    return _application("legacy")


def checked() -> FastAPI:
    """Return the read at stage shadow."""
    return _application("shadow")


def _application(stage: str) -> FastAPI:
    bridge = Bridge(database=database(), legacy=Flask("nothing"), default_stage=stage, checks=EVERYTHING)
    users = bridge.router(follow_flask=False)
    users.get("/users/{user_id}", legacy=get_user, replaces=None, response_model=UserRead)(native_get_user)
    app = FastAPI()
    app.include_router(users)

    @app.get("/checks")
    def checks() -> dict[str, int]:
        return dict(bridge.checks.statistics().verdicts)

    bridge.install(app)
    return app
