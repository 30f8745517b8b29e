"""What a question means: a small typed tree that only says what can be computed. `compile.py` makes SQL of it.

Everything that answers or shows a question works on this: the planner and a language model fill it, explanations read
it, follow-ups edit it. Its JSON Schema is `schemas/intent.v1.schema.json`.

Tables go by their mesh name (`domain.product`). An `Attr` stands at the end of a path of relationships that are walked
from many to one only, so that no row can ever be counted twice; what lies on the other side is reached by `Exists`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

__all__ = [
    "AllColumns",
    "And",
    "Any_",
    "Attr",
    "AttrKind",
    "Between",
    "Bucket",
    "Calc",
    "Cmp",
    "CountOf",
    "Edge",
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
    "Missing",
    "Node",
    "Not",
    "Op",
    "Or",
    "Order",
    "Output",
    "Part",
    "Pred",
    "Query",
    "Scalar",
    "Select",
    "SetOp",
    "Source",
    "Text",
    "Value",
    "Within",
    "json_schema",
]

AttrKind = Literal["text", "number", "boolean", "date", "timestamp", "timestamptz", "time"]
Op = Literal["=", "<>", "<", "<=", ">", ">="]
Grain = Literal["year", "quarter", "month", "week", "day"]
MeasureFn = Literal["count", "count_distinct", "sum", "avg", "min", "max", "median", "contract"]


class Source(BaseModel):
    """Where a node comes from: the question's characters, what made us think so, and what it cost.

    Evidence never tells two readings apart, so all sources are equal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: int = 0
    end: int = 0
    evidence: str = ""
    cost: float = 0.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Source)

    def __hash__(self) -> int:
        return 0


class Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Source = Field(default=Source(), repr=False)


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


Item: TypeAlias = Annotated[Attr | Measure | Calc | Bucket | Part | EntityKey | AllColumns, Field(discriminator="node")]
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
    _model.model_rebuild()

_QUERY: TypeAdapter[Select | SetOp] = TypeAdapter(Query)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a query, as it is committed."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://datamesh.example/schemas/intent.v1.schema.json",
        "title": "datamesh intent, version 1",
        **_QUERY.json_schema(),
    }
