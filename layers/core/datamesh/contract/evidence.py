"""What proposals for contracts rest on: counts over rows, however they were come by. Never a value of the data.

Tables go by their mesh names: `domain.product`, or `domain.table` of a contract with several.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from datamesh.contract.infer import Facts
from datamesh.contract.profile import Profile

__all__ = ["Contained", "Evidence", "Place"]


@dataclass(frozen=True)
class Place:
    """Columns of a table."""

    table: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Contained:
    """Of `different` values (combinations, of several columns) that one place has, `found` stand in another one."""

    different: int
    found: int

    @property
    def share(self) -> float:
        return self.found / self.different if self.different else 0.0


class Evidence(Protocol):
    """What is known of the rows. None where a question cannot be answered from what there is."""

    def profile(self, table: str) -> Profile | None: ...

    def facts(self, table: str, column: str) -> Facts | None:
        """How the values of a column of texts could be read otherwise."""

    def unique(self, place: Place) -> bool:
        """Whether every row has a value, and no two of them the same."""

    def contained(self, near: Place, far: Place) -> Contained | None:
        """How many of the values of `near` stand in `far`, which has as many columns."""
