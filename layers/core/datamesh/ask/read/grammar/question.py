"""Whole questions: what is shown, how many, which; then grouping and order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    Aggregate,
    Count,
    Form,
    KeyForm,
    Linked,
    Plain,
    PredForm,
    Ranked,
    SetForm,
    Thing,
    Valued,
)
from datamesh.ask.read.grammar import computed, outputs, predicates, sets
from datamesh.ask.read.grammar.common import values
from datamesh.ask.read.grammar.groups import Keys, each_key, group_keys
from datamesh.ask.read.grammar.orders import order

__all__ = ["question"]

_NO_VERB = 0.1  # nothing asks to show it
_UNREAD_VERB = 0.2


def question(r: Reader) -> list[Hit[Form]]:
    """Every reading of the whole question, the cheapest first."""
    found = [
        Hit(len(r.tokens), form.value, form.cost)
        for begun in _beginnings(r)
        for form in _rest(r, begun)
        if _end(r, form.end) == len(r.tokens)
    ]
    return sorted(found, key=lambda hit: hit.cost)


def _beginnings(r: Reader) -> Iterator[Hit[Form]]:
    at = _please(r, 0)
    for rule_ in (_shown, _how_many, _which, _in_two_sentences, computed.asked):
        yield from rule_(r, at)
    for keys in group_keys(r, at):
        after = r.comma(keys.end)
        for begun in [*_shown(r, after), *_how_many(r, after), *_which(r, after), *computed.asked(r, after)]:
            yield Hit(begun.end, replace(begun.value, groups=keys.value), begun.cost + keys.cost)


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
    starts = {i: _NO_VERB} | {op.end: 0.0 for op in r.op(i, "show")}
    for at, cost in starts.items():
        for hit in outputs.outputs(r, _please(r, at)):
            yield Hit(hit.end, Form(hit.value, bare=at == i), hit.cost + cost)


@rule
def _how_many(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """How many planes have more than 300 seats; how many flights did each airline have; how many cancellations"""
    for op in r.op(i, "how_many"):
        for hit in sets.noun_set(r, op.end):
            for form in [hit, *_there_are(r, hit), *_that_do(r, hit)]:
                yield _counting(form)
            yield from _done_by(r, hit)
            yield from _done_to_each(r, hit)
        for name in r.names(r.the(op.end), "measure"):
            nobody = Hit(name.end, SetForm(None))
            for form in [nobody, *sets.with_posts(r, nobody), *_there_are(r, nobody)]:
                yield Hit(form.end, Form((Aggregate("contract", name, form.value),)), form.cost)


def _counting(counted: Hit[SetForm], groups: Keys = ()) -> Hit[Form]:
    return Hit(counted.end, Form((Count(counted.value),), groups), counted.cost)


def _there_are(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """(how many flights) were there in March"""
    for op in r.op(counted.end, "tail"):
        yield from sets.with_posts(r, Hit(op.end, counted.value, counted.cost))


def _that_do(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """(how many planes) have more than 300 seats"""
    for post in predicates.predicate(r, counted.end):
        if not isinstance(post.value, Ranked):
            form = counted.value.plus(post.value)
            yield from sets.with_posts(r, Hit(post.end, form, counted.cost + post.cost))


def _done_by(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[Form]]:
    """(how many flights) did each airline have in March; did Boeing planes make; does JetBlue operate"""
    for aux in r.op(counted.end, "aux", "have", "be"):
        for doer in sets.noun_set(r, aux.end):
            if doer.value.each and doer.value.head:
                key = KeyForm(name=doer.value.head, of=replace(doer.value, each=False))
                for form in _verb_and_posts(r, counted, doer.end, doer.cost):
                    yield _counting(form, (key,))
        for end, pred, cost in _doers(r, aux.end):
            for form in _verb_and_posts(r, Hit(0, counted.value.plus(pred), counted.cost), end, cost):
                yield _counting(form)


def _doers(r: Reader, i: int) -> Iterator[tuple[int, PredForm, float]]:
    for doer in [*sets.plain_set(r, i), *sets.best_set(r, i)]:
        yield doer.end, Linked(doer.value, ("have",)), doer.cost
    for value in values(r, i):
        yield value.end, Valued(None, value.value, ("have",)), value.cost


def _verb_and_posts(r: Reader, counted: Hit[SetForm], i: int, cost: float) -> Iterator[Hit[SetForm]]:
    for end, unread in _verb(r, i):
        yield from sets.with_posts(r, Hit(end, counted.value, counted.cost + cost + unread))


def _verb(r: Reader, i: int) -> Iterator[tuple[int, float]]:
    """The verb at the end: have, operate, fly; with its preposition."""
    for op in r.op(i, "have"):
        yield op.end, 0.0
    at = i
    while r.lattice.relation(at):
        at += 1
    if at > i:
        yield r.reach(at), _UNREAD_VERB + 0.1
        for op in r.op(at, "in"):
            yield op.end, _UNREAD_VERB + 0.1


def _done_to_each(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[Form]]:
    """(how many players) played each position; have appeared in each musical"""
    at = next((op.end for op in r.op(counted.end, "have", "be", "aux")), counted.end)
    for end in {at, *(end for end, _ in _verb(r, at))}:
        if end > counted.end:
            for keys in each_key(r, end):
                yield _counting(Hit(keys.end, counted.value, counted.cost + keys.cost + _UNREAD_VERB), keys.value)


@rule
def _which(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Which airline has the most flights; which planes are from Boeing; what airlines fly to Boston"""
    if not r.word(i, "which", "what"):
        return
    for hit in sets.noun_set(r, i + 1):
        for post in predicates.predicate(r, hit.end):
            form = hit.value
            if not isinstance(post.value, Ranked):
                form = form.plus(post.value)
            elif form.rank is None:
                form = replace(form, rank=post.value)
            else:
                continue
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
                    shown = tuple(replace(o, of=asked.of) for o in said.value if isinstance(o, Plain) and o.of is None)
                    if len(shown) == len(said.value):
                        yield Hit(said.end, Form(shown), hit.cost + said.cost)


def _rest(r: Reader, begun: Hit[Form]) -> Iterator[Hit[Form]]:
    """Grouping, order, what narrows the groups: whatever follows, in any order, each once."""
    states = [begun]
    for _ in range(3):
        yield from states
        states = [hit for state in states for hit in _clause(r, state)]


def _clause(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    form = state.value
    for at in {state.end, _after_and(r, state.end)}:
        if form.groups:
            yield from _narrowed(r, at, state)
            yield from _ranked_after(r, state)
        else:
            yield from _grouped(r, at, state)
        if not form.order:
            for hit in order(r, at):
                yield Hit(hit.end, replace(form, order=hit.value), state.cost + hit.cost)


def _ranked_after(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(the top 2 products per category) by list price"""
    only = state.value.outputs[0]
    if len(state.value.outputs) == 1 and isinstance(only, Thing) and only.of.rank:
        for hit in sets.ranked_by(r, Hit(state.end, only.of), only.of.rank):
            yield Hit(hit.end, replace(state.value, outputs=(Thing(hit.value),)), state.cost + hit.cost)


def _after_and(r: Reader, i: int) -> int:
    at = r.comma(i)
    while r.word(at, ".", "?"):
        at += 1
    return at + 1 if r.word(at, "and") else at


def _grouped(r: Reader, i: int, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """for each airline; (the distance) flown by each airline"""
    for keys in group_keys(r, i):
        yield Hit(keys.end, _per(state.value, keys.value), state.cost + keys.cost)
    if r.lattice.relation(i):
        for keys in each_key(r, i + 1):
            yield Hit(keys.end, _per(state.value, keys.value), state.cost + keys.cost + _UNREAD_VERB)


def _per(form: Form, keys: Keys) -> Form:
    """Flights per day, said just so, are counted."""
    only = form.outputs[0]
    if form.bare and len(form.outputs) == 1 and isinstance(only, Thing) and not only.of.rank and not only.of.number:
        return replace(form, outputs=(Count(only.of),), groups=keys)
    return replace(form, groups=keys)


def _narrowed(r: Reader, i: int, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """What follows the groups restricts the rows that the one number is over; `that ...` is said of the group."""
    numbers = [out for out in state.value.outputs if isinstance(out, Count | Aggregate)]
    if len(numbers) != 1 or r.longest(i, "that", "whose", "with", "without"):
        return
    only = numbers[0]
    for post in predicates.post(r, i):
        if not isinstance(post.value, Ranked):
            of = (only.of or SetForm(None)).plus(post.value)
            shown = tuple(replace(out, of=of) if out is only else out for out in state.value.outputs)
            yield Hit(post.end, replace(state.value, outputs=shown), state.cost + post.cost)
