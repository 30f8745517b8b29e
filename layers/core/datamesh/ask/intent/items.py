"""What can be shown, grouped by, ordered by and compared: columns, things, parts of dates, numbers over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from datamesh.ask.intent.base import AttrKind, Grain, MeasureFn, Node

if TYPE_CHECKING:
    from datamesh.ask.intent.predicates import Pred

__all__ = [
    "AllColumns",
    "Attr",
    "Bucket",
    "Calc",
    "Edge",
    "Entity",
    "EntityKey",
    "Item",
    "Key",
    "Measure",
    "Part",
    "Path",
    "Value",
]


class Entity(Node):
    table: str


class Edge(Node):
    """One step along a relationship: rows of `to` whose `to_columns` equal the near side's `columns`."""

    to: str
    columns: tuple[str, ...]
    to_columns: tuple[str, ...]
    cardinality: Literal["to_one", "to_many"] = "to_one"
    relationship: str = ""
    role: str = Field(default="", description="What the far side is to the near side, where several ways lead there.")

    @property
    def many(self) -> bool:
        return self.cardinality == "to_many"


Path: TypeAlias = tuple[Edge, ...]


class _OnPath(Node):
    path: Path = ()

    @model_validator(mode="after")
    def _never_fans_out(self) -> _OnPath:
        if any(edge.many for edge in self.path):
            raise ValueError("a path to an attribute walks from many to one; use Exists or another subject")
        return self


class Attr(_OnPath):
    """A column. `as_number`: its text holds numbers and is compared, ordered and computed as such."""

    node: Literal["attr"] = "attr"
    column: str
    kind: AttrKind = "text"
    as_number: bool = False
    label: str = Field(default="", description="The contract's business name, for explanations.")


class Part(Node):
    """One part of a date: the month of an order date, as a number."""

    node: Literal["part"] = "part"
    of: Attr
    part: Literal["year", "quarter", "month", "day"]


class Bucket(Node):
    """A date cut off to its year, quarter, month, week or day."""

    node: Literal["bucket"] = "bucket"
    of: Attr
    grain: Grain


class EntityKey(_OnPath):
    """The thing at the end of the path: grouped by its key, shown by its labels.

    `optional`: the last step need not find a row; then the thing is shown by its key, and nothing that counts is lost.
    """

    node: Literal["entity_key"] = "entity_key"
    table: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    optional: bool = False
    key_kind: AttrKind = "text"

    @property
    def role(self) -> str:
        return self.path[-1].role if self.path else ""


Key: TypeAlias = Annotated[Attr | EntityKey | Bucket | Part, Field(discriminator="node")]


class Measure(Node):
    """A number over many rows. Without `of` it counts rows; `contract` is a measure that the contract defines."""

    node: Literal["measure"] = "measure"
    fn: MeasureFn
    of: Attr | EntityKey | None = None
    where: Pred | None = None
    name: str = ""
    expression: str = Field(default="", description="The contract's aggregate expression over the subject's columns.")


class Calc(Node):
    node: Literal["calc"] = "calc"
    op: Literal["+", "-", "*", "/"]
    left: Item
    right: Item


class AllColumns(_OnPath):
    """Every permitted column of the subject or of the thing at the end of the path."""

    node: Literal["all"] = "all"
    columns: tuple[str, ...]


class Value(Node):
    """A literal. Dates and timestamps are ISO 8601 texts; `label` is what the contract calls it."""

    node: Literal["value"] = "value"
    value: bool | int | float | str
    kind: AttrKind = "text"
    label: str = ""


Item: TypeAlias = Annotated[Attr | Measure | Calc | Bucket | Part | EntityKey | AllColumns, Field(discriminator="node")]
