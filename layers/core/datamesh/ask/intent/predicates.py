"""Conditions on rows and on groups, with queries inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Field

from datamesh.ask.intent.base import Node, Op
from datamesh.ask.intent.items import Attr, Calc, EntityKey, Item, Measure, Path, Value

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
    "Scalar",
    "Text",
    "Within",
]


class Scalar(Node):
    """The one value of a query of one row and one column."""

    node: Literal["scalar"] = "scalar"
    query: Query


class Every(Node):
    node: Literal["every"] = "every"
    query: Query


class Any_(Node):  # noqa: N801 - `Any` is typing's
    node: Literal["any"] = "any"
    query: Query


Operand: TypeAlias = Annotated[Value | Attr | Measure | Scalar | Every | Any_ | Calc, Field(discriminator="node")]


class And(Node):
    node: Literal["and"] = "and"
    preds: tuple[Pred, ...]


class Or(Node):
    node: Literal["or"] = "or"
    preds: tuple[Pred, ...]


class Not(Node):
    node: Literal["not"] = "not"
    pred: Pred


class Cmp(Node):
    node: Literal["cmp"] = "cmp"
    left: Item
    op: Op
    right: Operand


class In(Node):
    """The left side is one of the values, or one of the rows of the query."""

    node: Literal["in"] = "in"
    left: Annotated[Attr | EntityKey, Field(discriminator="node")]
    values: tuple[Value, ...] = ()
    query: Query | None = None


class Between(Node):
    """Both ends are in."""

    node: Literal["between"] = "between"
    left: Item
    low: Value
    high: Value


class Within(Node):
    """A date from `start` on and before `end` (ISO dates; an end that is None is open). `label` is what was said."""

    node: Literal["within"] = "within"
    of: Attr
    start: str | None = None
    end: str | None = None
    label: str = ""


class Text(Node):
    node: Literal["text"] = "text"
    of: Attr
    how: Literal["contains", "starts", "ends"]
    value: str


class Missing(Node):
    node: Literal["missing"] = "missing"
    of: Attr


class CountOf(Node):
    op: Op
    n: int


class Exists(Node):
    """There is a row at the end of the path for which `where` holds; with `count`, so many of them.

    The attributes in `where` start at the path's end. Things without any row are not counted as having few.
    """

    node: Literal["exists"] = "exists"
    path: Path = Field(min_length=1)
    where: Pred | None = None
    count: CountOf | None = None


Pred: TypeAlias = Annotated[
    And | Or | Not | Cmp | In | Between | Within | Text | Missing | Exists, Field(discriminator="node")
]
