"""What one caller sees of the mesh. Everything behind this line knows no product, column or value that is not in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from datamesh.ask.guard import Scope, scope_of
from datamesh.ask.names.kept import Kept
from datamesh.contract.model import Column, ColumnType, Contract
from datamesh.contract.profile import ColumnProfile
from datamesh.govern.rights import Rights, rights
from datamesh.govern.subscription import Subscription
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["View", "view_of"]

_SHELF: Kept[tuple[ProductKnowledge, ProductKnowledge, Scope]] = Kept(1_000)  # of what some callers see only in part


@dataclass(frozen=True)
class View:
    """The products that `principal` may read, each as far as they may, and what of each."""

    principal: str
    products: Mapping[str, ProductKnowledge]
    scopes: Mapping[str, Scope]
    rights: Mapping[str, Rights] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Of each product the columns, in the contract's order."""
        return {name: scope.columns for name, scope in self.scopes.items()}

    @property
    def knowledge(self) -> Knowledge:
        """What questions are read with: of each product the version that has its name. SQL may name older ones, too."""
        return Knowledge({name: held for name, held in self.products.items() if name == held.contract.name})

    def digest(self, names: Iterable[str]) -> str:
        """What may be read of these products, in few characters: others once it is more, less or something else.

        It does not change with what gives a right, nor with until when.
        """
        each = [(name, self.rights[name]) for name in sorted(set(names)) if name in self.rights]
        told = [(name, sorted((r.columns, r.rows, repr(r.masks)) for r in given.each)) for name, given in each]
        return hashlib.sha256(repr(told).encode()).hexdigest()


def view_of(
    knowledge: Knowledge,
    principal: str,
    subscriptions: Sequence[Subscription] = (),
    *,
    at: datetime | None = None,
) -> View:
    """What the policy gives `principal` (canonical), `subscriptions` that hold `at` that moment included."""
    given = rights(knowledge.products.values(), principal, subscriptions, at=at)
    seen = {name: _seen(knowledge.products[name], given[name]) for name in sorted(given)}
    products = {name: product for name, (product, _) in seen.items()}
    return View(principal, products, {name: scope for name, (_, scope) in seen.items()}, given)


def _seen(product: ProductKnowledge, given: Rights) -> tuple[ProductKnowledge, Scope]:
    """`product` without what is known of values that are not shown: the same one as long as nothing changes."""
    table = product.contract.table
    if given.all_rows and not given.hidden:
        return product, scope_of(given, table)
    key = (id(product.contract), id(product.profile), id(product.held), product.snapshot_id, product.run_id, given)
    _, seen, scope = _SHELF.get(key, lambda: (product, _without(product, given), scope_of(given, table)))
    return seen, scope


def _without(product: ProductKnowledge, given: Rights) -> ProductKnowledge:
    """Where rows are hidden, nothing that was counted or collected over all of them is told."""
    seen = replace(product, contract=_shown(product.contract, given))
    if not given.all_rows:
        return replace(seen, profile=None, held=None, total_rows=0, rows_in=0, rows_published=0, rows_quarantined=0)
    if product.profile:
        told = tuple(_nothing(c) if c.name in given.hidden else c for c in product.profile.columns)
        seen = replace(seen, profile=product.profile.model_copy(update={"columns": told}))
    if product.held:
        spots = {name: spot for name, spot in product.held.spots.items() if name not in given.hidden}
        seen = replace(seen, held=replace(product.held, spots=spots))
    return seen


def _nothing(column: ColumnProfile) -> ColumnProfile:
    return ColumnProfile(name=column.name, id=column.id)


def _shown(contract: Contract, given: Rights) -> Contract:
    """With hidden columns as their reader knows them: of the type that is shown, without values that are named."""
    texts = {name for right in given.each for name, mask in right.masks if mask.as_text}
    table = contract.table
    columns = tuple(_hide(c, as_text=c.name in texts) if c.name in given.hidden else c for c in table.columns)
    return replace(contract, tables=(replace(table, columns=columns), *contract.tables[1:]))


def _hide(column: Column, *, as_text: bool) -> Column:
    shown = ColumnType("string") if as_text else column.type
    return replace(column, type=shown, enum=(), examples=(), options={})
