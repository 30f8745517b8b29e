"""What cannot be computed is no intent: checks of a whole query. They raise ValueError, which pydantic reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from datamesh.ask.intent.base import Node
from datamesh.ask.intent.items import AllColumns, Attr, Bucket, EntityKey, Part, Path, Scalar
from datamesh.ask.intent.measures import Change, Measure, Tally
from datamesh.ask.intent.predicates import Any_, Every, Exists, In

if TYPE_CHECKING:
    from datamesh.ask.intent.query import Query, Select, SetOp

__all__ = ["aggregates", "check_select", "check_set", "first_side", "inside", "parts", "width"]

_ON_PATH = frozenset({Attr, EntityKey, AllColumns})
_NESTED = frozenset({Scalar, Every, Any_})
_NUMBERS = frozenset({Measure, Change})
_CLOSED = frozenset({*_NESTED, *_ON_PATH, Exists, Tally})
_SINGLE = frozenset({*_ON_PATH, Tally, Part, Bucket})


def parts(node: Node) -> Iterator[Node]:
    """The nodes directly in this one; a path is no part of its own. By type, for isinstance of a model is slow."""
    for name, value in vars(node).items():
        if type(value) is tuple and name != "path":
            yield from (part for part in value if Node in type(part).__mro__)
        elif Node in type(value).__mro__:
            yield value


def inside(roots: Iterable[Node | None]) -> Iterator[Node]:
    """These nodes and all in them that are computed over the same rows: not the nested queries, nor related rows."""
    for node in roots:
        if node is None:
            continue
        yield node
        if isinstance(node, In):  # its query has rows of its own
            yield node.left
        elif type(node) not in _CLOSED:
            yield from inside(parts(node))


def aggregates(query: Select) -> bool:
    """Whether rows are put together, into groups or into one."""
    return bool(query.group) or any(type(node) in _NUMBERS for node in inside(_shown(query)))


def first_side(query: Query) -> Select:
    """Itself; of a set, whose columns and names all sides have."""
    while query.node == "set":
        query = query.left
    return query


def width(query: Query) -> int:
    """How many columns a query shows; a thing counts as one."""
    return sum(len(o.item.columns) if isinstance(o.item, AllColumns) else 1 for o in first_side(query).outputs)


def check_select(query: Select) -> None:
    rows = list(inside([query.where]))
    if any(type(node) in _NUMBERS for node in rows):
        raise ValueError("a condition on rows has no number over rows; use having")
    shown = list(inside(_shown(query)))
    many = set(_fans(shown))
    if query.group or any(type(node) in _NUMBERS for node in shown):
        _check_groups(query, shown)
        if many or any(_fans(inside(query.group))):
            raise ValueError("what is counted walks from many to one; use Tally or another subject")
    elif query.having is not None:
        raise ValueError("having without anything put together")
    if not all(_along(path, many) for path in _fans(rows)):
        raise ValueError("a condition on related rows that are not shown is Exists")
    if query.limit and (query.limit.per or query.limit.ties == "all") and not query.order:
        raise ValueError("the first of each, and ties, need an order")
    _check_nested([*rows, *shown])


def check_set(query: SetOp) -> None:
    if width(query.left) != width(query.right):
        raise ValueError("two sets of rows of one width")
    if query.bag and (query.op != "union" or query.by != "row"):
        raise ValueError("only a union of rows keeps rows that repeat")
    if query.by == "key" and len({_thing(side) for side in (query.left, query.right)} | {None}) != 2:
        raise ValueError("by key, both sides show one thing of one table")
    shown = [output.item for output in first_side(query).outputs]
    if any(order.by not in shown for order in query.order):
        raise ValueError("a set is ordered by what it shows")
    if query.limit and (query.limit.per or (query.limit.ties == "all" and not query.order)):
        raise ValueError("ties need an order; a set has no groups")


def _fans(nodes: Iterable[Node]) -> Iterator[Path]:
    """The paths that lead to many rows."""
    for node in nodes:
        if type(node) in _ON_PATH and (path := getattr(node, "path", ())) and any(edge.many for edge in path):
            yield path


def _shown(query: Select) -> list[Node | None]:
    return [*query.outputs, query.having, *query.order]


def _check_groups(query: Select, shown: Iterable[Node]) -> None:
    """Beside numbers only what is the same for a whole group can be shown."""
    things = {key.path for key in query.group if isinstance(key, EntityKey)}
    for node in _single([*query.outputs, *query.order]):
        if node not in query.group and not (isinstance(node, Attr | EntityKey) and node.path in things):
            raise ValueError("beside numbers stands only what is grouped by")
    for key in query.limit.per if query.limit else ():
        if query.group and key not in query.group:
            raise ValueError("the first of each of what is no group")
    for node in shown:
        if type(node) is Change and node.along is not None and node.along not in query.group:
            raise ValueError("a change along what is no group")


def _single(roots: Iterable[Node]) -> Iterator[Node]:
    """What is shown as it stands, outside of numbers over rows."""
    for node in roots:
        if type(node) in _SINGLE:
            yield node
        elif type(node) not in _NUMBERS and type(node) not in _NESTED:
            yield from _single(parts(node))


def _along(path: Path, shown: Iterable[Path]) -> bool:
    """Whether the to-many steps of a path are steps that something shown takes as well."""
    last = max(n for n, edge in enumerate(path, start=1) if edge.many)
    return any(other[:last] == path[:last] for other in shown)


def _check_nested(nodes: Iterable[Node]) -> None:
    for node in nodes:
        query: Query | None = getattr(node, "query", None)
        if query is not None and width(query) != 1:
            raise ValueError("a nested query has one column")
        if query is not None and type(node) is Scalar and not _one_row(query):
            raise ValueError("a single value comes from one row")


def _one_row(query: Query) -> bool:
    if query.limit and query.limit.n == 1 and query.limit.ties == "one" and not query.limit.per:
        return True
    return query.node == "select" and aggregates(query) and not query.group


def _thing(query: Query) -> str | None:
    """The table of the one thing that a query shows."""
    outputs = first_side(query).outputs
    item = outputs[0].item
    return item.table if len(outputs) == 1 and isinstance(item, EntityKey) else None
