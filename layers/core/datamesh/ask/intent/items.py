"""What can be shown, grouped by, ordered by and compared: columns, things, parts of dates, numbers over rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from datamesh.ask.intent.base import AttrKind, Grain, Node

if TYPE_CHECKING:
    from datamesh.ask.intent.measures import Change, Measure, Tally
    from datamesh.ask.intent.query import Query

__all__ = [
    "AllColumns",
    "Attr",
    "Bucket",
    "Calc",
    "Edge",
    "Elapsed",
    "Entity",
    "EntityKey",
    "Item",
    "Key",
    "Part",
    "Path",
    "Scalar",
    "Value",
]


class Entity(Node):
    """Whose rows are asked of: a table, or the rows of a query under a name of ours.

    Orders; or, for the average number of orders per customer, the counts that `rows` gives, each column by its name.
    """

    table: str
    rows: Query | None = None


class Edge(Node):
    """One step along a relationship: rows of `to` whose `to_columns` equal the near side's `columns`.

    From an order to its customer; with to_many, from a customer to the orders.
    """

    to: str
    columns: tuple[str, ...] = Field(min_length=1)
    to_columns: tuple[str, ...] = Field(min_length=1)
    cardinality: Literal["to_one", "to_many"] = "to_one"
    relationship: str = ""
    role: str = Field(default="", description="What the far side is to the near side, where several ways lead there.")

    @model_validator(mode="after")
    def _in_pairs(self) -> Edge:
        if len(self.columns) != len(self.to_columns):
            raise ValueError("an edge needs as many columns on one side as on the other")
        return self

    @property
    def many(self) -> bool:
        return self.cardinality == "to_many"


Path: TypeAlias = tuple[Edge, ...]


class _OnPath(Node):
    """At the end of a path from the subject. To-many steps are for what is only shown: a query checks that."""

    path: Path = ()


class Attr(_OnPath):
    """A column: the amount of an order, the country of its customer.

    `as_number`: its text holds numbers and is compared, ordered and computed as such.
    """

    node: Literal["attr"] = "attr"
    column: str
    kind: AttrKind = "text"
    as_number: bool = False
    label: str = Field(default="", description="The contract's business name, for explanations.")

    @property
    def numeric(self) -> bool:
        return self.kind == "number" or self.as_number


class Part(Node):
    """One part of a date, as a number: the month of an order date. A weekday is 1 on Monday and 7 on Sunday."""

    node: Literal["part"] = "part"
    of: Attr
    part: Literal["year", "quarter", "month", "week", "day", "weekday", "hour"]


class Bucket(Node):
    """A date cut off to its year, quarter, month, week or day: orders per month."""

    node: Literal["bucket"] = "bucket"
    of: Attr
    grain: Grain


class EntityKey(_OnPath):
    """The thing at the end of the path, grouped by its key and shown by its labels: per customer.

    `optional`: the last step need not find a row; then the thing is shown by its key, and nothing that counts is lost.
    """

    node: Literal["entity_key"] = "entity_key"
    table: str
    keys: tuple[str, ...] = Field(min_length=1)
    labels: tuple[str, ...] = Field(min_length=1)
    optional: bool = False
    key_kind: AttrKind = "text"

    @property
    def role(self) -> str:
        return self.path[-1].role if self.path else ""


class AllColumns(_OnPath):
    """Every permitted column of the subject or of the thing at the end of the path: all that is known of an order."""

    node: Literal["all"] = "all"
    columns: tuple[str, ...] = Field(min_length=1)


class Value(Node):
    """A literal. Dates and timestamps are ISO 8601 texts; `label` is what the contract calls it: open, for 'O'."""

    node: Literal["value"] = "value"
    value: bool | int | float | str
    kind: AttrKind = "text"
    label: str = ""


class Scalar(Node):
    """The one value of a query of one row and one column: the average amount, the day of the first order."""

    node: Literal["scalar"] = "scalar"
    query: Query


class Elapsed(Node):
    """Whole days or whole years from one date to another: the days from order to delivery, a person's age."""

    node: Literal["elapsed"] = "elapsed"
    start: Annotated[Attr | Value, Field(discriminator="node")]
    end: Annotated[Attr | Value, Field(discriminator="node")]
    unit: Literal["day", "year"] = "day"


class Calc(Node):
    """Arithmetic of two: home goals plus away goals, the highest price minus the lowest. By nothing is missing."""

    node: Literal["calc"] = "calc"
    op: Literal["+", "-", "*", "/"]
    left: Item
    right: Item

    @model_validator(mode="after")
    def _of_values(self) -> Calc:
        for part in (self.left, self.right):
            if isinstance(part, AllColumns | EntityKey):
                raise ValueError("arithmetic needs two single values")  # noqa: TRY004 - of a value, for pydantic
        return self


Key: TypeAlias = Annotated["Attr | EntityKey | Bucket | Part | Tally", Field(discriminator="node")]
Item: TypeAlias = Annotated[
    "Attr | Measure | Tally | Change | Calc | Elapsed | Bucket | Part | EntityKey | AllColumns | Value | Scalar",
    Field(discriminator="node"),
]
