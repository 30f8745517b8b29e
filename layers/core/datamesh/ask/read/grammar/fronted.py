"""What is said before the question: in 2024, (how many orders); for the oldest film, (what is its title)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Aggregate, Count, Dated, Form, Linked, Out, Plain, SetForm
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import time

__all__ = ["fronted"]

_SAID_BEFORE = 0.1
Asked = Callable[[Reader, int], Iterable[Hit[Form]]]


def fronted(r: Reader, i: int, asked: Asked) -> Iterator[Hit[Form]]:
    """A period or rows, then a comma, then what `asked` reads."""
    yield from _when(r, i, asked)
    yield from _of_which(r, i, asked)


def _when(r: Reader, i: int, asked: Asked) -> Iterator[Hit[Form]]:
    """In the year 2024, (how many orders were there): of the rows that a number is over, where nothing else happened"""
    for when in time(r, i):
        after, dated = when.end + 1, Dated(None, when.value.how, when.value.period, when.value.last)
        for hit in asked(r, after) if r.word(when.end, ",") else ():
            sets_ = [out.of or SetForm(None) for out in hit.value.outputs]
            of_rows = all(
                isinstance(out, Count | Aggregate) or not (out.of and out.of.head) for out in hit.value.outputs
            )
            if of_rows and not any(isinstance(pred, Linked) for of in sets_ for pred in of.preds):
                outs = (replace(o, of=of.plus(dated)) for o, of in zip(hit.value.outputs, sets_, strict=True))
                yield Hit(hit.end, replace(hit.value, outputs=tuple(outs)), hit.cost + when.cost)


def _of_which(r: Reader, i: int, asked: Asked) -> Iterator[Hit[Form]]:
    """For the oldest film, (what is its title and year); for customers in Rome, (show the average age)"""
    if not r.word(i, "for"):
        return
    for of in [*sets.plain_set(r, i + 1), *sets.best_set(r, i + 1)]:
        there = r.longest(of.end, "tail")  # for the oldest film listed
        after = there.end if there else of.end
        for hit in asked(r, after + 1) if r.word(after, ",") else ():
            outs = tuple(_out_of(out, of.value) for out in hit.value.outputs)
            if not hit.value.groups and all(outs):
                found = replace(hit.value, outputs=tuple(out for out in outs if out))
                yield Hit(hit.end, found, hit.cost + of.cost + _SAID_BEFORE)


def _out_of(out: Out, of: SetForm) -> Out | None:
    """What says of nothing yet what it is of, of these."""
    return replace(out, of=of) if isinstance(out, Plain | Aggregate) and out.of is None else None
