"""What one principal may read of each product: columns, masks and rows, and the rule that gave it. Pure.

Every grant is a view of the product by itself. Several of one principal add up cell by cell: a row is read if one of
them gives it, a value in it if one of those gives that column of that row, clear before masked. So together they show
nothing that none of them shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from datamesh.contract.masks import Mask
from datamesh.contract.model import Contract
from datamesh.govern.policy import Governed, Grant, grants_of
from datamesh.govern.subscription import Subscription

__all__ = ["Right", "Rights", "rights", "rights_of"]


@dataclass(frozen=True)
class Right:
    """What one grant gives: `columns` in the contract's order, of the `rows` for which a condition holds ("": all).

    `masks` hide the values of some of the columns; `rule` gave it, `until` then.
    """

    columns: tuple[str, ...]
    rows: str
    masks: tuple[tuple[str, Mask], ...]
    rule: str
    until: datetime | None = None

    @property
    def clear(self) -> frozenset[str]:
        """The columns whose values it shows."""
        return frozenset(self.columns) - {name for name, _ in self.masks}


@dataclass(frozen=True)
class Rights:
    """All that one principal may read of one product, by each grant that gives any of it.

    `columns`, in the contract's order, may be read in some row, be it masked.
    """

    columns: tuple[str, ...]
    each: tuple[Right, ...]

    @property
    def all_rows(self) -> bool:
        return any(not right.rows for right in self.each)

    @property
    def plain(self) -> frozenset[str]:
        """The columns whose values are shown in all rows."""
        return frozenset().union(*(right.clear for right in self.each if not right.rows))

    @property
    def hidden(self) -> frozenset[str]:
        """The columns whose values are masked, or not there at all, in some row that is read."""
        everywhere = frozenset(self.columns).intersection(*(right.clear for right in self.each))
        return frozenset(self.columns) - self.plain - everywhere


def rights(
    products: Iterable[Governed],
    principal: str,
    subscriptions: Sequence[Subscription] = (),
    *,
    at: datetime | None = None,
) -> dict[str, Rights]:
    """By name what `principal` (canonical) may read; a product of which that is nothing is not there."""
    found = ((it.name, rights_of(it.contract, it.account, principal, subscriptions, at=at)) for it in products)
    return {name: given for name, given in found if given.each}


def rights_of(
    contract: Contract,
    account: str,
    principal: str,
    subscriptions: Iterable[Subscription] = (),
    *,
    at: datetime | None = None,
) -> Rights:
    """What `principal` may read of one product. A column that the contract lacks is none."""
    held = [subscription for subscription in subscriptions if subscription.principal == principal]
    mine = [grant for grant in grants_of(contract, account, held, at=at) if grant.principal == principal]
    given = [right for right in dict.fromkeys(_right(contract, grant) for grant in mine) if right.columns]
    columns = (c.name for c in contract.table.columns if any(c.name in right.columns for right in given))
    return Rights(tuple(columns), tuple(given))


def _right(contract: Contract, grant: Grant) -> Right:
    names = [column.name for column in contract.table.columns]
    columns = tuple(name for name in names if grant.columns is None or name in grant.columns)
    return Right(columns, grant.rows, tuple(m for m in grant.masks if m[0] in columns), grant.rule, grant.until)
