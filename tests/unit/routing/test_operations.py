"""Names of operations, and the paths they have."""

from __future__ import annotations

import pytest

from bridge import NotPorted, Path, Stages
from bridge.routing.operations import Operation, OperationTable, operation_name, rule_shape
from bridge.routing.signature import read_function


def legacy(user_id: int) -> None: ...
async def port(user_id: int) -> None: ...


BRIDGED = Operation("GET /a", read_function(legacy), None)
PORTED = Operation("GET /b", read_function(legacy), read_function(port))
NATIVE_ONLY = Operation("GET /c", None, read_function(port))


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("get", "/users", "GET /users"),
        ("PATCH", "/users/{user_id}", "PATCH /users/{user_id}"),
        ("GET", "/users/{user_id:int}", "GET /users/{user_id}"),
        ("GET", "/files/{name:path}/of/{id:uuid}", "GET /files/{name}/of/{id}"),
    ],
)
def test_an_operation_is_named_by_method_and_path_without_converters(method: str, path: str, name: str) -> None:
    assert operation_name(method, path) == name


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/users", "/users"),
        ("/users/<int:user_id>", "/users/{user_id:int}"),
        ("/users/<user_id>", "/users/{id}"),
        ("/a/<int(min=1):x>/b/<path:rest>", "/a/{y}/b/{rest:path}"),
    ],
)
def test_a_flask_rule_and_a_fastapi_path_of_one_shape_compare_equal(rule: str, path: str) -> None:
    assert rule_shape(rule) == rule_shape(path)


def test_rules_of_different_shapes_differ() -> None:
    rules = ["/users", "/users/", "/users/me", "/users/<id>", "/users/<id>/posts", "/<a>-<b>"]
    assert len({rule_shape(rule) for rule in rules}) == len(rules)


@pytest.mark.parametrize(
    ("operation", "legacy", "paths"),
    [(BRIDGED, Path.BRIDGED, {Path.BRIDGED}), (PORTED, Path.BRIDGED, {Path.BRIDGED, Path.NATIVE}), (NATIVE_ONLY, Path.FLASK, {Path.NATIVE})],
    ids=lambda value: getattr(value, "name", ""),
)  # fmt: skip
def test_the_legacy_path_is_bridged_where_there_is_one_else_flask(
    operation: Operation, legacy: Path, paths: set[Path]
) -> None:
    assert operation.legacy_path is legacy
    assert set(operation.paths) == paths


def test_the_port_is_what_was_declared() -> None:
    assert PORTED.declared.call is port
    assert BRIDGED.declared.call is legacy


def test_an_operation_without_any_function_is_an_error() -> None:
    with pytest.raises(TypeError, match="GET /x has neither a legacy nor a native function"):
        _ = Operation("GET /x", None, None).declared


def test_a_declared_operation_follows_its_stage() -> None:
    stages = Stages({"GET /b": "native"})
    table = OperationTable(stages)
    for operation in (BRIDGED, PORTED):
        table.add(operation, operation.declared.call)
    assert [operation.name for operation in table] == ["GET /a", "GET /b"]
    assert table.get("GET /b") is table.served_by(port) is PORTED
    assert table.get("GET /x") is None
    assert table.served_by(None) is table.served_by(print) is None
    assert [operation.path_for(table.decide(operation, {})) for operation in table] == [Path.BRIDGED, Path.NATIVE]
    with pytest.raises(NotPorted):
        stages.set("GET /a", "native")
