"""Comparisons with other rows: above the average, older than every engineer, higher than that of the largest city."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.intent import Op
from datamesh.ask.lattice import Name
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Compared, Over, SetForm, Valued, Yard
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import Amount, amount, comparison, values

__all__ = ["beyond", "later", "split", "than", "yard"]

_OWNING = ("of", "for", "in", "from", "among", "across", "at")
_OVER: dict[str, Over] = {"avg": "avg", "max": "max", "min": "min", "median": "median"}
_OTHERS = 0.1


def than(r: Reader, i: int) -> Iterator[Hit[Amount]]:
    """Above the average; lower than that of every book"""
    for op in r.op(i, "cmp"):
        for hit in yard(r, op.end):
            yield Hit(hit.end, Amount(comparison(op), hit.value), hit.cost)


@rule
def yard(r: Reader, i: int) -> Iterator[Hit[Yard]]:
    """(above) the average [price] [of books]; (than) every engineer; that of the oldest customer; their own limit"""
    at = r.the(i)
    for op in r.op(at, "agg"):
        if op.payload in _OVER:
            yield from _measured(r, op.end, _OVER[op.payload])
    for start in {i, *_that_of(r, i)}:
        yield from _others(r, start, None)
    for name in r.names(at, "column"):
        yield Hit(name.end, Yard("own", name), _OTHERS)
        if r.word(name.end, *_OWNING):
            yield from _others(r, name.end + 1, name)


def _measured(r: Reader, i: int, over: Over) -> Iterator[Hit[Yard]]:
    """(the average) [number of seats] [of Boeing planes]"""
    yield from _among(r, Hit(i, Yard(over)))
    starts = {r.the(i)}
    if r.word(r.the(i), "number", "amount") and r.word(r.the(i) + 1, "of"):
        starts.add(r.the(r.the(i) + 2))
    for start in starts:
        for name in r.names(start, "column"):
            yield from _among(r, Hit(name.end, Yard(over, name)))


def _among(r: Reader, begun: Hit[Yard]) -> Iterator[Hit[Yard]]:
    """Over all rows; over those of a set; over those that something more is said of: (the average) in France."""
    yield begun
    starts = {begun.end + 1} if r.word(begun.end, *_OWNING) else set()
    if r.tokens[begun.end - 1].fold == "of":
        starts.add(begun.end)
    for start in starts:
        for hit in sets.plain_set(r, r.the(start)):
            yield Hit(hit.end, replace(begun.value, of=hit.value), begun.cost + hit.cost)
    for hit in sets.nounless(r, begun.end):
        if hit.value.preds and not hit.value.rank:
            yield Hit(hit.end, replace(begun.value, of=hit.value), begun.cost + hit.cost)


def _that_of(r: Reader, i: int) -> Iterator[int]:
    """(than) that of"""
    if r.word(i, "that", "those", "the") and r.word(i + 1, *_OWNING):
        yield i + 2
    elif r.word(i, "the") and r.word(i + 1, "one", "ones") and r.word(i + 2, *_OWNING):
        yield i + 3


def _others(r: Reader, i: int, attr: Name | None) -> Iterator[Hit[Yard]]:
    """All books; at least one book; the cheapest book; Night Market"""
    for start, over in _quantified(r, i):
        for hit in sets.plain_set(r, start):
            yield Hit(hit.end, Yard(over, attr, hit.value), hit.cost + _OTHERS)
        for value in values(r, start):
            yield Hit(value.end, Yard(over, attr, SetForm(None, (Valued(None, value.value),))), value.cost + _OTHERS)
    for hit in sets.best_set(r, i):
        if hit.value.number is None:
            yield Hit(hit.end, Yard("every", attr, hit.value), hit.cost + _OTHERS)
    for value in values(r, i):
        if len(value.value) == 1:
            named = SetForm(None, (Valued(None, value.value, ("itself",)),))
            yield Hit(value.end, Yard("every", attr, named), value.cost + _OTHERS)


def _quantified(r: Reader, i: int) -> Iterator[tuple[int, Over]]:
    """All [of] [the] [other]; every; at least one; some."""
    if r.word(i, "all", "every", "each"):
        yield _other(r, i + 1), "every"
    if r.word(i, "some"):
        yield _another(r, _other(r, i + 1)), "some"
    if r.word(i, "another"):
        yield i + 1, "some"
    if r.word(i, "at") and r.word(i + 1, "least") and r.word(i + 2, "one"):
        yield _another(r, _other(r, i + 3)), "some"


def _another(r: Reader, i: int) -> int:
    """More than some other one is more than some one."""
    return i + r.word(i, "other")


def _other(r: Reader, i: int) -> int:
    at = i + 1 if r.word(i, "of") else i
    return r.the(at)


def beyond(r: Reader, i: int, name: Name) -> Iterator[Hit[Compared]]:
    """(whose year is) after that of every film by Smith"""
    signs: tuple[tuple[str, Op], ...] = (("after", ">"), ("before", "<"))
    for category, sign in signs:
        for op in r.op(i, category):
            for hit in yard(r, op.end):
                yield Hit(hit.end, Compared(name, sign, hit.value), hit.cost)


def later(r: Reader, i: int) -> Iterator[Hit[Compared]]:
    """(made) after the most recent film by Smith, (opened) before all stores in Rome: by the date of each"""
    adjectives = (("after", "late"), ("before", "early"))
    for category, adjective in adjectives:
        for op in r.op(i, category):
            for hit in yard(r, op.end):
                yield Hit(hit.end, Compared(None, ">", hit.value, adjective=adjective), hit.cost)
    for name in r.names(i - 1, "column"):  # founded, which is a column
        if name.end == i:
            yield from beyond(r, i, name)


def split(r: Reader, i: int) -> Iterator[Hit[Compared]]:
    """(with) a higher price than 30; more seats than the average"""
    for op in r.op(r.the(i), "more"):
        for name in r.names(op.end, "column"):
            if r.word(name.end, "than"):
                yield from _than(r, name, comparison(op))


def _than(r: Reader, name: Name, sign: Op) -> Iterator[Hit[Compared]]:
    for hit in yard(r, name.end + 1):
        yield Hit(hit.end, Compared(name, sign, hit.value), hit.cost)
    for count in amount(r, name.end + 1):
        found = count.value
        if not found.compared and found.high is None:
            yield Hit(count.end, Compared(name, sign, found.number), count.cost)
