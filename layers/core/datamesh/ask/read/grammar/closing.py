"""What may follow a question's outputs: groups, order, whose the numbers are, what narrows the groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.names.words import stems
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Aggregate, Count, Form, KeyForm, OrderForm, Out, Plain, Ranked, SetForm, Thing
from datamesh.ask.read.grammar import outputs, predicates, sets
from datamesh.ask.read.grammar.common import UNREAD_VERB, holds_numbers
from datamesh.ask.read.grammar.groups import Keys, attribute, by_attribute, each_key, group_keys
from datamesh.ask.read.grammar.orders import by_keys, order
from datamesh.ask.read.grammar.spreads import on_average
from datamesh.ask.read.grammar.tallied import Done, verbs

__all__ = ["per", "rest"]

_POINTING = 0.1  # whose the numbers are is said again
_RATHER_ORDERED = 0.5
_THE_SAME = 0.2  # the ..., which need not be what was named before


def rest(r: Reader, begun: Hit[Form]) -> Iterator[Hit[Form]]:
    """Grouping, order, what narrows the groups: whatever follows, in any order, each once."""
    states = [begun]
    for _ in range(3):
        yield from states
        states = [hit for state in states for hit in _clause(r, state)]


def _clause(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    form = state.value
    yield from _pointing(r, state)
    yield from on_average(r, state)
    for at in {state.end, *(op.end for op in r.op(state.end, "tail")), _after_and(r, state.end)}:
        if form.groups:
            yield from _narrowed(r, at, state)
            yield from _ranked_after(r, state)
            yield from _showing(r, state)
        else:
            yield from _grouped(r, at, state)
        yield from _of_whom(r, state)
        if not form.order:
            for hit in [*order(r, at), *_by_in_order(r, at, form)]:
                yield Hit(hit.end, _lent(replace(form, order=hit.value)), state.cost + hit.cost)


def _by_in_order(r: Reader, i: int, form: Form) -> Iterator[Hit[tuple[OrderForm, ...]]]:
    """(names) by age in descending order: what is listed, not counted, has no groups"""
    if r.word(i, "by") and all(isinstance(out, Plain) or _merely(out) for out in form.outputs):
        for hit in by_keys(r, i + 1, None):
            directions = (op for at in range(i + 1, hit.end) for op in r.op(at, "direction"))
            if any(op.end == hit.end for op in directions):
                yield hit


def _merely(out: Out) -> bool:
    """Things that nothing puts in an order yet."""
    return isinstance(out, Thing) and out.of.rank is None and not out.of.each


def _lent(form: Form) -> Form:
    """Names and seats, ordered by seats for all halls opened in 2010: names and seats of these."""
    of = next((order.by.of for order in form.order if isinstance(order.by, Plain) and order.by.of), None)
    if of is None or not of.preds or not all(isinstance(out, Plain) and out.of is None for out in form.outputs):
        return form
    shown = tuple(replace(out, of=of) for out in form.outputs if isinstance(out, Plain))
    keys = tuple(replace(o, by=replace(o.by, of=None)) if isinstance(o.by, Plain) else o for o in form.order)
    return replace(form, outputs=shown, order=keys)


def _of_whom(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(names and seats, ordered by seats,) for all halls opened in 2010"""
    outs, at = state.value.outputs, r.comma(state.end)
    if state.value.order and all(isinstance(out, Plain) and out.of is None for out in outs):
        for hit in sets.plain_set(r, at + 1) if r.word(at, "for", "of", "in", "from") else ():
            shown = tuple(replace(out, of=hit.value) for out in outs if isinstance(out, Plain))
            yield Hit(hit.end, replace(state.value, outputs=shown), state.cost + hit.cost)


def _ranked_after(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(the top 2 products per category) by list price"""
    only = state.value.outputs[0] if len(state.value.outputs) == 1 else None
    if isinstance(only, Thing) and only.of.rank:
        for hit in sets.ranked_by(r, Hit(state.end, only.of), only.of.rank):
            yield Hit(hit.end, replace(state.value, outputs=(Thing(hit.value),)), state.cost + hit.cost)


def _showing(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(the number of products of each brand), showing the brand's name: what else is told of the groups"""
    if not all(isinstance(out, Count | Aggregate) for out in state.value.outputs):
        return
    for op in r.op(r.comma(state.end), "showing"):
        for told in outputs.output(r, op.end):
            if all(isinstance(out, Plain) and not (out.of and (out.of.preds or out.of.rank)) for out in told.value):
                form = replace(state.value, outputs=(*state.value.outputs, *told.value))
                yield Hit(told.end, form, state.cost + told.cost)


def _after_and(r: Reader, i: int) -> int:
    at = r.comma(i)
    while r.word(at, ".", "?"):
        at += 1
    return at + 1 if r.word(at, "and") else at


def _grouped(r: Reader, i: int, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """for each airline; (the distance) flown by each airline"""
    for keys in group_keys(r, i):
        if r.word(i, "by") and _ranked_so(r, state.value, keys.value):
            continue
        each = any(token.fold in ("each", "every", "per") for token in r.tokens[i : keys.end])
        form = per(state.value, keys.value) if each or state.value.bare else replace(state.value, groups=keys.value)
        rather = _RATHER_ORDERED * (not each and _listed(r, state.value, keys.value))
        yield Hit(keys.end, form, state.cost + keys.cost + rather)
        yield from _theirs(r, keys, state)
    for done in _deeds(r, i) if r.lattice.relation(i) or r.longest(i, "that", "have", "be", "aux") else ():
        for keys in each_key(r, done.end):
            yield Hit(keys.end, per(state.value, keys.value), state.cost + keys.cost + done.cost)
    if r.lattice.relation(i) and r.word(i + 1, "by") and r.the(i + 2) == i + 2:
        for keys in by_attribute(r, i + 1):
            yield Hit(keys.end, replace(state.value, groups=keys.value), state.cost + keys.cost + UNREAD_VERB)


def _ranked_so(r: Reader, form: Form, keys: Keys) -> bool:
    """The three smallest cities by area: by which they are small, no group."""
    ranked = any(isinstance(out, Thing) and out.of.rank and out.of.rank.adjective in sets.SIZES for out in form.outputs)
    return ranked and any(key.name and attribute(key) and holds_numbers(r, key.name) for key in keys)


def _listed(r: Reader, form: Form, keys: Keys) -> bool:
    """Venues by capacity: in that order, rather than how many of each."""
    return all(map(_merely, form.outputs)) and all(attribute(k) and k.name and holds_numbers(r, k.name) for k in keys)


def _theirs(r: Reader, keys: Hit[Keys], state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(the average price) of each brand's products: over these, for each brand"""
    outs = state.value.outputs
    if r.word(keys.end, "'s") and all(isinstance(out, Aggregate) and out.of is None for out in outs):
        for rows in sets.plain_set(r, keys.end + 1):
            numbers = tuple(replace(out, of=rows.value) for out in outs if isinstance(out, Aggregate))
            form = replace(state.value, outputs=numbers, groups=keys.value)
            yield Hit(rows.end, form, state.cost + keys.cost + rows.cost)


def _deeds(r: Reader, i: int) -> Iterator[Done]:
    """[that] have; [who] are in; shipped to: what stands between the rows that are counted and each of the groups."""
    for start in (i, *(op.end for op in r.op(i, "that"))):
        yield from verbs(r, start)


def per(form: Form, keys: Keys) -> Form:
    """Flights per day, said just so, are counted; names and ages for each pilot are of the pilot's row."""
    only, key = form.outputs[0] if form.outputs else None, keys[0]
    if form.bare and len(form.outputs) == 1 and isinstance(only, Thing) and not only.of.rank and not only.of.number:
        return replace(form, outputs=(Count(only.of),), groups=keys)
    listed = all(isinstance(out, Plain | Thing) and not (out.of and out.of.rank) for out in form.outputs)
    if not listed or len(keys) > 1 or key.name is None or form.order or form.made:
        return replace(form, groups=keys)
    if thing := key.name.only("table"):
        return replace(form, rows=key.of or SetForm(thing))
    said = any(isinstance(out, Plain) and out.attr.text == key.name.text for out in form.outputs)
    return form if said else replace(form, outputs=(Plain(key.name), *form.outputs))


def _narrowed(r: Reader, i: int, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """What follows the groups restricts the rows that the one number is over; `that ...` is said of the group,
    unless that is an attribute: of nobody's gender can a salary be told."""
    numbers = [out for out in state.value.outputs if isinstance(out, Count | Aggregate)]
    of_group = r.longest(i, "that", "whose", "with", "without") and not all(map(attribute, state.value.groups))
    if len(numbers) != 1 or of_group:
        return
    only = numbers[0]
    for post in predicates.post(r, i):
        if not isinstance(post.value, Ranked):
            of = (only.of or SetForm(None)).plus(post.value)
            shown = tuple(replace(out, of=of) if out is only else out for out in state.value.outputs)
            yield Hit(post.end, replace(state.value, outputs=shown), state.cost + post.cost)


def _pointing(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(brands, and how many products) have each; does each of them have; (the number of products) of that brand"""
    outs = state.value.outputs
    shown = any(isinstance(out, Plain | Thing) for out in outs)
    groups = state.value.groups
    if not (shown or groups) or not any(isinstance(out, Count | Aggregate) for out in outs):
        return
    tails = [(op.end, 0.0) for op in r.op(state.end, "tail")]
    tails += [(op.end, 0.0) for at, _ in tails for op in r.op(at, "in")]
    tails += [(op.end, 0.0) for op in r.op(state.end, "with")]
    for end, cost in ((state.end, 0.0), *tails, *((done.end, done.cost) for done in _deeds(r, state.end))):
        for key in _each_of_them(r, end):
            if groups and key.value and not _said_before(key.value, groups):
                continue
            form = replace(state.value, groups=groups or key.value)
            yield Hit(key.end, form, state.cost + cost + key.cost)
            if end == state.end or r.longest(state.end, "aux", "have", "be"):
                for done in verbs(r, key.end):
                    extra = state.cost + cost + key.cost + done.cost
                    yield Hit(done.end, form, extra)


def _said_before(again: Keys, groups: Keys) -> bool:
    """The result, after each test result."""
    said, first = stems(_text(again)), stems(_text(groups))
    return first[-len(said) :] == said


def _text(keys: Keys) -> str:
    return " ".join(key.name.text for key in keys if key.name)


def _each_of_them(r: Reader, i: int) -> Iterator[Hit[Keys]]:
    """each [one, of them]; they; it; that brand: what was shown before"""
    if r.word(i, "each", "they", "them", "it", "he", "she"):
        at = i + 1
        yield Hit(at, (), _POINTING)
        for op in r.op(at, "anybody"):
            yield Hit(op.end, (), _POINTING)
        if r.word(at, "of") and r.word(at + 1, "them", "these", "those"):
            yield Hit(at + 2, (), _POINTING)
    if r.word(i, "this", "that", "the", "those", "these", "each"):
        for op in r.op(i + 1, "anybody"):
            yield Hit(op.end, (), _POINTING)
        for name in r.names(i + 1, "table", "column"):
            yield Hit(name.end, (KeyForm(name=name),), _THE_SAME if r.word(i, "the") else _POINTING)
