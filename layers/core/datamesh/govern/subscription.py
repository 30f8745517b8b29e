"""An approved request for access, for as long as it holds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamesh.contract.masks import Mask, problem
from datamesh.contract.model import Contract
from datamesh.govern.tags import is_expression, parse_expression

__all__ = ["Subscription"]


@dataclass(frozen=True)
class Subscription:
    """`principal` (canonical; `arn` with its path) may read `columns` (None: all that are meant) of `target`.

    `target` is a product (`domain.product`) or a tag expression; `rows` a condition ("": all rows), `row_columns` the
    columns that it reads, each with its kind; `masks` hide the values of some of the columns. `until` is the first
    moment at which it holds no more.
    """

    id: str
    principal: str
    arn: str
    target: str
    columns: tuple[str, ...] | None
    rows: str
    until: datetime
    row_columns: tuple[tuple[str, str], ...] = ()
    masks: tuple[tuple[str, Mask], ...] = ()

    @property
    def rule(self) -> str:
        """What gave a right, as it is named everywhere."""
        return f"request:{self.id}"

    def is_about(self, contract: Contract) -> bool:
        """Whether the product is meant, be it that nothing of it is opened."""
        return self._meant(contract) != ()

    def columns_of(self, contract: Contract) -> tuple[str, ...] | None:
        """Which of the product's columns it opens: None for all of those, and of later versions, that roles open.

        Nothing of a product that it is not about, nor of one that its row condition does not fit, nor where a mask
        finds no column among all of them: half a restriction is none. No column that its mask does not fit.
        """
        meant = self._meant(contract)
        if meant == () or not self._fits(contract):
            return ()
        unmasked = self._unmasked(contract)
        if self.columns is None and not unmasked:
            return meant
        there = [column.name for column in contract.table.columns] if meant is None else meant
        return tuple(n for n in there if n not in unmasked and (self.columns is None or n in self.columns))

    def _meant(self, contract: Contract) -> tuple[str, ...] | None:
        if is_expression(self.target):
            return parse_expression(self.target).columns(contract)
        return None if self.target == contract.name else ()

    def _fits(self, contract: Contract) -> bool:
        """Whether the condition, which was checked when it was approved, means the same here, and what masks are on is
        there: under another name it would be shown."""
        kinds = {(column.name, column.type.kind) for column in contract.table.columns}
        if self.columns is None and any(contract.table.column(name) is None for name, _ in self.masks):
            return False
        return not self.rows or (bool(self.row_columns) and kinds.issuperset(self.row_columns))

    def _unmasked(self, contract: Contract) -> frozenset[str]:
        """The columns that are masked, and of a kind that their mask does not fit."""
        kinds = {column.name: column.type.kind for column in contract.table.columns}
        return frozenset(name for name, mask in self.masks if name in kinds and problem(mask, name, kinds[name]))
