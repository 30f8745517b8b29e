"""Whole questions: what is shown, how many, which; then grouping and order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    Count,
    Form,
    KeyForm,
    Linked,
    OrderForm,
    Out,
    PredForm,
    Ranked,
    SetForm,
    Thing,
    Valued,
)
from datamesh.ask.read.grammar import outputs, predicates, sets
from datamesh.ask.read.grammar.common import values

__all__ = ["question"]


def question(r: Reader) -> list[Hit[Form]]:
    """Every reading of the whole question, the cheapest first."""
    found = [
        Hit(end, form.value, form.cost)
        for start in _start(r)
        for begun in start
        for form in _rest(r, begun)
        if (end := _end(r, form.end)) == len(r.tokens)
    ]
    return sorted(found, key=lambda hit: hit.cost)


def _start(r: Reader) -> Iterator[list[Hit[Form]]]:
    at = _please(r, 0)
    yield _shown(r, at)
    yield _how_many(r, at)
    yield _which(r, at)
    for keys in outputs.group_keys(r, at):
        after = r.comma(keys.end)
        for begun in [*_shown(r, after), *_how_many(r, after)]:
            yield [Hit(begun.end, replace(begun.value, groups=keys.value), begun.cost + keys.cost)]


def _please(r: Reader, i: int) -> int:
    while op := r.longest(i, "please"):
        i = r.comma(op.end)
    return i


def _end(r: Reader, i: int) -> int:
    """After what may close a question without saying more."""
    while i < len(r.tokens):
        op = r.longest(i, "tail", "please")
        if r.word(i, "?", ".", "!", ",", ";"):
            i += 1
        elif op:
            i = op.end
        else:
            break
    return i


@rule
def _shown(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """[show me] outputs"""
    starts = {i: 0.1} | {op.end: 0.0 for op in r.op(i, "show")}
    for at, cost in starts.items():
        for hit in outputs.outputs(r, _please(r, at)):
            yield Hit(hit.end, Form(hit.value), hit.cost + cost)


@rule
def _how_many(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """How many planes have more than 300 seats; how many flights did each airline have"""
    for op in r.op(i, "how_many"):
        for hit in sets.noun_set(r, op.end):
            yield _counting(hit.end, hit.value, (), hit.cost)
            for tail in r.op(hit.end, "tail"):
                for more in sets.with_posts(r, Hit(tail.end, hit.value, hit.cost)):
                    yield _counting(more.end, more.value, (), more.cost)
            for post in predicates.predicate(r, hit.end):
                if not isinstance(post.value, Ranked):
                    form = hit.value.plus(post.value)
                    for more in sets.with_posts(r, Hit(post.end, form, hit.cost + post.cost)):
                        yield _counting(more.end, more.value, (), more.cost)
            yield from _done_by(r, hit)


def _counting(end: int, form: SetForm, groups: tuple[KeyForm, ...], cost: float) -> Hit[Form]:
    return Hit(end, Form((Count(form),), groups), cost)


def _done_by(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[Form]]:
    """(how many flights) did each airline have in March; does Boston have"""
    for aux in r.op(counted.end, "aux", "have", "be"):
        for doer in sets.noun_set(r, aux.end):
            if doer.value.each and doer.value.head:
                for end, cost in _verb(r, doer.end):
                    key = KeyForm(name=doer.value.head, of=replace(doer.value, each=False))
                    base = Hit(end, counted.value, counted.cost + doer.cost + cost)
                    for more in sets.with_posts(r, base):
                        yield _counting(more.end, more.value, (key,), more.cost)
        subjects: list[Hit[PredForm]] = [
            Hit(d.end, Linked(d.value, ("have",)), d.cost) for d in sets.plain_set(r, aux.end)
        ]
        subjects += [Hit(v.end, Valued(None, v.value, ("have",)), v.cost) for v in values(r, aux.end)]
        for subject in subjects:
            for end, cost in _verb(r, subject.end):
                form = counted.value.plus(subject.value)
                for more in sets.with_posts(r, Hit(end, form, counted.cost + subject.cost + cost)):
                    yield _counting(more.end, more.value, (), more.cost)


def _verb(r: Reader, i: int) -> Iterator[tuple[int, float]]:
    """The verb at the end: have, operate, fly; with its preposition."""
    for op in r.op(i, "have"):
        yield op.end, 0.0
    at = i
    while r.lattice.relation(at):
        at += 1
    if at > i:
        yield r.reach(at), 0.3
        for op in r.op(at, "in"):
            yield op.end, 0.3


@rule
def _which(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Which airline has the most flights; which planes are from Boeing; what airlines fly to Boston"""
    if not r.word(i, "which", "what"):
        return
    for hit in sets.noun_set(r, i + 1):
        for post in predicates.predicate(r, hit.end):
            if isinstance(post.value, Ranked):
                if hit.value.rank:
                    continue
                form = replace(hit.value, rank=post.value)
            else:
                form = hit.value.plus(post.value)
            for more in sets.with_posts(r, Hit(post.end, form, hit.cost + post.cost)):
                yield Hit(more.end, Form((Thing(more.value),)), more.cost)


def _rest(r: Reader, begun: Hit[Form]) -> Iterator[Hit[Form]]:
    """Grouping, order, limit: whatever follows, in any order, each once."""
    states = [begun]
    for _ in range(3):
        yield from states
        states = [hit for state in states for hit in _clause(r, state)]


def _clause(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    form = state.value
    for at in {state.end, _after_and(r, state.end)}:
        if not form.groups:
            for keys in outputs.group_keys(r, at):
                yield Hit(keys.end, replace(form, groups=keys.value), state.cost + keys.cost)
        if not form.order:
            for order in _order(r, at):
                yield Hit(order.end, replace(form, order=order.value), state.cost + order.cost)


def _after_and(r: Reader, i: int) -> int:
    at = r.comma(i)
    while r.word(at, ".", "?"):
        at += 1
    return at + 1 if r.word(at, "and") else at


@rule
def _order(r: Reader, i: int) -> Iterator[Hit[tuple[OrderForm, ...]]]:
    """Sorted by age descending; in ascending order of name; alphabetically; highest first"""
    for op in r.op(i, "direction_of"):
        for key in _order_key(r, op.end):
            yield Hit(key.end, (OrderForm(op.payload, key.value),), key.cost)  # type: ignore[arg-type]
    for op in r.op(i, "order"):
        for way in [*r.op(op.end, "direction"), None]:
            start = way.end if way else op.end
            for key in _order_key(r, start):
                after = r.comma(key.end)
                for given in r.op(after, "direction"):
                    yield Hit(given.end, (OrderForm(given.payload, key.value),), key.cost)  # type: ignore[arg-type]
                payload = way.payload if way else "asc"
                yield Hit(key.end, (OrderForm(payload, key.value),), key.cost)  # type: ignore[arg-type]
    for op in r.op(i, "alphabetical"):
        yield Hit(op.end, (OrderForm("asc", None, asked=False),))
    for op in r.op(i, "direction"):
        yield Hit(op.end, (OrderForm(op.payload, None),), 0.1)  # type: ignore[arg-type]


def _order_key(r: Reader, i: int) -> Iterator[Hit[Out | None]]:
    for hit in outputs.output(r, i):
        if len(hit.value) == 1:
            yield Hit(hit.end, hit.value[0], hit.cost)
    at = r.the(i)
    if r.word(at, "count", "number", "total", "that", "average"):
        yield Hit(at + 1, None, 0.3)
