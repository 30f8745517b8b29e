"""Which column of a newer contract is which of the older one: by its ODCS `id`, or else by its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from datamesh.contract.model import Column

__all__ = ["Pair", "paired"]


@dataclass(frozen=True)
class Pair:
    """A column before and after; None where it was not yet, or is no more."""

    before: Column | None
    after: Column | None

    @property
    def renamed(self) -> bool:
        return self.before is not None and self.after is not None and self.before.name != self.after.name


def paired(old: Sequence[Column], new: Sequence[Column]) -> tuple[Pair, ...]:
    """The old columns in their order with what became of each, then those that are new."""
    ids = {column.id: column for column in new if column.id}
    by_id = {column.name: ids[column.id] for column in old if column.id in ids}
    taken = {column.name for column in by_id.values()}
    names = {column.name: column for column in new if column.name not in taken}
    kept = [Pair(column, by_id.get(column.name) or names.get(column.name)) for column in old]
    known = {pair.after.name for pair in kept if pair.after}
    return (*kept, *(Pair(None, column) for column in new if column.name not in known))
