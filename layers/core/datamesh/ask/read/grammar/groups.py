"""Groups: for each airline, per month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from datamesh.ask.intent import Grain
from datamesh.ask.lattice import Name
from datamesh.ask.names.words import singular
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Dated, KeyForm, Linked
from datamesh.ask.read.grammar import outputs, sets

__all__ = ["GRAINS", "attribute", "by_attribute", "each_key", "group_keys"]

_KEYS = 3
_PLURAL = 0.4
_OF_THEIRS = 0.4  # (revenue) per operator in 2024: what is counted was then, rather than the operator
GRAINS: tuple[Grain, ...] = get_args(Grain)
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
        yield from outputs.series(r, [_when(r, op.start, hit) for hit in first], _key, _KEYS)


def _when(r: Reader, i: int, hit: Hit[Keys]) -> Hit[Keys]:
    """(shipped) per month: by the date of that deed."""
    key, *others = hit.value
    if key.grain is None or not i:
        return hit
    return Hit(hit.end, (replace(key, hint=(r.tokens[i - 1].stem,)), *others), hit.cost)


def _says_each(r: Reader, i: int, end: int) -> bool:
    """Whether a word says `each` outright; `by Boeing planes` is who did it, `by manufacturer` is a group."""
    return any(token.fold in ("each", "every", "per", "different") for token in r.tokens[i:end])


def _unless_doer(r: Reader, hit: Hit[Keys]) -> Hit[Keys]:
    """By customer is a group; by customers is rather who did it."""
    last = r.tokens[hit.end - 1].fold
    return Hit(hit.end, hit.value, hit.cost + (_PLURAL if singular(last) != last else 0.0))


def each_key(r: Reader, i: int) -> list[Hit[Keys]]:
    """The groups that begin here, if a word says `each`."""
    said = any(_says_each(r, op.start, op.end) for op in r.op(i, "group", "each"))
    return group_keys(r, i) if said else []


def _of_thing(r: Reader, name: Name) -> Hit[Keys] | None:
    """(each) type of store: the stores' own type"""
    if not r.word(name.end, "of"):
        return None
    for thing in r.names(r.the(name.end + 1), "table"):
        tables = {target.table for target in thing.targets if not target.cost}
        kept = tuple(t for t in name.targets if t.kind == "column" and t.table in tables)
        if kept:
            return Hit(thing.end, (KeyForm(name=replace(name, targets=kept)),))
    return None


def by_attribute(r: Reader, i: int) -> list[Hit[Keys]]:
    """(sold) by region: a group, where what follows is one attribute and nobody who did it."""
    return [hit for hit in group_keys(r, i) if not hit.cost and all(attribute(key) for key in hit.value)]


def attribute(key: KeyForm) -> bool:
    return key.name is not None and key.of is None and all(target.kind == "column" for target in key.name.targets)


@rule
def _key(r: Reader, i: int) -> Iterator[Hit[Keys]]:
    at = r.the(i)
    for op in r.op(at, "each", "distinct"):
        at = r.the(op.end)
    for grain in GRAINS:
        if r.word(at, grain):
            yield Hit(at + 1, (KeyForm(grain=grain),))
    for name in r.names(at, "table", "column"):
        yield Hit(name.end, (KeyForm(name=name),))
        if own := _of_thing(r, name):
            yield own
    for hit in sets.plain_set(r, at):
        if hit.value.preds:
            when = any(isinstance(pred, Dated) and not (pred.attr or pred.hint) for pred in hit.value.preds)
            yield Hit(hit.end, (KeyForm(name=hit.value.head, of=hit.value),), hit.cost + _OF_THEIRS * when)
    for hit in sets.attribute_set(r, at):  # brand with more than 2 products
        if len(hit.value.preds) == 1 and isinstance(hit.value.preds[0], Linked) and hit.value.preds[0].count:
            yield Hit(hit.end, (KeyForm(name=hit.value.head, of=hit.value),), hit.cost)
