"""Where databases cannot be cloned, that is said at once."""

from __future__ import annotations

import pytest

from bridge.errors import InvalidDatabaseURL
from bridge.testing import TemplateDatabase


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "mysql+pymysql://root:secret@host/name"])
def test_only_postgresql_clones_databases(url: str) -> None:
    with pytest.raises(InvalidDatabaseURL, match="cloned by PostgreSQL") as refused:
        TemplateDatabase(url, lambda _engine: None)
    assert "secret" not in str(refused.value)
