"""Every operation and every planted defect."""

from __future__ import annotations

from tests.integration.shadow.defects import (
    creating,
    detail,
    listing,
    listing_defects,
    refusals,
    several,
    texts,
    updating,
)

__all__ = ["MISSED", "PLANTED", "PORTED"]

TABLE = [
    (listing.LISTING, listing_defects.DEFECTS),
    (detail.DETAIL, detail.DEFECTS),
    *texts.TABLE,
    *refusals.TABLE,
    (creating.CREATING, creating.DEFECTS),
    *updating.TABLE,
    *several.TABLE,
]
PORTED = [operation for operation, _ in TABLE]
PLANTED = [(operation, defect) for operation, defects in TABLE for defect in defects]
MISSED = [defect for _, defect in PLANTED if defect.missed]
