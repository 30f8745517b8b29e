"""What a number says of a thing: more than 300 seats, more than 3 flights, older than 56, over 40."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.intent import Op
from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.verbs import MEASURED, MEASURING_VERBS
from datamesh.ask.names.words import stem
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import AnyOf, Compared, Linked, Post, PredForm, Ranked, Tallied, Yard
from datamesh.ask.read.grammar import nested, sets
from datamesh.ask.read.grammar.common import Amount, amount, comparison, dearer, direction, number, one_or_other
from datamesh.ask.read.grammar.pointing import with_its_verb

__all__ = ["MEASURING", "aged", "comparative", "counted", "measuring", "numbers_again", "so_many"]

_OF_SIZE = ("higher", "lower", "greater", "larger", "smaller", "above", "below")  # not said of how many
_TOGETHER = ("altogether", "overall", "combined")
_SAID_TOGETHER = 0.1
_OF_IT = 0.1  # what the average is of is what is compared with it
MEASURING = {stem(verb): adjective for verb, adjective in MEASURING_VERBS.items()}
_MEASURED = {participle: participle for participle in MEASURED}
_AGAIN = 0.2  # what `with` stood before goes on
_ALONG: dict[str, Op] = {"before": "<", "until": "<=", "since": ">=", "after": ">"}
_AGE = 0.2  # over 40: of age, where nothing says so


def counted(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """More than 300 seats, a number of the row's own; more than 3 flights, rows; more than 300 in salary."""
    for count in [*amount(r, i), *nested.than(r, i)]:
        found = count.value
        if isinstance(found.number, Yard) and found.number.attr:  # more than the average number of seats
            yield Hit(count.end, Compared(found.number.attr, found.op, found.number), count.cost + _OF_IT)
        total = r.longest(count.end, "tail")  # more than 300 in total
        at = count.end + 1 if r.word(count.end, "in", "of") and not total else count.end
        for name in (*r.names(count.end, "column"), *(r.names(r.the(at), "column") if at > count.end else ())):
            yield Hit(name.end, Compared(name, found.op, found.number, found.high), count.cost)
        yield from so_many(r, i, count)
        yield from _in_total(r, count)
    for end, one, other in one_or_other(r, i):  # 3 or 4 stars
        for name in r.names(end, "column"):
            yield Hit(name.end, AnyOf((Compared(name, "=", one), Compared(name, "=", other))), 0.1)


def _in_total(r: Reader, count: Hit[Amount]) -> Iterator[Hit[Tallied]]:
    """(worked more than 10) hours in total: of all its rows together"""
    amounts = count.value
    if isinstance(amounts.number, Yard) or amounts.high is not None or not amounts.compared:
        return
    for name in r.names(count.end, "column"):
        if r.word(name.end, *_TOGETHER) or (r.word(name.end, "in") and r.word(name.end + 1, "total", "all")):
            end = name.end + 1 + r.word(name.end, "in")
            yield Hit(end, Tallied("sum", name, amounts.op, amounts.number), count.cost - _SAID_TOGETHER)


def numbers_again(r: Reader, i: int, last: PredForm) -> Iterator[Hit[Post]]:
    """(with a price below 100 and) two beds: a number of the same rows"""
    if isinstance(last, Compared | AnyOf) or (isinstance(last, Linked) and last.count):
        yield from dearer(counted(r, i), _AGAIN)


def so_many(r: Reader, i: int, count: Hit[Amount]) -> Iterator[Hit[Linked]]:
    """(more than 3) flights; `count` begins at i"""
    many = count.value.whole
    things = sets.counted_set(r, count.end) if many is not None and not r.word(i, *_OF_SIZE) else []
    for hit in with_its_verb(r, things):
        if not count.value.compared and (many or 0) > 1 and not hit.value.plural:
            continue  # a 5 star rating
        yield Hit(hit.end, Linked(hit.value, ("have",), count=(count.value.op, many or 0)), hit.cost + count.cost)


def comparative(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """older than 56; longer than 300 miles"""
    for op in r.op(i, "compare"):
        for count in amount(r, op.end):
            if not count.value.compared and count.value.high is None:
                yield Hit(count.end, Compared(None, ">", count.value.number, adjective=op.payload), count.cost)
        for than in nested.yard(r, op.end):
            yield Hit(than.end, Compared(None, ">", than.value, adjective=op.payload), than.cost)
    for op in r.op(i, "cmp"):
        for end, found in number(r, op.end):
            for name in _age(r):
                yield Hit(end, Compared(name, comparison(op), found), _AGE)
        for name in r.names(op.end, "column"):  # above age 46
            for end, found in number(r, name.end):
                yield Hit(end, Compared(name, comparison(op), found), 0.1)
    yield from _along(r, i)


def _along(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """after season 2007; until round 3"""
    for op in r.op(i, *_ALONG):
        for name in r.names(op.end, "column"):
            for end, found in number(r, name.end):
                yield Hit(end, Compared(name, _ALONG[op.category], found), 0.1)


def measuring(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """earn more than 50000; cost 20; weigh the most; accommodate the most people; priced [at] between 30 and 60"""
    if i >= len(r.tokens):
        return
    adjective = MEASURING.get(r.tokens[i].stem) or _MEASURED.get(r.tokens[i].fold, "")
    i += bool(adjective) and r.word(i + 1, "at")
    for op in r.op(i + 1, "most") if adjective else ():
        for end in {op.end, op.end + r.lattice.unit(op.end)}:
            yield Hit(end, Ranked(direction(op), adjective=adjective), 0.1)
    for count in [*amount(r, i + 1), *nested.than(r, i + 1)] if adjective else ():
        found = count.value
        yield Hit(count.end, Compared(None, found.op, found.number, found.high, adjective=adjective), count.cost)


def aged(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(are) 20 years old"""
    for count in amount(r, i):
        for op in r.op(count.end, "so_much"):
            for name in _age(r) if not isinstance(count.value.number, Yard) else ():
                yield Hit(op.end, Compared(name, count.value.op, count.value.number, count.value.high), _AGE)


def _age(r: Reader) -> Iterator[Name]:
    targets = [t for t in r.lattice.vocabulary.names.targets.get(("age",), ()) if t.kind == "column" and not t.cost]
    if targets:
        yield Name(0, 0, "age", tuple(targets))
