"""Restrictions that no column of their name could bear are no readings: they would only crowd out others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datamesh.ask.lattice import Name
from datamesh.ask.names.views import ColumnView
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Compared, Contains, Dated, Lacking, Post, Valued
from datamesh.ask.read.periods import datable

__all__ = ["CLOSE", "possible", "possible_values"]

CLOSE = 0.5  # what a column's name may cost that is said like an adjective, or to be missing


def possible(r: Reader, hits: Iterable[Hit[Post]]) -> Iterator[Hit[Post]]:
    """Those whose named attribute is a number, a date, a text, holds the values: whatever is said of it."""
    return (hit for hit in hits if _fits(r, hit.value))


def possible_values(r: Reader, name: Name | None) -> bool:
    """Whether different values may be counted: of a text that is not only a part of the name."""
    near = [target for target in name.targets if target.cost < CLOSE] if name else []
    return any(r.lattice.vocabulary.column(t.table, t.name).kind == "text" for t in near if t.kind == "column")


def _fits(r: Reader, pred: Post) -> bool:
    match pred:
        case Compared(attr=Name() as name, op=op) if op not in ("=", "<>"):
            return any(column.numeric for column in _columns(r, name))
        case Dated(attr=Name() as name):
            return any(datable(column) for column in _columns(r, name))
        case Lacking(attr=name, flag=True):
            close = [target for target in name.targets if target.kind == "column" and target.cost < CLOSE]
            return any(r.lattice.vocabulary.column(t.table, t.name).no is not None for t in close)
        case Contains(attr=Name() as name):
            return any(column.kind == "text" for column in _columns(r, name))
        case Valued(attr=Name() as name, values=values):
            named = {(target.table, target.name) for target in name.targets}
            return all(v.quoted or any((hit.table, hit.column) in named for hit in v.hits) for v in values)
        case _:
            return True


def _columns(r: Reader, name: Name) -> Iterator[ColumnView]:
    return (r.lattice.vocabulary.column(t.table, t.name) for t in name.targets if t.kind == "column")
