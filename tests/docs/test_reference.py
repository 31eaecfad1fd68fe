"""The reference pages list what there is, no more and no less."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest

import bridge
from async_app.app import compose
from async_app.settings import Settings
from bridge import (
    Bridge,
    BridgeRouter,
    CheckOptions,
    CheckSettings,
    CompareOptions,
    Database,
    Deployment,
    Evidence,
    EvidenceSettings,
    FileStageStore,
    FlaskCompat,
    GuardSettings,
    HookDeclarations,
    Ignore,
    OpenFeatureStageStore,
    ParityLayers,
    PgBouncerLimits,
    Plan,
    PoolSettings,
    PromotionPolicy,
    Publishing,
    Redaction,
    Retention,
    SQLEvidence,
    SQLStageStore,
    StageOverride,
    StopSettings,
    WSGISettings,
    errors,
)
from tests.conftest import ROOT, settings_for
from tests.docs.pages import PAGES, anchors, page, prose, rows

SETTINGS = "docs/reference/settings.md"
UNUSED = "postgresql://unused/unused"
BOILERPLATE = {"self", "path", "methods", "options"}


def documented(heading: str) -> dict[str, str]:
    """Return the default of each setting in a table, by name."""
    return {cells[0].strip("`"): cells[1] for cells in rows(SETTINGS, heading)}


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        ("PoolSettings", PoolSettings),
        ("StopSettings", StopSettings),
        ("Deployment", Deployment),
        ("PgBouncerLimits", PgBouncerLimits),
        ("ParityLayers", ParityLayers),
        ("HookDeclarations", HookDeclarations),
        ("FlaskCompat", FlaskCompat),
        ("WSGISettings", WSGISettings),
        ("CheckSettings", CheckSettings),
        ("CheckOptions", CheckOptions),
        ("CompareOptions", CompareOptions),
        ("Ignore", Ignore),
        ("EvidenceSettings", EvidenceSettings),
        ("PromotionPolicy", PromotionPolicy),
        ("GuardSettings", GuardSettings),
        ("Plan", Plan),
        ("Redaction", Redaction),
        ("Retention", Retention),
        ("Settings of the example", Settings),
    ],
)
def test_every_field_is_documented_with_its_default(heading: str, kind: Any) -> None:
    table = documented(heading)
    assert list(table) == [field.name for field in dataclasses.fields(kind)]
    for field in dataclasses.fields(kind):
        if field.default is not dataclasses.MISSING:
            assert table[field.name] == f"`{field.default!r}`", field.name
        elif field.default_factory is dataclasses.MISSING:
            assert table[field.name] == "required", field.name


def test_every_argument_of_the_bridge_is_documented_with_its_default() -> None:
    table = documented("Bridge")
    parameters = dict(inspect.signature(Bridge).parameters)
    assert list(table) == list(parameters)
    for name, parameter in parameters.items():
        required = parameter.default is parameter.empty
        assert table[name] == ("required" if required else f"`{parameter.default!r}`"), name


@pytest.mark.parametrize(
    "kind", [SQLStageStore, FileStageStore, OpenFeatureStageStore, StageOverride, Evidence, SQLEvidence]
)
def test_every_argument_of_what_stages_and_evidence_are_kept_in_is_documented_with_its_default(kind: Any) -> None:
    section = (
        page(SETTINGS).partition(f"`bridge.{kind.__name__}`:")[2].partition("\n\n`bridge.")[0].partition("\n## ")[0]
    )
    table = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", section, re.MULTILINE))
    parameters = dict(inspect.signature(kind).parameters)
    assert table == {
        name: "required" if parameter.default is parameter.empty else f"`{parameter.default!r}`"
        for name, parameter in parameters.items()
    }


def test_every_key_of_a_caller_is_documented() -> None:
    documented_keys = {cells[0].strip("`").partition("(")[0] for cells in rows(SETTINGS, "Keys of callers")}
    assert documented_keys == {name for name in bridge.__all__ if name.startswith("by_")}


def test_every_argument_of_publishing_is_documented_with_its_default() -> None:
    table = documented("Publishing")
    parameters = dict(inspect.signature(Publishing).parameters)
    assert list(table) == list(parameters)
    assert table["redaction"] == "`Redaction()`"
    assert parameters["redaction"].default == Redaction()
    assert (table["queue"], table["timeout"]) == tuple(
        f"`{parameters[name].default!r}`" for name in ("queue", "timeout")
    )


def test_every_option_of_the_router_is_documented() -> None:
    assert set(documented("BridgeRouter")) == set(inspect.signature(BridgeRouter.api_route).parameters) - BOILERPLATE


def test_every_environment_variable_of_the_example_is_documented() -> None:
    read = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', (ROOT / "async_app/settings.py").read_text(encoding="utf-8")))
    assert read == {
        name for row in rows(SETTINGS, "Settings of the example") for name in re.findall("[A-Z_]{4,}", row[2])
    }


def test_the_variables_give_the_settings_that_the_page_says() -> None:
    environ = {
        "DATABASE_URL": UNUSED,
        "SECRET_KEY": "key",
        "POOL_SIZE": "3",
        "POOL_OVERFLOW": "4",
        "BRIDGE_STAGES": "GET /users=native; PATCH /users/{user_id}=legacy",
        "BRIDGE_DEFAULT_STAGE": "native",
    }
    settings = Settings.from_environ(environ)
    assert (settings.database_url, settings.secret_key, settings.default_stage) == (UNUSED, "key", "native")
    assert settings.pool == PoolSettings(size=3, overflow=4)
    assert settings.stages == {"GET /users": "native", "PATCH /users/{user_id}": "legacy"}


def test_every_error_code_has_a_section_and_every_section_a_code() -> None:
    codes = [getattr(errors, name).code for name in errors.__all__]
    assert len(set(codes)) == len(codes)
    assert anchors("docs/reference/errors.md")[1:] == [
        code for code in anchors("docs/reference/errors.md") if code in codes
    ]
    assert set(anchors("docs/reference/errors.md")[1:]) == set(codes)


def test_every_error_section_says_what_happened_and_what_to_do() -> None:
    for section in page("docs/reference/errors.md").split("\n## ")[1:]:
        assert re.findall(r"^\*\*(.+?)\*\*", section, re.MULTILINE) in (
            ["What happened.", "Why.", "What to do."],
            ["What happened.", "What to do."],
        ), section.partition("\n")[0]


def test_every_error_is_public() -> None:
    assert set(errors.__all__) <= set(bridge.__all__)


def test_the_operations_are_those_of_the_example() -> None:
    composition = compose(settings_for("native", UNUSED))
    with_route = {cells[0]: cells[1] for cells in rows("docs/reference/operations.md", "With a FastAPI route")}
    assert with_route == {
        f"`{operation.name}`": ", ".join(path.value for path in operation.paths)
        for operation in composition.bridge.operations
    }
    flask_only = {cells[0].strip("`") for cells in rows("docs/reference/operations.md", "In Flask only")}
    views = {
        f"{method} " + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in composition.bridge.legacy.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert flask_only == views - {name.strip("`") for name in with_route}


def test_the_example_starts_without_a_warning_about_its_routes() -> None:
    report = compose(settings_for("native", UNUSED)).bridge.report()
    assert list(report.warnings()) == []
    assert len(report.paired) == 17


def test_every_make_target_is_in_the_readme_and_every_one_there_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {cells[0].strip("`").removeprefix("make ") for cells in rows("README.md", "Commands")} == targets
    for name in PAGES:
        mentioned = re.findall(r"(?:^|`)make ([a-z]+)", page(name), re.MULTILINE)
        assert set(mentioned) <= targets, name


def test_every_room_is_in_the_architecture() -> None:
    rooms = {path.parent.name for path in (ROOT / "bridge").glob("*/__init__.py")} | {"errors", "types"}
    assert {cells[0].strip("`") for cells in rows("docs/explanation/architecture.md", "Rooms")} == rooms


def test_capacity_and_both_pools_have_the_size_that_the_guide_says() -> None:
    database = Database(UNUSED)
    assert database.pool.connections == 15
    for engine in (database.sync_engine, database.async_engine.sync_engine):
        assert (engine.pool.size(), engine.pool._max_overflow) == (5, 10)  # type: ignore[attr-defined]  # the pool is a QueuePool
    assert "one process may open 30 connections" in prose("docs/how-to/size-the-pool.md")
    assert compose(settings_for("bridged", UNUSED)).bridge.capacity.tokens == 15
