"""When two readings are one: conditions on related rows that are put differently and hold of the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from datamesh.ask import intent
from datamesh.ask.intent.base import Node

__all__ = ["merged"]

N = TypeVar("N", bound=Node)


def merged(readings: Mapping[intent.Query, float]) -> dict[intent.Query, float]:
    """Each meaning once, as its cheapest reading puts it."""
    kept: dict[Node, intent.Query] = {}
    for reading in sorted(readings, key=lambda reading: readings[reading]):
        kept.setdefault(_canonical(reading), reading)
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
