"""Groups and order: for each airline, per month, sorted by age descending, highest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from datamesh.ask.intent import Grain
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Count, Direction, KeyForm, OrderForm, Out, SetForm
from datamesh.ask.read.grammar import outputs, sets
from datamesh.ask.read.grammar.common import direction
from datamesh.ask.words import singular

__all__ = ["each_key", "group_keys", "order"]

_LISTED = ("them", "it", "result", "results", "list", "output", "rows")
_KEYS = 3
_PLURAL = 0.4
_GRAINS: tuple[Grain, ...] = get_args(Grain)
Keys = tuple[KeyForm, ...]


@rule
def group_keys(r: Reader, i: int) -> Iterator[Hit[Keys]]:
    """For each airline; per month; by origin and destination airport."""
    for op in r.op(i, "group", "each"):
        each = _says_each(r, op.start, op.end)
        if not each and r.word(op.end, "all", "any"):
            continue  # by all entrepreneurs: who did it, not each of them
        first = (
            list(_key(r, op.end)) if each else [_unless_doer(r, hit) for hit in _key(r, op.end) if not hit.value[0].of]
        )
        yield from outputs.series(r, first, _key, _KEYS)


def _says_each(r: Reader, i: int, end: int) -> bool:
    """Whether a word says `each` outright; `by Boeing planes` is who did it, `by manufacturer` is a group."""
    return any(token.fold in ("each", "every", "per") for token in r.tokens[i:end])


def _unless_doer(r: Reader, hit: Hit[Keys]) -> Hit[Keys]:
    """By customer is a group; by customers is rather who did it."""
    last = r.tokens[hit.end - 1].fold
    return Hit(hit.end, hit.value, hit.cost + (_PLURAL if singular(last) != last else 0.0))


def each_key(r: Reader, i: int) -> list[Hit[Keys]]:
    """The groups that begin here, if a word says `each`."""
    said = any(_says_each(r, op.start, op.end) for op in r.op(i, "group", "each"))
    return group_keys(r, i) if said else []


@rule
def _key(r: Reader, i: int) -> Iterator[Hit[Keys]]:
    at = r.the(i)
    for op in r.op(at, "each", "distinct"):
        at = r.the(op.end)
    for grain in _GRAINS:
        if r.word(at, grain):
            yield Hit(at + 1, (KeyForm(grain=grain),))
    for name in r.names(at, "table", "column"):
        yield Hit(name.end, (KeyForm(name=name),))
    for hit in sets.plain_set(r, at):
        if hit.value.preds:
            yield Hit(hit.end, (KeyForm(name=hit.value.head, of=hit.value),), hit.cost)


@rule
def order(r: Reader, i: int) -> Iterator[Hit[tuple[OrderForm, ...]]]:
    """Sorted by age descending; in ascending order of name; alphabetically; highest first"""
    for op in r.op(i, "direction"):
        yield Hit(op.end, (OrderForm(direction(op)),), 0.1)
    for start in {i, _sorting(r, i)}:
        if start == i and r.word(i, "by"):
            continue  # flights by airline: a group, or who did it
        for end, way, keyed in _way(r, start):
            if keyed:
                yield from _by_key(r, end, way)
            else:
                yield Hit(end, (OrderForm(way or "asc", by_number=False),))


def _by_key(r: Reader, i: int, way: Direction | None) -> Iterator[Hit[tuple[OrderForm, ...]]]:
    for key in _order_key(r, i):
        for op in r.op(r.comma(key.end), "direction"):
            yield Hit(op.end, (OrderForm(direction(op), key.value),), key.cost)
        yield Hit(key.end, (OrderForm(way or "asc", key.value),), key.cost)


def _sorting(r: Reader, i: int) -> int:
    """After sorted; sort them; order the results; the same index where no such word stands."""
    op = r.longest(i, "sorting")
    if op is None:
        return i
    at = r.the(op.end)
    return at + 1 if r.word(at, *_LISTED) else op.end


def _way(r: Reader, i: int) -> Iterator[tuple[int, Direction | None, bool]]:
    """By; in [descending] order [of]; alphabetically [by]: the index after it, its direction, whether a key follows."""
    if r.word(i, "by"):
        yield i + 1, None, True
    at = r.the(i + 1) if r.word(i, "in", "by") else i
    if op := r.longest(at, "way"):
        yield from _directed(r, i, op.end, direction(op))
    elif r.word(i, "in") and r.word(at, "order") and r.word(at + 1, "of"):
        nested = r.longest(at + 2, "way")  # in order of descending area
        yield (nested.end, direction(nested), True) if nested else (at + 2, None, True)
    for op in r.op(i, "alphabetical"):
        keyed = r.word(op.end, "by")
        yield op.end + keyed, "asc", keyed


def _directed(r: Reader, i: int, end: int, way: Direction) -> Iterator[tuple[int, Direction | None, bool]]:
    if r.word(end, "order"):
        keyed = r.word(end + 1, "of", "by")
        yield end + 1 + keyed, way, keyed
    elif r.word(end, "by"):
        yield end + 1, way, True
    elif r.word(i, "by"):
        yield end, way, True


def _order_key(r: Reader, i: int) -> Iterator[Hit[Out]]:
    for hit in outputs.output(r, i):
        if len(hit.value) == 1:
            yield Hit(hit.end, hit.value[0], hit.cost)
    at = r.the(i)
    if r.word(at, "count", "number", "total", "counts", "numbers"):
        yield Hit(at + 1, Count(SetForm(None)), 0.3)
