"""What one caller sees of the mesh. Everything behind this line knows no product or column that is not in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datamesh.ask.guard import Scope
from datamesh.govern.policy import readable
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["View", "view_of"]


@dataclass(frozen=True)
class View:
    """The products that `principal` may read, and of each the columns, in the contract's order."""

    principal: str
    products: Mapping[str, ProductKnowledge]
    columns: Mapping[str, tuple[str, ...]]

    @property
    def knowledge(self) -> Knowledge:
        """What questions are read with: of each product the version that has its name. SQL may name older ones, too."""
        return Knowledge({name: held for name, held in self.products.items() if name == held.contract.name})

    @property
    def scopes(self) -> dict[str, Scope]:
        return {name: Scope(columns) for name, columns in self.columns.items()}


def view_of(knowledge: Knowledge, principal: str) -> View:
    """What the policy gives `principal` (canonical)."""
    columns = readable(knowledge.products.values(), principal)
    return View(principal, {name: knowledge.products[name] for name in sorted(columns)}, columns)
