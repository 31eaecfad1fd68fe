"""No operation leaves Flask without exchanges that cover it."""

from __future__ import annotations

from async_app.app import compose
from bridge import Path
from tests.conftest import settings_for
from tests.parity.exchanges import EXCHANGES

# The statuses each operation can answer with; 500 is covered by the fault tests.
STATUSES = {
    "GET /users": {200, 400},
    "POST /users": {201, 400, 409, 415},
    "POST /users/bulk": {201, 400, 401, 403, 409, 415},
    "POST /users/deactivate": {200, 400, 401, 403, 415},
    "GET /users/stats": {200, 400},
    "GET /users/{user_id}": {200, 404},
    "PATCH /users/{user_id}": {200, 400, 401, 403, 404, 409, 415},
    "DELETE /users/{user_id}": {204, 401, 403, 404},
    "POST /users/{user_id}/posts": {201, 400, 401, 403, 404, 415},
    "GET /posts": {200, 400},
    "GET /posts/{post_id}": {200, 404},
    "PATCH /posts/{post_id}": {200, 400, 401, 403, 404, 415},
    "DELETE /posts/{post_id}": {204, 401, 403, 404},
    "POST /posts/{post_id}/publish": {200, 401, 403, 404, 409},
    "POST /auth/login": {200, 400, 401, 415},
    "POST /auth/logout": {204},
    "GET /auth/me": {200, 401},
}


def test_every_operation_with_both_paths_has_an_exchange() -> None:
    operations = compose(settings_for("native", "postgresql://unused/unused")).bridge.operations
    both = {operation.name for operation in operations if set(operation.paths) == {Path.BRIDGED, Path.NATIVE}}
    assert len(both) == 8
    assert both <= {exchange.operation for exchange in EXCHANGES}


def test_every_status_of_every_operation_has_an_exchange() -> None:
    operations = compose(settings_for("native", "postgresql://unused/unused")).bridge.operations
    assert {operation.name for operation in operations} == set(STATUSES)
    seen: dict[str, set[int]] = {}
    for exchange in EXCHANGES:
        seen.setdefault(exchange.operation, set()).add(exchange.status)
    assert {name: statuses - seen.get(name, set()) for name, statuses in STATUSES.items()} == {
        name: set() for name in STATUSES
    }


def test_there_are_at_least_80_exchanges_with_distinct_ids() -> None:
    assert len({exchange.id for exchange in EXCHANGES}) == len(EXCHANGES) >= 80
