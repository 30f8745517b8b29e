"""Conditions on rows and on groups, with queries inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from datamesh.ask.intent.base import Node, Op
from datamesh.ask.intent.items import (
    AllColumns,
    Attr,
    Bucket,
    Calc,
    Elapsed,
    EntityKey,
    Item,
    Part,
    Path,
    Scalar,
    Value,
)
from datamesh.ask.intent.measures import Change, Measure, Tally

if TYPE_CHECKING:
    from datamesh.ask.intent.query import Query

__all__ = [
    "And",
    "Any_",
    "Between",
    "Cmp",
    "CountOf",
    "Every",
    "Exists",
    "In",
    "Missing",
    "Not",
    "Operand",
    "Or",
    "Pred",
    "Text",
    "Within",
]


class Every(Node):
    """All values of a query of one column: dearer than every toy."""

    node: Literal["every"] = "every"
    query: Query


class Any_(Node):  # noqa: N801 - `Any` is typing's
    """Some value of a query of one column: dearer than some toy."""

    node: Literal["any"] = "any"
    query: Query


Operand: TypeAlias = Annotated[
    Value | Attr | Measure | Tally | Change | Scalar | Every | Any_ | Calc | Elapsed | Bucket | Part,
    Field(discriminator="node"),
]


class And(Node):
    """All of them hold: from France and with a newsletter."""

    node: Literal["and"] = "and"
    preds: tuple[Pred, ...] = Field(min_length=1)


class Or(Node):
    """One of them holds: from France or with a newsletter."""

    node: Literal["or"] = "or"
    preds: tuple[Pred, ...] = Field(min_length=1)


class Not(Node):
    """It does not hold: customers without orders. Where a value is missing, neither it nor its opposite holds."""

    node: Literal["not"] = "not"
    pred: Pred


class Cmp(Node):
    """One value against another: an amount above 300, above the average, above the list price."""

    node: Literal["cmp"] = "cmp"
    left: Item
    op: Op
    right: Operand

    @model_validator(mode="after")
    def _of_values(self) -> Cmp:
        if isinstance(self.left, AllColumns) or (isinstance(self.left, EntityKey) and len(self.left.keys) > 1):
            raise ValueError("a comparison needs single values")
        return self


class In(Node):
    """The left side is one of the values, or one of the rows of the query: brands that have a game.

    A thing is looked up by its key, whatever it is shown by.
    """

    node: Literal["in"] = "in"
    left: Annotated[Attr | EntityKey | Part | Bucket, Field(discriminator="node")]
    values: tuple[Value, ...] = ()
    query: Query | None = None

    @model_validator(mode="after")
    def _one_list(self) -> In:
        if bool(self.values) == (self.query is not None):
            raise ValueError("either values or a query")
        if self.values and isinstance(self.left, EntityKey) and len(self.left.keys) > 1:
            raise ValueError("a key of several columns is not one value")
        return self


class Between(Node):
    """Both ends are in: an amount between 10 and 20."""

    node: Literal["between"] = "between"
    left: Item
    low: Value
    high: Value


class Within(Node):
    """A period: a date from `start` on and before `end` (ISO dates; an end that is None is open).

    In March 2024; since 2025. `label` is what was said.
    """

    node: Literal["within"] = "within"
    of: Attr
    start: str | None = None
    end: str | None = None
    label: str = ""

    @model_validator(mode="after")
    def _bounded(self) -> Within:
        if not self.start and not self.end:
            raise ValueError("a period without an end on either side")
        return self


class Text(Node):
    """What a text holds, whatever its case: a title that contains 'river'; `word`: as a word of its own."""

    node: Literal["text"] = "text"
    of: Attr
    how: Literal["contains", "starts", "ends", "word"]
    value: str = Field(min_length=1)


class Missing(Node):
    """There is no value: customers whose birth date is not known."""

    node: Literal["missing"] = "missing"
    of: Attr


class CountOf(Node):
    """How many: at least 2 rows; with `of`, at least 2 different values or things."""

    op: Op
    n: int = Field(ge=0)
    of: Annotated[Attr | EntityKey, Field(discriminator="node")] | None = None


class Exists(Node):
    """There is a row at the end of the path for which `where` holds; with `count`, so many of them.

    Customers with an order above 40; with at least two. The attributes in `where` start at the path's end. Things
    without any row are not counted as having few: a `Tally` does that.
    """

    node: Literal["exists"] = "exists"
    path: Path = Field(min_length=1)
    where: Pred | None = None
    count: CountOf | None = None


Pred: TypeAlias = Annotated[
    And | Or | Not | Cmp | In | Between | Within | Text | Missing | Exists, Field(discriminator="node")
]
