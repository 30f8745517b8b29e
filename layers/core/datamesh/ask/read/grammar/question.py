"""Whole questions: what is shown, how many, which; then grouping and order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, cast

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    Aggregate,
    Count,
    Form,
    KeyForm,
    Linked,
    OrderForm,
    Out,
    Plain,
    PredForm,
    Ranked,
    SetForm,
    Thing,
    Valued,
)
from datamesh.ask.read.grammar import outputs, predicates, sets
from datamesh.ask.read.grammar.common import values

__all__ = ["question"]

Direction = Literal["asc", "desc"]


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
    yield _in_two_sentences(r, at)
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
            yield from _done_to_each(r, hit)
        for name in r.names(r.the(op.end), "measure"):
            ends = {name.end: 0.0} | {tail.end: 0.0 for tail in r.op(name.end, "tail")}
            for end, cost in ends.items():
                for more in sets.with_posts(r, Hit(end, SetForm(None), cost)):
                    yield Hit(more.end, Form((Aggregate("contract", name, more.value),)), more.cost)


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


def _done_to_each(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[Form]]:
    """(how many players) played each position; have appeared in each musical"""
    at = next((op.end for op in r.op(counted.end, "have", "be", "aux")), counted.end)
    for end in {at, *(end for end, _ in _verb(r, at))}:
        if end > counted.end:
            for keys in outputs.group_keys(r, end):
                yield _counting(keys.end, counted.value, keys.value, counted.cost + keys.cost + 0.2)


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


@rule
def _in_two_sentences(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Which counties have two or more delegates? Give me the county names."""
    for hit in _which(r, i):
        if r.word(hit.end, "?", "."):
            asked = hit.value.outputs[0]
            for op in r.op(_please(r, hit.end + 1), "show"):
                for said in outputs.outputs(r, op.end):
                    if all(isinstance(out, Plain) and out.of is None for out in said.value):
                        shown = tuple(replace(out, of=asked.of) for out in said.value)
                        yield Hit(said.end, Form(shown), hit.cost + said.cost)


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
        if form.groups:
            for post in predicates.post(r, at) if not r.longest(at, "that", "whose", "with", "without") else ():
                if not isinstance(post.value, Ranked) and (narrowed := _narrowed(form, post.value)):
                    yield Hit(post.end, narrowed, state.cost + post.cost)
        if not form.order:
            for order in _order(r, at):
                yield Hit(order.end, replace(form, order=order.value), state.cost + order.cost)


def _narrowed(form: Form, pred: PredForm) -> Form | None:
    """What follows the groups restricts the rows that the one number is computed over."""
    numbers = [out for out in form.outputs if isinstance(out, Count | Aggregate)]
    if len(numbers) != 1:
        return None
    only = numbers[0]
    narrow = replace(only, of=(only.of or SetForm(None)).plus(pred))
    return replace(form, outputs=tuple(narrow if out is only else out for out in form.outputs))


def _after_and(r: Reader, i: int) -> int:
    at = r.comma(i)
    while r.word(at, ".", "?"):
        at += 1
    return at + 1 if r.word(at, "and") else at


@rule
def _order(r: Reader, i: int) -> Iterator[Hit[tuple[OrderForm, ...]]]:
    """Sorted by age descending; in ascending order of name; alphabetically; highest first"""
    for op in r.op(i, "direction"):
        yield Hit(op.end, (OrderForm(op.payload, None),), 0.1)  # type: ignore[arg-type]
    for start in {i, _sorting(r, i)}:
        for end, way, key_wanted in _way(r, start):
            if not key_wanted:
                yield Hit(end, (OrderForm(way or "asc", None, asked=False),))
                continue
            for key in _order_key(r, end):
                for given in r.op(r.comma(key.end), "direction"):
                    yield Hit(given.end, (OrderForm(given.payload, key.value),), key.cost)  # type: ignore[arg-type]
                yield Hit(key.end, (OrderForm(way or "asc", key.value),), key.cost)


def _sorting(r: Reader, i: int) -> int:
    """After sort them, ordered, list the results."""
    op = r.longest(i, "sorting")
    if op is None:
        return i
    at = r.the(op.end)
    return at + 1 if r.word(at, "them", "it", "result", "results", "list", "output", "names", "rows") else op.end


def _way(r: Reader, i: int) -> Iterator[tuple[int, Direction | None, bool]]:
    """By; in [descending] order [of]; alphabetically [by]: the index after it, the direction, and whether a key follows."""
    if r.word(i, "by"):
        yield i + 1, None, True
    at = r.the(i + 1) if r.word(i, "in", "by") else i
    op = r.longest(at, "way")
    if op and r.word(op.end, "order"):
        way = cast(Direction, op.payload)
        keyed = r.word(op.end + 1, "of", "by")
        yield op.end + 1 + keyed, way, keyed
    elif op and r.word(op.end, "by"):
        yield op.end + 1, cast(Direction, op.payload), True
    elif op and r.word(i, "by"):
        yield op.end, cast(Direction, op.payload), True
    elif r.word(i, "in") and r.word(at, "order") and r.word(at + 1, "of"):
        nested = r.longest(at + 2, "way")  # in order of descending area
        yield (nested.end, cast(Direction, nested.payload), True) if nested else (at + 2, None, True)
    for op in r.op(i, "alphabetical"):
        keyed = r.word(op.end, "by")
        yield op.end + keyed, "asc", keyed


def _order_key(r: Reader, i: int) -> Iterator[Hit[Out | None]]:
    for hit in outputs.output(r, i):
        if len(hit.value) == 1:
            yield Hit(hit.end, hit.value[0], hit.cost)
    at = r.the(i)
    if r.word(at, "count", "number", "total", "counts", "numbers"):
        yield Hit(at + 1, Count(SetForm(None)), 0.3)
