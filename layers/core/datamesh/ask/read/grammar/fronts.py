"""What stands before a noun: [the] [5] [different] [longest] [each]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.names.spelling import verb_form
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Ranked, SetForm
from datamesh.ask.read.grammar.common import direction, holds_values

__all__ = ["FIRST", "ROWS", "fronts"]

ROWS = SetForm(None)  # the ranked thing's own rows
FIRST = 0.1  # with the top 5 populations: by population
_KIND = 0.2  # kinds of devices are the devices


def fronts(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """Articles, each, numbers, distinct, superlatives; in any order that makes sense."""
    states = [Hit(r.the(i), SetForm(None))]
    for _ in range(4):
        yield from states
        states = [Hit(r.the(hit.end), hit.value, hit.cost) for state in states for hit in _front(r, state)]


def _front(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    i, form = state.end, state.value
    for op in r.op(i, "each", "distinct", "kind", "kind_of_value"):
        if op.category == "kind" or (op.category == "kind_of_value" and holds_values(r, op)):
            yield Hit(op.end, form, state.cost + _KIND)
        if op.category == "each" and not form.each:
            yield Hit(op.end, replace(form, each=True), state.cost)
        if op.category == "distinct" and not form.distinct:
            yield Hit(op.end, replace(form, distinct=True), state.cost)
    found = r.number(i)
    if form.number is None and isinstance(found, int) and found > 0:
        yield Hit(i + 1, replace(form, number=found), state.cost)
    yield from _front_rank(r, state)


def _front_rank(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """longest; top 3 cheap; (top 3) most common"""
    i, form = state.end, state.value
    ranked = form.rank is not None and form.rank == Ranked(form.rank.direction)
    if form.rank is None or (ranked and form.number and form.rank.direction == "desc"):
        for rank in _rank(r, i):
            yield Hit(rank.end, replace(form, rank=rank.value), state.cost + rank.cost)
    number = r.number(i)
    if form.rank and ranked and form.number is None and isinstance(number, int):
        for op in r.op(i, "top_adjective"):
            adjective = replace(form.rank, adjective=op.payload)
            yield Hit(op.end, replace(form, rank=adjective, number=number), state.cost)


def _rank(r: Reader, i: int) -> Iterator[Hit[Ranked]]:
    """longest; most common; top (5)"""
    for op in r.op(i, "superlative"):
        if any(end > op.end for end, _ in r.periods(i)):
            continue  # last month
        yield Hit(op.end, Ranked("desc", adjective=op.payload))
        for name in r.names(op.end, "column"):  # most recently opened
            if verb_form(r.tokens[name.end - 1]):
                yield Hit(name.end, Ranked("desc", attr=name, adjective=op.payload), FIRST)
    for op in r.op(i, "common"):
        yield Hit(op.end, Ranked(direction(op), of=ROWS))
    for op in r.op(i, "top"):
        if r.number(op.end) is not None:
            yield Hit(op.end, Ranked(direction(op)))
