"""What kind of question a statement answers, read from the statement: how questions are told apart in reports. Pure."""

from __future__ import annotations

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError

__all__ = ["SHAPES", "shape_of"]

SHAPES = (
    *("projection", "aggregate", "filter", "order", "group", "group, having"),
    *("join", "join, filter", "join, order", "join, group", "nested", "set operation", "unread"),
)


def shape_of(sql: str, dialect: str) -> str:
    """One of SHAPES: the hardest thing in `sql`, from a plain projection up to a set operation; `unread` for no SQL."""
    try:
        tree = parse_one(sql, dialect=dialect)
    except (SqlglotError, ValueError):
        return "unread"
    if not isinstance(tree, exp.Query):
        return "unread"
    if tree.find(exp.SetOperation):
        return "set operation"
    if len(list(tree.find_all(exp.Select))) > 1:
        return "nested"
    return _single(tree)


def _single(tree: exp.Query) -> str:
    joined = tree.find(exp.Join) is not None
    if tree.args.get("group"):
        return "join, group" if joined else "group, having" if tree.args.get("having") else "group"
    ordered, filtered = tree.args.get("order"), tree.args.get("where")
    if joined:
        return "join, order" if ordered else "join, filter" if filtered else "join"
    if ordered:
        return "order"
    return "filter" if filtered else "aggregate" if tree.find(exp.AggFunc) else "projection"
