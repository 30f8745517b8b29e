"""Readings that are one answer: the same rows of the same tables, whichever of them the reading starts from."""

from __future__ import annotations

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile import compile_query

__all__ = ["one_meaning"]


def one_meaning(readings: dict[intent.Query, float]) -> dict[intent.Query, float]:
    """Without those that mean what a cheaper one does: schools with their details, details with their school."""
    kept: dict[object, intent.Query] = {}
    for reading in sorted(readings, key=lambda reading: readings[reading]):
        kept.setdefault(_meaning(reading), reading)
    return {reading: readings[reading] for reading in kept.values()}


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
