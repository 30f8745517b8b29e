"""Numbers over rows: aggregates, shares of them, numbers of each row over its related rows, and how they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from datamesh.ask.intent.base import MeasureFn, Node
from datamesh.ask.intent.items import Attr, Bucket, Calc, Elapsed, EntityKey, Key, Part, Path

if TYPE_CHECKING:
    from datamesh.ask.intent.predicates import Pred

__all__ = ["Change", "Measure", "Tally"]

_ADD_UP = ("count", "sum", "min", "max")  # what a total over groups can be made of
Measured: TypeAlias = Annotated[
    "Attr | EntityKey | Calc | Elapsed | Bucket | Part | Tally", Field(discriminator="node")
]


class Measure(Node):
    """A number over many rows. Without `of` it counts rows; `contract` is a measure that the contract defines.

    The average amount; the number of different customers; `share_of`: the orders that are open as a share of all.
    `over` all: of all groups together, so that a group's total can be a share of the whole.
    """

    node: Literal["measure"] = "measure"
    fn: MeasureFn
    of: Measured | None = None
    where: Pred | None = None
    name: str = ""
    expression: str = Field(default="", description="The contract's aggregate expression over the subject's columns.")
    over: Literal["group", "all"] = "group"
    share_of: Measure | None = None

    @model_validator(mode="after")
    def _computable(self) -> Measure:
        if self.fn == "contract":
            if not self.expression:
                raise ValueError("a contract's measure needs its expression")
        elif self.of is None and self.fn != "count":
            raise ValueError(f"{self.fn} needs something to compute it of")
        elif isinstance(self.of, EntityKey) and self.fn != "count_distinct":
            raise ValueError("things are counted, each once: count_distinct")
        elif self.fn in ("sum", "avg", "median") and isinstance(self.of, Attr) and not self.of.numeric:
            raise ValueError(f"{self.fn} of what is no number")
        if self.over == "all" and (self.fn not in _ADD_UP or self.share_of):
            raise ValueError("only counts, sums and extremes of groups make up those of all groups")
        if self.share_of is not None and self.share_of.share_of is not None:
            raise ValueError("a share of a share")
        return self


class Tally(Node):
    """A number of each row over the rows at the end of a to-many path, aggregated before it is joined.

    How many orders a customer has, none included; the average salary of an employee's department. The attributes in
    `measure` start at the path's end. What is counted of no row is 0, everything else is missing.
    """

    node: Literal["tally"] = "tally"
    path: Path = Field(min_length=1)
    measure: Measure

    @model_validator(mode="after")
    def _over_many(self) -> Tally:
        if not any(edge.many for edge in self.path):
            raise ValueError("a tally walks to many rows")
        if self.measure.fn == "contract" and self.path[-1].cardinality != "to_many":
            raise ValueError("a contract's measure is of its own table")
        if self.measure.over == "all" or self.measure.share_of:
            raise ValueError("a tally is one plain number")
        return self


class Change(Node):
    """A number and what it was: the difference, the ratio (now / before) or the growth ((now - before) / before).

    Between two conditions: the revenue of 2024 against 2023, of Paris against Lyon. Or `along` a key of the groups:
    against the group before it, month over month.
    """

    node: Literal["change"] = "change"
    measure: Measure
    how: Literal["difference", "ratio", "growth"] = "difference"
    now: Pred | None = None
    before: Pred | None = None
    along: Key | None = None

    @model_validator(mode="after")
    def _from_to(self) -> Change:
        if (self.now is None) != (self.before is None) or (self.now is None) == (self.along is None):
            raise ValueError("a change is between two conditions, or along one key")
        if self.measure.share_of or self.measure.over == "all" or (self.now and self.measure.where):
            raise ValueError("a change is of one plain number")
        return self
