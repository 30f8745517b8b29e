"""Where something is and how much of it: which city is it in; how old is he."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import ADJECTIVES
from datamesh.ask.names.words import stem
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Aggregate, Compared, Form, KeyForm, Out, Plain, SetForm, Valued
from datamesh.ask.read.grammar import outputs, predicates, sets
from datamesh.ask.read.grammar.numbered import MEASURING

__all__ = ["how_much", "in_which", "of_what", "where_is"]

_BY_ADJECTIVE = 0.1
_JUST_SO = 0.2  # what a name may cost: with the table's noun, or without its unit


def in_which(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """(which) city and state is the bank 'Mill' [located] in; (in which) city is the bank 'Mill' [located]"""
    for listed in outputs.items(r, i):
        if all(isinstance(out, Plain) for out in listed.value):
            for op in r.op(listed.end, "be", "aux"):
                for of in of_what(r, op.end):
                    fronted = op.category == "be" and r.word(i - 2, "in", "at", "on", "from")
                    ends = _placed(r, of.end) if fronted else _at_last(r, of.end)
                    for end in ends:
                        yield _shown_of(listed.value, of, end, listed.cost)


def of_what(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """the bank with the name X; Boston; post code 255"""
    yield from sets.plain_set(r, i)
    for hit in predicates.complement(r, i, ("of",)):
        if isinstance(hit.value, Valued | Compared):
            yield Hit(hit.end, SetForm(None, (hit.value,)), hit.cost)


def _placed(r: Reader, i: int) -> Iterator[int]:
    """[located]"""
    yield from {i, *(op.end for op in r.op(i, "placed"))}


def _at_last(r: Reader, i: int) -> Iterator[int]:
    """[located] in"""
    placed = r.longest(i, "placed")
    at = placed.end if placed else i
    if r.word(at, "in", "at", "on", "from"):
        yield at + 1


def _shown_of(outs: tuple[Out, ...], of: Hit[SetForm], end: int, cost: float) -> Hit[Form]:
    shown = tuple(replace(out, of=of.value) for out in outs)
    return Hit(end, Form(shown), of.cost + cost)


def where_is(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Where is the headquarters of Acme: the attribute that is named"""
    for op in r.op(i + 1, "be") if r.word(i, "where") else ():
        for hit in outputs.output(r, op.end):
            if all(isinstance(out, Plain) and out.of and out.of.preds for out in hit.value):
                yield Hit(hit.end, Form(hit.value), hit.cost)


def how_much(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """How old is the doctor named Zach; how tall is the oldest one; how large is the population of the counties"""
    yield from _how_much_it_does(r, i)
    asked = r.longest(i, "how_much")
    nouns = _measured(r, asked.payload) if asked else frozenset()
    for op in r.op(asked.end, "be") if asked else ():
        for hit in outputs.output(r, op.end):
            if all(isinstance(out, Plain) and nouns & set(out.attr.text.lower().split()) for out in hit.value):
                yield Hit(hit.end, Form(hit.value), hit.cost)
        for attr in _called(r, nouns):
            yield from _on_average(r, op.end, attr)
            for of in (*of_what(r, op.end), *sets.best_set(r, op.end)):
                yield _shown_of((Plain(attr),), of, of.end, _BY_ADJECTIVE)


def _how_much_it_does(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """What does the Atlas cost; how much does Eva Braun earn: the attribute that the verb is of"""
    much = 2 if r.word(i, "how") and r.word(i + 1, "much") else 1 if r.word(i, "what") else 0
    for op in r.op(i + much, "aux") if much else ():
        for of in of_what(r, op.end):
            adjective = MEASURING.get(r.tokens[of.end].stem, "") if of.end < len(r.tokens) else ""
            for attr in _called(r, _measured(r, adjective)) if adjective else ():
                yield _shown_of((Plain(attr),), of, r.reach(of.end + 1), _BY_ADJECTIVE)


def _measured(r: Reader, adjective: str) -> frozenset[str]:
    """The nouns that an adjective measures: of the first kind that there is something called so, and more is more."""
    tiers = [tier for tier in ADJECTIVES[adjective] if tier.high == ADJECTIVES[adjective][0].high]
    return next((tier.nouns for tier in tiers if any(_called(r, tier.nouns))), tiers[0].nouns)


def _on_average(r: Reader, i: int, attr: Name) -> Iterator[Hit[Form]]:
    """(how old) is each sex, are the players on average; the average player"""
    for op in r.op(r.the(i), "agg"):
        if op.payload == "avg" and op.end == op.start + 1:
            for of in sets.plain_set(r, op.end):
                yield Hit(of.end, Form((Aggregate("avg", attr, of.value),)), of.cost + _BY_ADJECTIVE)
    for of in sets.noun_set(r, i):
        at = r.comma(of.end)
        if r.word(at, "on") and r.word(at + 1, "average") and not (of.value.rank or of.value.number):
            each = of.value.each and of.value.head
            rows = None if each else of.value
            groups = (KeyForm(each),) if each else ()
            if not (each and of.value.preds):
                yield Hit(at + 2, Form((Aggregate("avg", attr, rows),), groups), of.cost + _BY_ADJECTIVE)


def _called(r: Reader, nouns: frozenset[str]) -> Iterator[Name]:
    """The attributes that are called just so."""
    known = r.lattice.vocabulary.names.targets
    named = (t for noun in sorted(nouns) for t in known.get((stem(noun),), ()) if t.kind == "column")
    found = [t for t in named if t.cost < _JUST_SO]
    if found:
        yield Name(0, 0, min(nouns), tuple(found))
