"""Twins of the rules: Flask's map decides which of them a request is for."""

from typing import Any
from uuid import UUID

from bridge import Bridge, BridgeRouter, FlaskCompat

__all__ = ["router"]


def shown(rule: str, **values: Any) -> dict[str, str]:
    return {"rule": rule, **{name: repr(value) for name, value in values.items()}}


def router(bridge: Bridge, compat: FlaskCompat) -> BridgeRouter:
    twin = bridge.router(compat=compat)
    numbers(twin)
    texts(twin)
    slashes(twin)
    methods(twin)
    return twin


def numbers(twin: BridgeRouter) -> None:
    @twin.get("/ints/{value:flask_int}")
    async def ints(value: int) -> Any:
        return shown("/ints/<int:value>", value=value)

    @twin.get("/signed/{value}")
    async def signed(value: int) -> Any:
        return shown("/signed/<int(signed=True):value>", value=value)

    @twin.get("/digits/{value}")
    def digits(value: int) -> Any:
        return shown("/digits/<int(fixed_digits=4):value>", value=value)

    @twin.get("/bounded/{value:flask_int}")
    async def bounded(value: int) -> Any:
        return shown("/bounded/<int(min=3, max=9):value>", value=value)

    @twin.get("/floats/{value:flask_float}")
    async def floats(value: float) -> Any:
        return shown("/floats/<float:value>", value=value)

    @twin.get("/uuids/{value:flask_uuid}")
    async def uuids(value: UUID) -> Any:
        return shown("/uuids/<uuid:value>", value=value)


def texts(twin: BridgeRouter) -> None:
    @twin.get("/tree/{value:flask_path}")
    async def tree(value: str) -> Any:
        return shown("/tree/<path:value>", value=value)

    @twin.get("/pairs/{value}")
    def pairs(value: str) -> Any:
        return shown("/pairs/<string(length=2):value>", value=value)

    @twin.get("/words/{value}")
    async def words(value: str) -> Any:
        return shown("/words/<value>", value=value)

    @twin.get("/choice/{value}")
    async def choice(value: str) -> Any:
        return shown("/choice/<any(alpha, 'b c', über):value>", value=value)

    @twin.get("/colours/{value}")
    async def colours(value: str) -> Any:
        return shown("/colours/<colour:value>", value=tuple(bytes.fromhex(value)))

    @twin.get("/between/{a}-{b:flask_int}.txt")
    def between(a: str, b: int) -> Any:
        return shown("/between/<a>-<int:b>.txt", a=a, b=b)

    @twin.get("/café/{value}")
    async def unicode(value: str) -> Any:
        return shown("/café/<value>", value=value)

    @twin.get("/people/{name}")
    async def person(name: str) -> Any:
        return shown("/people/<name>", name=name)


def slashes(twin: BridgeRouter) -> None:
    @twin.get("/strict/{value}/")
    async def strict(value: str) -> Any:
        return shown("/strict/<value>/", value=value)

    @twin.get("/slash/")
    async def slash() -> Any:
        return shown("/slash/")

    @twin.post("/slash/")
    def post_slash() -> Any:
        return shown("/slash/")

    @twin.get("/noslash")
    async def noslash() -> Any:
        return shown("/noslash")

    @twin.get("/loose")
    async def loose() -> Any:
        return shown("/loose")

    @twin.get("/looser/")
    async def looser() -> Any:
        return shown("/looser/")

    @twin.get("/pages/")
    async def first_page() -> Any:
        return shown("/pages/", page=1)

    @twin.get("/pages/{page:flask_int}")
    async def pages(page: int) -> Any:
        return shown("/pages/<int:page>", page=page)

    @twin.get("/shop/staff/{value:flask_int}")
    async def staff(value: int) -> Any:
        return shown("/shop/staff/<int:value>", value=value)


def methods(twin: BridgeRouter) -> None:
    @twin.get("/same")
    async def same() -> Any:
        return shown("/same")

    @twin.put("/same/{value:flask_int}")
    async def put_same(value: int) -> Any:
        return shown("/same/<int:value>", value=value)
