"""Name what was touched, why it was not loaded, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, inspect
from sqlalchemy.orm import ColumnProperty, RelationshipProperty

from bridge.porting.findings import Finding
from bridge.porting.redaction import shown
from bridge.porting.rules import rule

if TYPE_CHECKING:
    from sqlalchemy.orm import InstanceState, InstrumentedAttribute, Mapper, MapperProperty

    from bridge.porting.access import Access
    from bridge.porting.callsite import CallSite

__all__ = ["entities_of", "explain", "loader_option"]


def explain(access: Access, site: CallSite, statement: str, *, ended_by: str | None) -> Finding:
    """
    Make a finding of *access*.

    Args:
        access: What was touched.
        site: Where.
        statement: The SQL it leads to.
        ended_by: What last expired the objects of the session: ``commit``, ``rollback``, or None for neither.
    """
    attribute = access.attribute
    if attribute is None:
        name = "guard.object_session" if access.borrowed else "guard.unawaited_statement"
        return Finding.of(rule(name), site, shown(statement))
    path = f"{attribute.class_.__name__}.{attribute.key}"
    if access.dynamic:
        return Finding.of(rule("guard.dynamic_relationship"), site, path)
    state = inspect(access.instance, raiseerr=True)
    if state.expired:
        return _expired(path, site, ended_by)
    if isinstance(attribute.property, RelationshipProperty):
        return Finding.of(rule("guard.lazy_load"), site, path, remedy=_load(path, attribute.property, attribute.key))
    return _column(attribute, path, site, state)


def loader_option(path: str, relationship: RelationshipProperty[object]) -> str:
    """Return the option that loads *relationship* with the query."""
    return f"{'selectinload' if relationship.uselist else 'joinedload'}({path})"


def entities_of(statement: object) -> list[Mapper[Any]]:
    """Return the mappers that a SELECT names."""
    if not isinstance(statement, Select):
        return []
    found = (inspect(each["entity"], raiseerr=False) for each in statement.column_descriptions if each.get("entity"))
    return list(dict.fromkeys(each.mapper for each in found if each is not None))


def _load(path: str, relationship: RelationshipProperty[object], key: str) -> str:
    return (
        f"add options({loader_option(path, relationship)}) to the query; "
        f'for a new object, set it before the flush or await session.refresh(..., ["{key}"])'
    )


def _column(attribute: InstrumentedAttribute[Any], path: str, site: CallSite, state: InstanceState[Any]) -> Finding:
    if _is_of_subclass(attribute.property, state):
        return Finding.of(rule("guard.subclass_column"), site, path, remedy=_load_subclass(state.mapper))
    refresh = f'await session.refresh(..., ["{attribute.key}"])'
    deferred = isinstance(attribute.property, ColumnProperty) and attribute.property.deferred
    if attribute.key in state.expired_attributes and not deferred:
        remedy = f'set __mapper_args__ = {{"eager_defaults": True}}, or {refresh}'
        return Finding.of(rule("guard.left_to_the_database"), site, path, remedy=remedy)
    remedy = f"add options(undefer({path})) to the query, or {refresh}"
    return Finding.of(rule("guard.deferred_column"), site, path, remedy=remedy)


def _is_of_subclass(attribute: MapperProperty[Any], state: InstanceState[Any]) -> bool:
    """Tell whether the whole table of a subclass is missing, as it is after a query for the base."""
    table = _table_of(attribute)
    if table is None or table is state.mapper.base_mapper.local_table:
        return False
    return not any(_table_of(each) is table and each.key in state.dict for each in state.mapper.column_attrs)


def _table_of(attribute: MapperProperty[Any]) -> object:
    # The key of a joined subclass has a column in both tables, and is loaded with the base.
    if not isinstance(attribute, ColumnProperty) or len(attribute.columns) > 1:
        return None
    return getattr(attribute.columns[0], "table", None)


def _load_subclass(mapper: Mapper[Any]) -> str:
    base, subclass = mapper.base_mapper.class_.__name__, mapper.class_.__name__
    return (
        f"add options(selectin_polymorphic({base}, [{subclass}])) to the query, "
        f'or "polymorphic_load": "selectin" to the __mapper_args__ of {subclass}'
    )


def _expired(path: str, site: CallSite, ended_by: str | None) -> Finding:
    name = {"commit": "guard.expired_by_commit", "rollback": "guard.expired_by_rollback"}.get(
        ended_by or "", "guard.expired"
    )
    return Finding.of(rule(name), site, path)
