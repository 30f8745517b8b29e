"""When two readings are one: the same conditions put differently, the same rows wherever they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile import compile_query
from datamesh.ask.intent.base import Node

__all__ = ["lifted", "merged", "one_meaning"]

N = TypeVar("N", bound=Node)


def lifted(query: intent.Query) -> intent.Query:
    """The teams that have the 5 oldest players, where a player's row holds the team: the first 5 rows, in order."""
    if not isinstance(query, intent.Select) or not isinstance(query.where, intent.In) or not _mere_rows(query):
        return query
    key, first = query.where.left, query.where.query
    if not isinstance(key, intent.EntityKey) or key.path or not isinstance(first, intent.Select) or not first.limit:
        return query
    shown = first.outputs[0].item
    own = isinstance(shown, intent.Attr) and not shown.path and (shown.column,) == key.keys
    if not own or first.subject != query.subject or first.group or first.distinct or first.limit.per:
        return query
    return query.model_copy(update={"where": first.where, "order": first.order, "limit": first.limit})


def _mere_rows(query: intent.Select) -> bool:
    """Whether it shows each row of its subject, in no order."""
    if query.group or query.order or query.limit or query.distinct:
        return False
    return all(isinstance(out.item, intent.Attr | intent.EntityKey | intent.AllColumns) for out in query.outputs)


def merged(readings: Mapping[intent.Query, float]) -> dict[intent.Query, float]:
    """Each meaning once, as its cheapest reading puts it."""
    return _each_once(readings, _canonical)


def one_meaning(readings: Mapping[intent.Query, float]) -> dict[intent.Query, float]:
    """Without those that mean what a cheaper one does: schools with their details, details with their school."""
    return _each_once(readings, _meaning)


def _each_once(
    readings: Mapping[intent.Query, float], meaning: Callable[[intent.Query], object]
) -> dict[intent.Query, float]:
    kept: dict[object, intent.Query] = {}
    for reading in sorted(readings, key=lambda reading: readings[reading]):
        kept.setdefault(meaning(reading), reading)
    return {reading: readings[reading] for reading in kept.values()}


def _canonical(node: N) -> N:
    """A match whose home team is from Arden, and the home team from Arden of a match: rows to many, then their own."""
    changed = {name: _inside(value) for name, value in node if _nodes(value)}
    node = node.model_copy(update=changed) if changed else node
    if not isinstance(node, intent.Exists) or node.count is not None:
        return node
    path, where = node.path, node.where
    if isinstance(where, intent.Exists) and where.count is None:
        path, where = (*path, *where.path), where.where
    last = max((n for n, edge in enumerate(path) if edge.many), default=-1) + 1
    if where is not None and 0 < last < len(path):
        path, where = path[:last], _reached(where, path[last:])
    return node.model_copy(update={"path": path, "where": where})


def _nodes(value: object) -> bool:
    return isinstance(value, Node) or (isinstance(value, tuple) and any(isinstance(part, Node) for part in value))


def _inside(value: object) -> object:
    if isinstance(value, tuple):
        return tuple(_canonical(part) if isinstance(part, Node) else part for part in value)
    return _canonical(value) if isinstance(value, Node) else value


def _reached(node: N, path: intent.Path) -> N:
    """The same condition, of rows that `path` leads to; what is nested in it keeps its own beginning."""
    if isinstance(node, intent.Select | intent.SetOp):
        return node
    if isinstance(node, intent.Exists):
        return node.model_copy(update={"path": (*path, *node.path)})
    changed: dict[str, object] = {
        name: tuple(_reached(part, path) if isinstance(part, Node) else part for part in value)
        if isinstance(value, tuple)
        else _reached(value, path)
        for name, value in node
        if name != "path" and _nodes(value)
    }
    if hasattr(node, "path"):
        changed["path"] = (*path, *node.path)
    return node.model_copy(update=changed)


def _meaning(reading: intent.Query) -> object:
    """The statement with its inner joins in no order; as it stands where a join is of another kind."""
    tree = compile_query(reading)
    start = tree.args.get("from_") or tree.args.get("from")
    joins: list[exp.Join] = tree.args.get("joins") or []
    if not isinstance(tree, exp.Select) or start is None or any(_one_sided(join) for join in joins):
        return tree.sql()
    tables = frozenset(part.this.sql() for part in (start, *joins))
    conditions = frozenset(sides for join in joins for sides in _sides(join))
    rest = tree.copy()
    for part in ("from_", "from", "joins"):
        rest.set(part, None)
    return tables, conditions, rest.sql()


def _one_sided(join: exp.Join) -> bool:
    return bool(join.side) or join.kind not in ("", "INNER") or join.args.get("on") is None


def _sides(join: exp.Join) -> list[frozenset[str]]:
    """What equals what, the two sides of each in no order."""
    parts = join.args["on"].flatten() if isinstance(join.args["on"], exp.And) else (join.args["on"],)
    equal = [part for part in parts if isinstance(part, exp.EQ)]
    return [frozenset((part.left.sql(), part.right.sql())) for part in equal]
