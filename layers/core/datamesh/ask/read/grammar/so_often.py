"""How many times something was done: the rows that keep it, of whom or what it was done by or to."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Linked, PredForm, SetForm, Valued
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import UNREAD_VERB, values
from datamesh.ask.read.grammar.verbs import chain

__all__ = ["doers", "so_often"]


def so_often(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """(how many times) has Ann Lee reserved a room; was the Gadget ordered in March"""
    if not r.word(i, "times"):
        return
    starts = {i + 1, *(op.end for op in r.op(i + 1, "aux", "have", "be"))}
    for start in starts:
        for end, pred, cost in doers(r, start):
            for begun in (None, *chain(r, end)):
                if begun is None or not begun.value.negated:
                    yield from _done(r, begun.end if begun else end, pred, cost)


def _done(r: Reader, i: int, pred: PredForm, cost: float) -> Iterator[Hit[SetForm]]:
    """reserved [a room with two beds] [in March]: what a table keeps, by its verb"""
    deed = r.lattice.deeds.get(i)
    if deed is None:
        return
    rows, verb = sets.headed(deed).plus(pred), (r.tokens[i].stem,)
    yield from sets.with_posts(r, Hit(r.reach(i + 1), rows, cost + UNREAD_VERB))
    for what in sets.plain_set(r, i + 1):
        done = Hit(what.end, rows.plus(Linked(what.value, verb)), cost + what.cost + UNREAD_VERB)
        yield from sets.with_posts(r, done)


def doers(r: Reader, i: int) -> Iterator[tuple[int, Linked | Valued, float]]:
    """Boeing; the customers from France; the oldest customer: where it ends, that it has these, the cost"""
    for doer in [*sets.plain_set(r, i), *sets.best_set(r, i)]:
        yield doer.end, Linked(doer.value, ("have",)), doer.cost
    for value in values(r, i):
        yield value.end, Valued(None, value.value, ("have",)), value.cost
