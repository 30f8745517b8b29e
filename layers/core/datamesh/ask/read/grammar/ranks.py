"""What puts a set in an order of which the first is meant: the highest elevation, the most flights, most common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Operator
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Post, Ranked
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import attrs, direction
from datamesh.ask.read.grammar.pointing import with_its_verb

__all__ = ["most_common", "ranked"]

_MUCH = ("most", "fewest", "number", "amount", "total")  # said of what adds up


@rule
def ranked(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with) the highest elevation; the most flights; the lowest average price; the oldest age"""
    for op in r.op(i, "most"):
        yield from _by_what(r, op)
    for op in r.op(r.the(i), "superlative"):
        for name in attrs(r, op.end):
            yield Hit(name.end, Ranked("desc", attr=name, adjective=op.payload), 0.1)


def _by_what(r: Reader, op: Operator) -> Iterator[Hit[Post]]:
    much = any(token.fold in _MUCH for token in r.tokens[op.start : op.end])
    for ranks in sets.measure_of_rank(r, r.the(op.end), Ranked(direction(op))):
        plain = ranks.value.attr is not None and ranks.value.fn is None
        yield Hit(ranks.end, replace(ranks.value, total=plain and much), ranks.cost)
    for hit in with_its_verb(r, sets.counted_set(r, op.end)):
        yield Hit(hit.end, Ranked(direction(op), of=hit.value), hit.cost)


def most_common(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that is) most common [among planes]"""
    for op in r.op(i, "common"):
        yield Hit(op.end, Ranked(direction(op), of=sets.ROWS))
        for hit in sets.among(r, op.end):
            yield Hit(hit.end, Ranked(direction(op), of=hit.value), hit.cost)
