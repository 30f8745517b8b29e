"""What a question means: a small typed tree that only says what can be computed. `ask/compile` makes SQL of it.

Everything that answers or shows a question works on this: the planner and a language model fill it, explanations read
it, follow-ups edit it. Its JSON Schema is `schemas/intent.v1.schema.json`.

Tables go by their mesh name (`domain.product`). An `Attr` stands at the end of a path of relationships. What is counted
walks from many to one only, so that no row can ever be counted twice; what lies on the other side is reached by
`Exists` (is there any), by `Tally` (a number of them) or, where nothing is counted, shown row by row.
"""

from __future__ import annotations

from datamesh.ask.intent.base import DATED, AttrKind, Grain, MeasureFn, Node, Op, Source
from datamesh.ask.intent.items import (
    AllColumns,
    Attr,
    Bucket,
    Calc,
    Edge,
    Elapsed,
    Entity,
    EntityKey,
    Item,
    Key,
    Part,
    Path,
    Scalar,
    Value,
)
from datamesh.ask.intent.measures import Change, Measure, Tally
from datamesh.ask.intent.predicates import (
    And,
    Any_,
    Between,
    Cmp,
    CountOf,
    Every,
    Exists,
    In,
    Missing,
    Not,
    Operand,
    Or,
    Pred,
    Text,
    Within,
)
from datamesh.ask.intent.query import Limit, Order, Output, Query, Select, SetOp
from datamesh.ask.intent.schema import json_schema

__all__ = [
    "DATED",
    "AllColumns",
    "And",
    "Any_",
    "Attr",
    "AttrKind",
    "Between",
    "Bucket",
    "Calc",
    "Change",
    "Cmp",
    "CountOf",
    "Edge",
    "Elapsed",
    "Entity",
    "EntityKey",
    "Every",
    "Exists",
    "Grain",
    "In",
    "Item",
    "Key",
    "Limit",
    "Measure",
    "MeasureFn",
    "Missing",
    "Node",
    "Not",
    "Op",
    "Operand",
    "Or",
    "Order",
    "Output",
    "Part",
    "Path",
    "Pred",
    "Query",
    "Scalar",
    "Select",
    "SetOp",
    "Source",
    "Tally",
    "Text",
    "Value",
    "Within",
    "json_schema",
]
