"""Order: sorted by age descending and then by name; in descending alphabetical order of title; highest first."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.names.words import stem
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Count, Direction, OrderForm, Out, Plain, SetForm
from datamesh.ask.read.grammar import outputs
from datamesh.ask.read.grammar.common import attrs, direction, holds_numbers

__all__ = ["by_keys", "order", "sorting"]

_LISTED = ("them", "it", "result", "results", "list", "output", "rows", "these", "those", "data")
_OF_WORDS = tuple(stem(word) for word in ("alphabetical", "alphabetically", "alphabetic", "lexicographical"))
_KEYS = 3
_THE_COUNT = 0.3
_NO_KEY = 0.1
Orders = tuple[OrderForm, ...]


@rule
def order(r: Reader, i: int) -> Iterator[Hit[Orders]]:
    """Sorted by age descending; in ascending order of name; alphabetically; highest first"""
    for end, said in _direction(r, i):
        yield Hit(end, (OrderForm(said, by_number=not _by_letters(r, i, end)),), _NO_KEY)
    for start in {i, sorting(r, i)}:
        yield from _extreme_first(r, start)
        if start == i and r.word(i, "by") and not r.longest(i + 1, "way"):
            continue  # flights by airline: a group, or who did it
        for end, way, keyed in _way(r, start):
            if keyed:
                yield from by_keys(r, end, way)
            else:
                yield Hit(end, (OrderForm(way or "asc", by_number=not _by_letters(r, start, end)),))


def _extreme_first(r: Reader, i: int) -> Iterator[Hit[Orders]]:
    """[by] [the ones] with the highest revenue first"""
    at = r.the(i + r.word(i, "by"))
    at += r.word(at, "ones", "one", "those")
    for op in r.op(next((op.end for op in r.op(at, "with")), at), "most"):
        for name in r.names(op.end, "column"):
            if r.word(name.end, "first"):
                yield Hit(name.end + 1, (OrderForm(direction(op), Plain(name)),))


def _by_letters(r: Reader, i: int, end: int) -> bool:
    """Whether an order is one of words: of the brands, not of the number of their products."""
    return any(token.stem in _OF_WORDS for token in r.tokens[i:end])


def sorting(r: Reader, i: int) -> int:
    """After sorted; sort them; order the results; the same index where no such word stands."""
    op = r.longest(i, "sorting")
    if op is None:
        return i
    at = r.the(op.end)
    return at + 1 if r.word(at, *_LISTED) else op.end


def by_keys(r: Reader, i: int, way: Direction | None) -> Iterator[Hit[Orders]]:
    """Age; age descending, name; price in descending order and then by name"""
    states: list[Hit[Orders]] = [Hit(hit.end, (hit.value,), hit.cost) for hit in _keyed(r, i, way)]
    for _ in range(_KEYS):
        yield from states
        states = [
            Hit(hit.end, (*state.value, hit.value), state.cost + hit.cost)
            for state in states
            for at, again in _next(r, state.end)
            for hit in _keyed(r, at, None if again else way)
        ]


def _next(r: Reader, i: int) -> Iterator[tuple[int, bool]]:
    """After: and; and then by; ,: and whether an order of its own begins (then by)"""
    at = r.comma(i)
    at += r.word(at, "and")
    again = False
    while r.word(at, "then", "finally", "lastly", "secondly", "second", "by"):
        again |= r.word(at, "by")
        at += 1
    if at > i:
        yield at, again


def _keyed(r: Reader, i: int, way: Direction | None) -> Iterator[Hit[OrderForm]]:
    """Age; descending age; age, descending; price (in ascending order)"""
    if op := r.longest(i, "way"):
        i, way = op.end, direction(op)
    for key in _key(r, i):
        yield Hit(key.end, OrderForm(way or "asc", key.value), key.cost)
        at = r.comma(key.end)
        bracketed = r.word(at, "(")
        for end, said in _direction(r, at + bracketed):
            yield Hit(end + (bracketed and r.word(end, ")")), OrderForm(said, key.value), key.cost)
        for op in r.op(at, "alphabetical"):  # by their names, alphabetically
            yield Hit(op.end, OrderForm(way or "asc", key.value), key.cost)


def _key(r: Reader, i: int) -> Iterator[Hit[Out]]:
    for hit in outputs.output(r, i):
        if len(hit.value) == 1:
            yield Hit(hit.end, hit.value[0], hit.cost)
    for name in attrs(r, i):
        if name.start > r.the(i) and holds_numbers(r, name):  # by the number of seats, where that is one of its own
            yield Hit(name.end, Plain(name))
    at = r.the(i)
    if r.word(at, "count", "number", "total", "counts", "numbers"):
        yield Hit(at + 1, Count(SetForm(None)), _THE_COUNT)


def _direction(r: Reader, i: int) -> Iterator[tuple[int, Direction]]:
    """Descending; highest first; in descending alphabetical order; from young to old"""
    for op in r.op(i, "direction"):
        yield op.end, direction(op)
    if r.word(i, "in"):
        for end, way in _ways(r, r.the(i + 1)):
            if way and r.word(end, "order"):
                yield end + 1, way


def _way(r: Reader, i: int) -> Iterator[tuple[int, Direction | None, bool]]:
    """By; in [descending] order [of]; alphabetically [by]: the index after it, its direction, whether a key follows."""
    first = i + 1 if r.word(i, "first") else i
    if r.word(first, "by", "using", "on", "according"):
        yield first + 1 + r.word(first + 1, "to"), None, True
    introduced = r.word(i, "in", "by", "with")
    at = r.the(i + 1) if introduced else i
    for end, way in _ways(r, at):
        yield from _ordered(r, end, way, introduced=introduced, by=introduced and r.word(i, "by"))
    for op in r.op(i, "alphabetical"):
        keyed = r.word(op.end, "by")
        yield op.end + keyed, "asc", keyed


def _ordered(
    r: Reader, end: int, way: Direction | None, *, introduced: bool, by: bool
) -> Iterator[tuple[int, Direction | None, bool]]:
    """(descending) order of; (descending) by; (by descending)"""
    if r.word(end, "order") and (way or introduced):
        yield end + 1, way or "asc", False
        if r.word(end + 1, "of", "by", "for", "according", "based"):
            after = end + 2 + r.word(end + 2, "to", "on")
            yield after, way, True
        elif r.word(end + 1, "using"):
            yield end + 2, way, True
    elif way and r.word(end, "by"):
        yield end + 1, way, True
    elif way and by:
        yield end, way, True


def _ways(r: Reader, i: int) -> Iterator[tuple[int, Direction | None]]:
    """Nothing; descending; descending alphabetical"""
    way: Direction | None = None
    at = i
    while op := r.longest(at, "way"):
        way = "desc" if "desc" in (way, op.payload) else "asc"
        at = op.end
    yield at, way
