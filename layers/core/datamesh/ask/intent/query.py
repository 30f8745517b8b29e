"""What is asked: rows or groups of one subject, and sets of two queries."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter, model_validator

from datamesh.ask.intent import items, measures, predicates
from datamesh.ask.intent.base import Node
from datamesh.ask.intent.checks import check_select, check_set
from datamesh.ask.intent.items import Entity, Item, Key
from datamesh.ask.intent.predicates import Pred

__all__ = ["QUERY", "Limit", "Order", "Output", "Query", "Select", "SetOp"]


class Output(Node):
    """What is shown. `implied`: not named in the question, shown because a reader wants to see it.

    `name`: what its column is called, where a query around this one needs to know.
    """

    item: Item
    implied: bool = False
    name: str = ""


class Order(Node):
    """Sorted by it, the missing last: the dearest first."""

    by: Item
    direction: Literal["asc", "desc"] = "asc"


class Limit(Node):
    """The first `n` after `skip`; `ties` all: also those that tie with the last. `per`: of each of these groups.

    The three dearest toys; the second dearest; the dearest of each brand.
    """

    n: int = Field(ge=1)
    ties: Literal["one", "all"] = "one"
    per: tuple[Key, ...] = ()
    skip: int = Field(default=0, ge=0)


class Select(Node):
    """Rows of the subject, or numbers over them, in groups where there are keys: revenue per brand in 2024.

    Things that repeat (a customer of many orders) are shown once each when grouped by. A period is a `Within` among
    the conditions; a comparison of two is a `Change` among the outputs.
    """

    node: Literal["select"] = "select"
    subject: Entity
    outputs: tuple[Output, ...] = Field(min_length=1)
    where: Pred | None = None
    group: tuple[Key, ...] = ()
    having: Pred | None = None
    order: tuple[Order, ...] = ()
    limit: Limit | None = None
    distinct: bool = False

    @model_validator(mode="after")
    def _computable(self) -> Select:
        check_select(self)
        return self


class SetOp(Node):
    """Two queries of equal columns as one set of rows: towns of customers that are also towns of depots.

    `by` key: both show one thing each, which is the same when its key is, not when its name is. `bag`: a union that
    keeps rows that are in both, or several times in one: the payments of two years.
    """

    node: Literal["set"] = "set"
    op: Literal["intersect", "except", "union"]
    left: Query
    right: Query
    by: Literal["row", "key"] = "row"
    bag: bool = False
    order: tuple[Order, ...] = ()
    limit: Limit | None = None

    @model_validator(mode="after")
    def _computable(self) -> SetOp:
        check_set(self)
        return self


Query: TypeAlias = Annotated[Select | SetOp, Field(discriminator="node")]


def _rebuild() -> None:
    """Every model knows every other: a condition may hold a query, which holds conditions."""
    names = {name: found for module in (items, measures, predicates) for name, found in vars(module).items()}
    names |= {"Query": Query, "Output": Output, "Select": Select, "SetOp": SetOp}
    for model in [*names.values(), Order, Limit]:
        if isinstance(model, type) and issubclass(model, BaseModel):
            model.model_rebuild(_types_namespace=names)


_rebuild()
QUERY: TypeAdapter[Select | SetOp] = TypeAdapter(Query)
