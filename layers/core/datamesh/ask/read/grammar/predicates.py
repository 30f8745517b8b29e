"""What restricts a set: with more than 300 seats, flown by Boeing planes, in March, without a name, the most seats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.annotate import Operator
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Compared, Dated, Lacking, Linked, Post, Ranked, Valued, Yard
from datamesh.ask.read.grammar import nested, sets
from datamesh.ask.read.grammar.clauses import clause, word_in
from datamesh.ask.read.grammar.common import Amount, amount, attrs, being, dated, direction, function, time, values

__all__ = ["post", "predicate"]

_SKIPPED_VERB = 0.4  # a verb that was taken for the one relationship it can mean
_CLOSE = 0.5  # what a column's name may cost that is said to be missing
_THING_TOO = 1.0


@rule
def post(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """Everything that may stand behind the noun that it restricts."""
    for op in r.op(i, "whose"):
        yield from clause(r, op.end)
    for op in r.op(i, "with"):
        yield from _having(r, op.end)
    for op in r.op(i, "without"):
        yield from _lacking(r, op.end)
    for op in r.op(i, "that"):
        yield from predicate(r, op.end)
    for op in r.op(i, "named"):
        for hit in values(r, op.end):
            yield Hit(hit.end, Valued(None, hit.value, ("named",)), hit.cost)
    for op in r.op(i, "contains", "with"):
        yield from word_in(r, op.end)
    yield from _missing(r, i)
    yield from _related(r, i)
    yield from _comparative(r, i)
    for when in time(r, i):
        yield Hit(when.end, dated(when.value), when.cost)
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value), hit.cost + 0.3)


@rule
def predicate(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """A verb phrase of a relative clause or of a question: are from Boston, have more than 3 flights, fly to Boston."""
    if r.longest(i, "be"):
        yield from _copula(r, *being(r, i))
    for op in r.op(i, "have"):
        yield from _having(r, op.end)
        yield from _dearer(_related(r, op.end), 0.05)
    for op in r.op(i, "have_not"):
        yield from _lacking(r, op.end)
        yield from _negated(_related(r, op.end))
        yield from _negated(clause(r, op.end))
    for op in r.op(i, "aux"):
        if no := r.longest(op.end, "not"):
            yield from _negated(_related(r, no.end))
    yield from _related(r, i)
    yield from clause(r, i)


def _copula(r: Reader, i: int, negated: bool) -> Iterator[Hit[Post]]:
    """(is) [not] in Boston; missing a name; older than 56; the highest; most common; in 2013"""
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, ("be",), negated), hit.cost + 0.2)
    for when in time(r, i):
        yield Hit(when.end, dated(when.value, negated=negated), when.cost)
    for lacking in _missing(r, i):
        yield Hit(lacking.end, replace(lacking.value, negated=negated), lacking.cost)
    if negated:
        yield from _negated(_related(r, i))
        return
    yield from _related(r, i)
    yield from _comparative(r, i)
    yield from _ranked(r, i)
    yield from _most_common(r, r.the(i))
    for op in r.op(r.the(i), "superlative"):
        yield Hit(op.end, Ranked("desc", adjective=op.payload), 0.1)


@rule
def _having(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with, that has) a height of over 5000; more than 300 seats; at least 3 flights; the most seats; black card"""
    yield from clause(r, i)
    yield from word_in(r, i)
    yield from _ranked(r, i)
    yield from _missing(r, i)
    for count in [*amount(r, i), *nested.than(r, i)]:
        yield from _counted(r, count)
    for related in [*sets.plain_set(r, i), *sets.best_set(r, i)]:
        yield Hit(related.end, Linked(related.value, ("have",)), related.cost + 0.2)
    yield from nested.split(r, i)
    for hit in values(r, i):
        for name in r.names(hit.end, "column"):
            yield Hit(name.end, Valued(name, hit.value), hit.cost)
    if r.word(i, "no", "not"):
        yield from _lacking(r, i + 1)


def _counted(r: Reader, count: Hit[Amount]) -> Iterator[Hit[Post]]:
    """More than 300 seats, a number of the row's own; more than 3 flights, rows."""
    found = count.value
    for name in r.names(count.end, "column"):
        yield Hit(name.end, Compared(name, found.op, found.number, found.high), count.cost)
    if found.high is None and not isinstance(found.number, Yard) and float(found.number).is_integer():
        for hit in sets.plain_set(r, count.end):
            linked = Linked(hit.value, ("have",), count=(found.op, int(found.number)))
            yield Hit(hit.end, linked, hit.cost + count.cost)


@rule
def _ranked(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with) the highest elevation; the most flights; the lowest average price; the oldest age"""
    for op in r.op(i, "most"):
        yield from _by_what(r, op)
    for op in r.op(r.the(i), "superlative"):
        for name in attrs(r, op.end):
            yield Hit(name.end, Ranked("desc", attr=name, adjective=op.payload), 0.1)


def _by_what(r: Reader, op: Operator) -> Iterator[Hit[Post]]:
    for name in attrs(r, op.end):
        yield Hit(name.end, Ranked(direction(op), attr=name))
    for name in r.names(op.end, "measure"):
        yield Hit(name.end, Ranked(direction(op), attr=name, fn="contract"))
    for fn in r.op(op.end, "agg"):
        for name in attrs(r, fn.end):
            yield Hit(name.end, Ranked(direction(op), attr=name, fn=function(fn)))
    for hit in sets.plain_set(r, op.end):
        yield Hit(hit.end, Ranked(direction(op), of=hit.value), hit.cost)


def _most_common(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that is) most common [among planes]"""
    for op in r.op(i, "common"):
        yield Hit(op.end, Ranked(direction(op), of=sets.ROWS))
        for hit in sets.among(r, op.end):
            yield Hit(hit.end, Ranked(direction(op), of=hit.value), hit.cost)


def _missing(r: Reader, i: int) -> Iterator[Hit[Lacking]]:
    """missing a tail number; with unknown age"""
    for op in r.op(i, "missing"):
        for name in attrs(r, op.end):
            yield Hit(name.end, Lacking(name))


def _lacking(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(without, no) name; flights. What names a thing, too, is rather the thing."""
    if not r.word(i, "the"):
        at = i + r.word(i, "a", "an", "any")
        for name in r.names(at, "column"):
            if name.targets[0].cost < _CLOSE:
                things = any(r.names(at, "table"))
                yield Hit(name.end, Lacking(name), _THING_TOO if things else 0.0)
    for hit in sets.plain_set(r, i):
        yield Hit(hit.end, Linked(hit.value, ("have",), negated=True), hit.cost + 0.2)


def _comparative(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """older than 56; longer than 300 miles"""
    for op in r.op(i, "compare"):
        for count in amount(r, op.end):
            if not count.value.compared and count.value.high is None:
                yield Hit(count.end, Compared(None, ">", count.value.number, adjective=op.payload), count.cost)
        for than in nested.yard(r, op.end):
            yield Hit(than.end, Compared(None, ">", than.value, adjective=op.payload), than.cost)


@rule
def _related(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """[not] [flown] [by] Boeing planes; from JFK; in the banking industry; opened before 2008; held the most events"""
    if no := r.longest(i, "not"):
        yield from _negated(_related(r, no.end))
        return
    for op in r.op(i, "in"):
        yield from _complement(r, op.end, (r.tokens[i].fold,))
    if r.lattice.relation(i) and not r.longest(i, "have"):
        yield from _dearer(_after_verb(r, r.reach(i + 1)), _SKIPPED_VERB)


def _after_verb(r: Reader, i: int) -> Iterator[Hit[Post]]:
    verb = r.tokens[i - 1].stem
    starts = {i: (verb,)} | {op.end: (verb, r.tokens[i].fold) for op in r.op(i, "in")}
    for start, hint in starts.items():
        yield from _complement(r, start, hint)
        yield from _comparative(r, start)
        for hit in _ranked(r, start):
            if isinstance(hit.value, Ranked) and hit.value.of:
                yield hit
    for when in time(r, i):  # a verb may name the date: opened in 2008
        yield Hit(when.end, dated(when.value, hint=(verb,)), when.cost - _SKIPPED_VERB / 2)


def _complement(r: Reader, i: int, hint: tuple[str, ...]) -> Iterator[Hit[Post]]:
    """Boston; banking industry; district 1; Boeing planes"""
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, hint), hit.cost + 0.1)
        for name in r.names(hit.end, "column"):
            yield Hit(name.end, Valued(name, hit.value, hint), hit.cost)
    for name in attrs(r, i):
        for hit in values(r, name.end):
            yield Hit(hit.end, Valued(name, hit.value, hint), hit.cost)
        for count in [*amount(r, name.end), *nested.than(r, name.end)]:
            found = count.value
            yield Hit(count.end, Compared(name, found.op, found.number, found.high), count.cost)
    for related in sets.plain_set(r, i):
        yield Hit(related.end, Linked(related.value, hint), related.cost + 0.3)
    for best in sets.best_set(r, i):
        yield Hit(best.end, Linked(best.value, hint), best.cost + 0.1)


def _negated(hits: Iterator[Hit[Post]] | list[Hit[Post]]) -> Iterator[Hit[Post]]:
    for hit in hits:
        if isinstance(hit.value, Valued | Linked | Dated):
            yield Hit(hit.end, replace(hit.value, negated=not hit.value.negated), hit.cost)


def _dearer(hits: Iterator[Hit[Post]] | list[Hit[Post]], cost: float) -> Iterator[Hit[Post]]:
    for hit in hits:
        yield Hit(hit.end, hit.value, hit.cost + cost)
