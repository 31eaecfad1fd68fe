"""Settings of the unit tests."""

from __future__ import annotations

from hypothesis import settings

# Machines differ in speed; the timeout on each test is the limit.
settings.register_profile("unit", deadline=None, max_examples=60)
settings.load_profile("unit")
