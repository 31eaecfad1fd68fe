"""Twins of the views that read what a client sends."""

import hashlib
from typing import Annotated, Any

from fastapi import Body
from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import HTMLResponse

from bridge import Bridge, BridgeRouter, FlaskCompat

__all__ = ["router"]


def router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    twin = bridge.router(compat=compat)

    @twin.post("/read/json")
    async def read_json(payload: Annotated[JsonValue, Body()]) -> Any:
        return payload

    @twin.put("/read/json")
    def put_json(payload: dict[str, JsonValue]) -> Any:
        return payload

    @twin.delete("/read/json")
    async def delete_json(payload: list[JsonValue]) -> Any:
        return payload

    @twin.post("/read/raw")
    async def read_raw(request: Request) -> Any:
        body = await request.body()
        length = request.headers.get("content-length")
        return {
            "bytes": len(body),
            "sha": hashlib.sha256(body).hexdigest(),
            "length": None if length is None else int(length),
        }

    @twin.post("/read/form")
    async def read_form(request: Request) -> Any:
        async with request.form() as form:
            fields = [[name, value] for name, value in form.multi_items() if isinstance(value, str)]
            files = [
                [name, file.filename, file.content_type, hashlib.sha256(await file.read()).hexdigest()]
                for name, file in form.multi_items()
                if not isinstance(file, str)
            ]
        query = [list(item) for item in request.query_params.multi_items()]
        return {"args": query, "form": sorted(fields), "values": sorted(query + fields), "files": files}

    @twin.post("/read/ignored")
    async def ignore_body() -> Any:
        return HTMLResponse("not read")

    return twin
