"""What a product's columns were seen to hold: made while publishing, read by questions and by contract proposals.

Values are kept only for text columns that are not sensitive and hold few enough of them; the profile lies in the
domain's own lake bucket, and events carry a pointer to it, never its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from datamesh.contract.model import Column

__all__ = ["VALUES_CAP", "ColumnProfile", "Profile", "bounded", "keeps_values", "merged"]

VALUES_CAP = 5_000  # distinct values kept of one column
_NUMERIC = re.compile(r"[+-]?\d+(?:\.\d+)?$")
_OPEN = ("", "public", "internal")  # classifications whose values may lie in a profile


class ColumnProfile(BaseModel):
    """One column: `minimum` and `maximum` as JSON values (dates in ISO 8601); `values` None when not kept.

    `id` is its ODCS id, by which it is known again under another name.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    id: str = ""
    nulls: int = 0
    distinct: int | None = None
    minimum: Any = None
    maximum: Any = None
    values: tuple[str, ...] | None = None
    numbers: bool = False  # all of these texts are numbers; said where the values themselves are kept elsewhere

    @property
    def holds_numbers(self) -> bool:
        """Whether this column of texts holds numbers only."""
        said = [value.strip() for value in self.values or () if value.strip()]
        return self.numbers or (bool(said) and all(_NUMERIC.match(value) for value in said))

    def without_values(self) -> ColumnProfile:
        """What is known of the column when its values are kept elsewhere."""
        return self.model_copy(update={"values": None, "numbers": self.holds_numbers})


class Profile(BaseModel):
    """All columns of a product as of one snapshot.

    Where it is not `exact`, rows were replaced or deleted since: the table holds no values beyond those named here, and
    perhaps not all of them. Rows and NULLs are counted all the same.
    """

    model_config = ConfigDict(frozen=True)

    product: str
    snapshot_id: int | None = None
    rows: int = 0
    exact: bool = True
    columns: tuple[ColumnProfile, ...] = ()

    def column(self, name: str) -> ColumnProfile | None:
        return next((c for c in self.columns if c.name == name), None)


def keeps_values(column: Column) -> bool:
    """False for a column that is classified as sensitive: of it only counts are kept."""
    return column.classification.lower() in _OPEN


def merged(first: Profile, second: Profile, columns: Sequence[Column]) -> Profile:
    """The profile of the rows of both, for the contract's columns as they are now.

    `distinct` is exact where the values are kept, else at least that many.
    """
    return Profile(
        product=second.product,
        snapshot_id=second.snapshot_id,
        rows=first.rows + second.rows,
        exact=first.exact and second.exact,
        columns=tuple(_together(column, _seen(first, column), _seen(second, column)) for column in columns),
    )


def bounded(profile: Profile, *, rows: int, nulls: Mapping[str, int]) -> Profile:
    """The profile of a table of which rows have gone, with what is counted of it now."""
    columns = tuple(
        column.model_copy(
            update={
                "nulls": nulls.get(column.name, min(column.nulls, rows)),
                "distinct": None if column.distinct is None else min(column.distinct, rows),
            }
        )
        for column in profile.columns
    )
    return profile.model_copy(update={"rows": rows, "exact": False, "columns": columns})


def _seen(profile: Profile, column: Column) -> ColumnProfile:
    """A column that came later, or went, is NULL in the rows that lack it."""
    renamed = next((seen for seen in profile.columns if column.id and seen.id == column.id), None)
    missing = ColumnProfile(name=column.name, nulls=profile.rows, distinct=0, values=())
    return renamed or profile.column(column.name) or missing


def _together(column: Column, a: ColumnProfile, b: ColumnProfile) -> ColumnProfile:
    nulls, distinct = a.nulls + b.nulls, max(a.distinct or 0, b.distinct or 0)
    if not keeps_values(column):
        return ColumnProfile(name=column.name, id=column.id, nulls=nulls, distinct=distinct)
    values = tuple(sorted({*a.values, *b.values})) if a.values is not None and b.values is not None else None
    return ColumnProfile(
        name=column.name,
        id=column.id,
        nulls=nulls,
        distinct=distinct if values is None else len(values),
        minimum=min((v for v in (a.minimum, b.minimum) if v is not None), default=None),
        maximum=max((v for v in (a.maximum, b.maximum) if v is not None), default=None),
        values=values if values is not None and len(values) <= VALUES_CAP else None,
    )
