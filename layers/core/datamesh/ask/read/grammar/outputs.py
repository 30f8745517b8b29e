"""What is asked for: names and ages of climbers, the average and the maximum price, the number of flights, an airline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.annotate import Name
from datamesh.ask.intent import MeasureFn
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Aggregate, Count, Everything, KeyForm, Linked, Out, Plain, SetForm, Thing
from datamesh.ask.read.grammar import predicates, sets

__all__ = ["group_keys", "output", "outputs"]

_OWNING = ("of", "for", "in", "from", "among", "across", "on", "by", "to")
_MAX = 6
_UNREAD_CLAUSE = 0.3
_MERELY_DETAILS = 0.5
Outs = tuple[Out, ...]


@rule
def outputs(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """One or more outputs, with `and`, commas, `as well as` between them."""
    states = list(output(r, i))
    for _ in range(3):
        yield from states
        states = [
            Hit(hit.end, state.value + hit.value, state.cost + hit.cost)
            for state in states
            for at in _next(r, state.end)
            for hit in output(r, at)
        ]


def _next(r: Reader, i: int) -> Iterator[int]:
    after = r.comma(i)
    for op in r.op(after, "and", "too"):
        yield op.end
    if after > i:
        yield after


@rule
def output(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    start = r.the(i)
    for op in r.op(i, "all_details"):
        if r.word(op.end, "of", "about", "for", "on"):
            for hit in sets.noun_set(r, op.end + 1):
                doubt = _MERELY_DETAILS if op.end == i + 1 else 0.0
                yield Hit(hit.end, (Everything(hit.value),), hit.cost + doubt)
    for at in {i, start}:
        for op in r.op(at, "count"):
            for hit in sets.noun_set(r, op.end):
                yield Hit(hit.end, (Count(hit.value),), hit.cost)
                for end in _by_them(r, hit.end):
                    yield Hit(end, (Count(hit.value),), hit.cost + _UNREAD_CLAUSE)
    for hit in sets.noun_set(r, i):
        yield Hit(hit.end, (Thing(hit.value),), hit.cost + 0.2)
    yield from _owned(r, i)
    for items in _items(r, start):
        yield from _of(r, items)


def _by_them(r: Reader, i: int) -> Iterator[int]:
    """(the number of workshops) they submitted to; that it has; there: whose they are was said before."""
    at = next((op.end for op in r.op(i, "that")), i)
    if r.word(at, "there", "each"):
        yield at + 1
    if not r.word(at, "they", "it", "he", "she"):
        return
    at += 1
    read = False
    while r.word(at, "have", "has", "had", "is", "are", "was", "were", "been") or r.lattice.relation(at):
        at, read = at + 1, True
    if read:
        yield r.reach(at)
        for op in r.op(at, "in"):
            yield op.end


def _owned(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """Each airline's name; the planes' manufacturers."""
    for owner in sets.plain_set(r, i):
        if r.word(owner.end, "'s"):
            for items in _items(r, owner.end + 1):
                yield Hit(items.end, _with_owner(items.value, owner.value), owner.cost + items.cost)


def _of(r: Reader, items: Hit[Outs]) -> Iterator[Hit[Outs]]:
    """Whose they are: a set behind a preposition, or only restrictions."""
    yield items
    if r.word(items.end, *_OWNING):
        for hit in sets.noun_set(r, items.end + 1):
            form = replace(hit.value, hint=(r.tokens[items.end].fold,))
            yield Hit(hit.end, _with_owner(items.value, form), items.cost + hit.cost)
    nobody = Hit(items.end, SetForm(None), items.cost + 0.2)
    for hit in sets.with_posts(r, nobody):
        if (hit.value.preds or hit.value.rank) and not _owner_like(hit.value, items.value):
            yield Hit(hit.end, _with_owner(items.value, hit.value), hit.cost)


def _owner_like(form: SetForm, items: Outs) -> bool:
    """Names of banks: the banks own the names, they do not only restrict them."""
    first = form.preds[0] if form.preds else None
    if not isinstance(first, Linked) or not set(first.hint) <= set(_OWNING):
        return False
    return first.hint == ("of",) or any(isinstance(item, Plain) for item in items)


def _with_owner(items: Outs, owner: SetForm) -> Outs:
    return tuple(replace(item, of=owner) for item in items)


@rule
def _items(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """Attributes and aggregates of attributes, as many as belong to one owner."""
    states = list(_item(r, i))
    for _ in range(_MAX):
        yield from states
        states = [
            Hit(hit.end, state.value + hit.value, state.cost + hit.cost)
            for state in states
            for at in _next(r, state.end)
            for hit in _item(r, at)
        ]


@rule
def _item(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    at = r.the(i)
    for name in r.names(at, "column"):
        yield Hit(name.end, (Plain(name),))
    for name in r.names(at, "measure"):
        yield Hit(name.end, (Aggregate("contract", name),))
    for op in r.op(at, "distinct"):
        for name in r.names(r.the(op.end), "column"):
            yield Hit(name.end, (Plain(name, distinct=True),))
    for end, functions in _functions(r, at):
        for name in r.names(_number_of(r, r.the(end)), "column"):
            yield Hit(name.end, tuple(Aggregate(fn, name) for fn in functions))
            yield from _more_of_the_same(r, name, functions)


def _more_of_the_same(r: Reader, name: Name, functions: tuple[MeasureFn, ...]) -> Iterator[Hit[Outs]]:
    """The average price and score: both averaged."""
    if r.word(name.end, "and"):
        for other in r.names(name.end + 1, "column"):
            yield Hit(other.end, tuple(Aggregate(fn, n) for n in (name, other) for fn in functions), 0.1)


def _functions(r: Reader, i: int) -> Iterator[tuple[int, tuple[MeasureFn, ...]]]:
    """Average; minimum and maximum; average, minimum, and maximum."""
    found: list[tuple[int, tuple[MeasureFn, ...]]] = [(op.end, (op.payload,)) for op in r.op(i, "agg")]  # type: ignore[misc]
    for _ in range(4):
        yield from found
        found = [
            (op.end, (*functions, op.payload))  # type: ignore[misc]
            for end, functions in found
            for at in _next(r, end)
            for op in r.op(r.the(at), "agg")
        ]


def _number_of(r: Reader, i: int) -> int:
    """The average number of seats is the average of seats."""
    return i + 2 if r.word(i, "number") and r.word(i + 1, "of") else i


@rule
def group_keys(r: Reader, i: int) -> Iterator[Hit[tuple[KeyForm, ...]]]:
    """For each airline; per month; by origin and destination airport."""
    for op in r.op(i, "group", "each"):
        if op.payload == "" and r.word(op.end, "all", "any"):
            continue  # by all entrepreneurs: who did it, not each of them
        states = list(_key(r, op.end))
        for _ in range(3):
            yield from states
            states = [
                Hit(hit.end, state.value + hit.value, state.cost + hit.cost)
                for state in states
                for at in _next(r, state.end)
                for hit in _key(r, at)
            ]


@rule
def _key(r: Reader, i: int) -> Iterator[Hit[tuple[KeyForm, ...]]]:
    at = r.the(i)
    for op in r.op(at, "each", "distinct"):
        at = r.the(op.end)
    for grain in ("year", "quarter", "month", "week", "day"):
        if r.word(at, grain):
            yield Hit(at + 1, (KeyForm(grain=grain),), 0.1)  # type: ignore[arg-type]
    for name in r.names(at, "table", "column"):
        yield Hit(name.end, (KeyForm(name=name),))
    for hit in sets.plain_set(r, at):
        if hit.value.preds:
            yield Hit(hit.end, (KeyForm(name=hit.value.head, of=hit.value),), hit.cost)
