"""HTTP views: one blueprint factory per module."""

from flask import Blueprint

from legacy_sync.views import auth, posts, reports, site, user_batches, users

__all__ = ["blueprints"]


def blueprints() -> list[Blueprint]:
    """Build new instances of all blueprints."""
    return [module.blueprint() for module in (site, auth, users, user_batches, posts, reports)]
