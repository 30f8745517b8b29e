"""What changes about the last question: and in December, by airport instead, only Boeing, the average, top 5."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datamesh.ask.intent import MeasureFn
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Aggregate, Count, Dated, Direction, OrderForm, PredForm, SetForm
from datamesh.ask.read.grammar import outputs, sets
from datamesh.ask.read.grammar.common import direction, function
from datamesh.ask.read.grammar.groups import Keys, group_keys
from datamesh.ask.read.grammar.orders import order

__all__ = ["Edit", "edits", "leads"]

_PERIOD = 0.1


@dataclass(frozen=True)
class Edit:
    """One change: conditions, groups (`also`: beside those there are), the number, its function, order, how many."""

    preds: tuple[PredForm, ...] = ()
    groups: Keys = ()
    also: bool = False
    number: Count | Aggregate | None = None
    fn: MeasureFn | None = None
    order: tuple[OrderForm, ...] = ()
    top: int = 0
    end: Direction = "desc"


def leads(r: Reader) -> bool:
    """Whether the words say outright that something said before goes on."""
    first = r.longest(0, "lead", "group", "sorting", "direction")
    return first is not None or any(r.longest(i, "instead") for i in range(len(r.tokens)))


def edits(r: Reader) -> list[Hit[Edit]]:
    """Every reading of the words as one change, the cheapest first."""
    start, also = 0, False
    while op := r.longest(start, "lead"):
        also |= any(token.fold == "also" for token in r.tokens[op.start : op.end])
        start = r.comma(op.end)
    found = [hit for rule in (_preds, _number, _order, _top) for hit in rule(r, start)]
    found += [Hit(hit.end, Edit(groups=hit.value, also=also), hit.cost) for hit in group_keys(r, start)]
    whole = [Hit(_end(r, hit.end), hit.value, hit.cost) for hit in found]
    return sorted((hit for hit in whole if hit.end == len(r.tokens)), key=lambda hit: hit.cost)


def _end(r: Reader, i: int) -> int:
    while i < len(r.tokens):
        op = r.longest(i, "instead", "please")
        if op is None and not r.word(i, "?", ".", "!", ","):
            break
        i = op.end if op else i + 1
    return i


def _preds(r: Reader, i: int) -> Iterator[Hit[Edit]]:
    """In December; 2023; Boeing; from France with a price above 30"""
    for end, period in r.periods(r.the(i)):
        yield Hit(end, Edit(preds=(Dated(None, "in", period),)), _PERIOD)
    for hit in sets.with_posts(r, Hit(i, SetForm(None))):
        if hit.value.preds and hit.value.rank is None:
            yield Hit(hit.end, Edit(preds=hit.value.preds), hit.cost)


def _number(r: Reader, i: int) -> Iterator[Hit[Edit]]:
    """The average; the total amount; the number of orders"""
    for op in r.op(r.the(i), "agg"):
        yield Hit(op.end, Edit(fn=function(op)))
    for hit in outputs.output(r, i):
        only = hit.value[0]
        if len(hit.value) == 1 and isinstance(only, Count | Aggregate) and not (only.of and only.of.rank):
            yield Hit(hit.end, Edit(number=only), hit.cost)


def _order(r: Reader, i: int) -> Iterator[Hit[Edit]]:
    """Sort by name; highest first"""
    for hit in order(r, i):
        yield Hit(hit.end, Edit(order=hit.value), hit.cost)


def _top(r: Reader, i: int) -> Iterator[Hit[Edit]]:
    """The top 5; the first 3"""
    for op in r.op(r.the(i), "top"):
        number = r.number(op.end)
        if isinstance(number, int) and number > 0:
            yield Hit(op.end + 1, Edit(top=number, end=direction(op)))
