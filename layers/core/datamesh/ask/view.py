"""What one caller sees of the mesh. Everything behind this line knows no product, column or value that is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from datamesh.ask.guard import Scope, scope_of
from datamesh.ask.names.kept import Kept
from datamesh.contract.masks import Mask
from datamesh.contract.model import Column, ColumnType, Contract
from datamesh.contract.profile import ColumnProfile
from datamesh.govern.rights import Rights, rights
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["View", "view_of"]

_SHELF: Kept[tuple[ProductKnowledge, ProductKnowledge]] = Kept(1_000)  # of what some callers see only in part


@dataclass(frozen=True)
class View:
    """The products that `principal` may read, each as far as they may, and what of each."""

    principal: str
    products: Mapping[str, ProductKnowledge]
    scopes: Mapping[str, Scope]

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """Of each product the columns, in the contract's order."""
        return {name: scope.columns for name, scope in self.scopes.items()}

    @property
    def knowledge(self) -> Knowledge:
        """What questions are read with: of each product the version that has its name. SQL may name older ones, too."""
        return Knowledge({name: held for name, held in self.products.items() if name == held.contract.name})


def view_of(knowledge: Knowledge, principal: str) -> View:
    """What the policy gives `principal` (canonical)."""
    given = rights(knowledge.products.values(), principal)
    products = {name: _seen(knowledge.products[name], given[name]) for name in sorted(given)}
    scopes = {name: scope_of(given[name], knowledge.products[name].contract.table) for name in products}
    return View(principal, products, scopes)


def _seen(product: ProductKnowledge, given: Rights) -> ProductKnowledge:
    """`product` without what its rows tell of values that are not shown: the same one as long as nothing changes.

    Where rows are hidden, nothing that was counted or collected over all of them is told.
    """
    hidden = frozenset(given.columns) - given.plain
    if not hidden:
        return product
    key = (id(product.contract), id(product.profile), id(product.held), product.snapshot_id, product.run_id, given)
    return _SHELF.get(key, lambda: (product, _without(product, given, hidden)))[1]


def _without(product: ProductKnowledge, given: Rights, hidden: frozenset[str]) -> ProductKnowledge:
    masks = dict(reversed([mask for right in given.each for mask in right.masks if mask[0] in given.masked]))
    seen = replace(product, contract=_shown(product.contract, masks))
    if not given.all_rows:
        return replace(seen, profile=None, held=None, total_rows=0, rows_in=0, rows_published=0, rows_quarantined=0)
    if product.profile:
        told = tuple(column if column.name not in hidden else _nothing(column) for column in product.profile.columns)
        seen = replace(seen, profile=product.profile.model_copy(update={"columns": told}))
    if product.held:
        spots = {name: spot for name, spot in product.held.spots.items() if name not in hidden}
        seen = replace(seen, held=replace(product.held, spots=spots))
    return seen


def _nothing(column: ColumnProfile) -> ColumnProfile:
    return ColumnProfile(name=column.name, id=column.id)


def _shown(contract: Contract, masks: Mapping[str, Mask]) -> Contract:
    """With masked columns as their reader knows them: of the type that is shown, without values that are named."""
    if not masks:
        return contract
    table = contract.table
    columns = tuple(_mask(c, masks[c.name]) if c.name in masks else c for c in table.columns)
    return replace(contract, tables=(replace(table, columns=columns), *contract.tables[1:]))


def _mask(column: Column, mask: Mask) -> Column:
    shown = ColumnType("string") if mask.as_text else column.type
    return replace(column, type=shown, enum=(), examples=(), options={})
