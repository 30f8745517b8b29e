"""What a product's columns were seen to hold: made while publishing, read by questions and by contract proposals.

Values are kept only for text columns that are not sensitive and hold few enough of them; the profile lies in the
domain's own lake bucket, and events carry a pointer to it, never its values.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = ["VALUES_CAP", "ColumnProfile", "Profile"]

VALUES_CAP = 5_000  # distinct values kept of one column


class ColumnProfile(BaseModel):
    """One column: `minimum` and `maximum` as JSON values (dates in ISO 8601); `values` None when not kept."""

    model_config = ConfigDict(frozen=True)

    name: str
    nulls: int = 0
    distinct: int | None = None
    minimum: Any = None
    maximum: Any = None
    values: tuple[str, ...] | None = None


class Profile(BaseModel):
    """All columns of a product as of one snapshot."""

    model_config = ConfigDict(frozen=True)

    product: str
    snapshot_id: int | None = None
    rows: int = 0
    columns: tuple[ColumnProfile, ...] = ()

    def column(self, name: str) -> ColumnProfile | None:
        return next((c for c in self.columns if c.name == name), None)
