"""What is asked: rows or groups of one subject, and sets of two queries."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from datamesh.ask.intent.base import Node
from datamesh.ask.intent.items import Calc, Entity, Item, Key, Measure
from datamesh.ask.intent.predicates import And, Any_, Between, Cmp, Every, Exists, In, Not, Or, Pred, Scalar

__all__ = [
    "QUERY",
    "Limit",
    "Order",
    "Output",
    "Query",
    "Select",
    "SetOp",
]


class Output(Node):
    """`implied`: not named in the question, shown because a reader wants to see it."""

    item: Item
    implied: bool = False


class Order(Node):
    by: Item
    direction: Literal["asc", "desc"] = "asc"


class Limit(Node):
    """The first `n`; `ties` all: also those that tie with the last. `per`: of each of these groups."""

    n: int = Field(ge=1)
    ties: Literal["one", "all"] = "one"
    per: tuple[Key, ...] = ()


class Select(Node):
    node: Literal["select"] = "select"
    subject: Entity
    outputs: tuple[Output, ...] = Field(min_length=1)
    where: Pred | None = None
    group: tuple[Key, ...] = ()
    having: Pred | None = None
    order: tuple[Order, ...] = ()
    limit: Limit | None = None
    distinct: bool = False


class SetOp(Node):
    """Two queries of equal columns as one set of rows."""

    node: Literal["set"] = "set"
    op: Literal["intersect", "except", "union"]
    left: Query
    right: Query


Query: TypeAlias = Annotated[Select | SetOp, Field(discriminator="node")]

for _model in (
    Measure,
    Calc,
    Scalar,
    Every,
    Any_,
    And,
    Or,
    Not,
    Cmp,
    In,
    Between,
    Exists,
    Output,
    Order,
    Select,
    SetOp,
):
    _model.model_rebuild(_types_namespace={"Item": Item, "Pred": Pred, "Query": Query})

QUERY: TypeAdapter[Select | SetOp] = TypeAdapter(Query)
