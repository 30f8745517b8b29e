"""An approved request for access, for as long as it holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamesh.contract.model import Contract
from datamesh.govern.tags import is_expression, parse_expression

__all__ = ["Subscription"]


@dataclass(frozen=True)
class Subscription:
    """`principal` (canonical; `arn` with its path) may read `columns` (None: all that are meant) of `target`.

    `target` is a product (`domain.product`) or a tag expression; `rows` a condition ("": all rows), `row_columns` the
    columns that it reads, each with its kind. `until` is the first moment at which it holds no more.
    """

    id: str
    principal: str
    arn: str
    target: str
    columns: tuple[str, ...] | None
    rows: str
    until: datetime
    row_columns: tuple[tuple[str, str], ...] = ()

    @property
    def rule(self) -> str:
        """What gave a right, as it is named everywhere."""
        return f"request:{self.id}"

    def columns_of(self, contract: Contract) -> tuple[str, ...] | None:
        """Which of the product's columns it opens: None for all of those, and of later versions, that roles open.

        Nothing of a product that it is not about, nor of one that its row condition does not fit: half a restriction
        is none.
        """
        if is_expression(self.target):
            meant: tuple[str, ...] | None = parse_expression(self.target).columns(contract)
        else:
            meant = None if self.target == contract.name else ()
        if meant == () or not self._fits(contract):
            return ()
        if self.columns is None:
            return meant
        there = [column.name for column in contract.table.columns] if meant is None else meant
        return tuple(name for name in there if name in self.columns)

    def _fits(self, contract: Contract) -> bool:
        """Whether the condition, which was checked when it was approved, means the same here."""
        kinds = {(column.name, column.type.kind) for column in contract.table.columns}
        return not self.rows or (bool(self.row_columns) and kinds.issuperset(self.row_columns))
