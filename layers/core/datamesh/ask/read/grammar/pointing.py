"""Clauses that only point back: (mountains) they climb, (the festival) where it is held, (the party) he belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from datamesh.ask.names.spelling import verb_form
from datamesh.ask.names.words import singular
from datamesh.ask.read.chart import Hit, Reader, rule

__all__ = ["UNREAD_CLAUSE", "pointing_back", "with_its_verb"]

_PRONOUNS = ("they", "it", "he", "she")
_OBJECTS = ("them", "it", "him", "her", "each")
_BETWEEN = ("have", "be", "aux")
UNREAD_CLAUSE = 0.3  # a clause that is only about what was named before
_NOUN_AGAIN = 0.1
Words = tuple[str, ...]
T = TypeVar("T")


@rule
def pointing_back(r: Reader, i: int) -> Iterator[Hit[Words]]:
    """That they climb; which the player belongs to; where it is held; who leads them; there.

    Its words are the hint which way.
    """
    if r.word(i, "there"):
        yield Hit(i + 1, (), UNREAD_CLAUSE)
    for op in r.op(i, "that"):
        for end, words in _verbs(r, op.end):
            if r.word(end, *_OBJECTS):
                yield Hit(end + 1, words, UNREAD_CLAUSE)
    for start, hint in _starts(r, i):
        for subject in _subjects(r, start):
            for end, words in _verbs(r, subject.end):
                yield Hit(end, hint + words, UNREAD_CLAUSE + subject.cost)


def with_its_verb(r: Reader, hits: Iterable[Hit[T]]) -> Iterator[Hit[T]]:
    """(more than two students) enrolled in; (the most scientists) assigned to it: of what has them, once more."""
    for hit in hits:
        yield hit
        at = hit.end
        if r.lattice.relation(at) and verb_form(r.tokens[at]) and not r.lattice.literals.get(at):
            for op in r.op(at + 1, "in", "with"):
                for end in {op.end, op.end + r.word(op.end, *_OBJECTS, "each")}:
                    yield Hit(end, hit.value, hit.cost + UNREAD_CLAUSE)


def of_it(r: Reader, i: int) -> Iterator[int]:
    """(a project with a member) assigned to it; working for them: what is said is that they belong together."""
    for end, _ in _verbs(r, i) if r.lattice.relation(i) else ():
        if r.word(end, *_OBJECTS):
            yield end + 1


def _starts(r: Reader, i: int) -> Iterator[tuple[int, Words]]:
    """That; where; in which"""
    yield i, ()
    for op in r.op(i, "that"):
        yield op.end, ()
    if r.word(i, "where", "when", "whom"):
        yield i + 1, ()
    for op in r.op(i, "in", "with"):
        if r.word(op.end, "which", "whom"):
            yield op.end + 1, (r.tokens[i].fold,)


def _subjects(r: Reader, i: int) -> Iterator[Hit[None]]:
    """They; the player, once more"""
    if r.word(i, *_PRONOUNS):
        yield Hit(i + 1, None)
    at = r.the(i)
    for op in r.op(at, "each"):
        at = op.end
    one = r.word(at, "this", "that")
    at += one
    for name in r.names(at, "table") if at > i else ():
        last = r.tokens[name.end - 1]
        again = any(token.stem == last.stem for token in r.tokens[:at])
        if again or not one or singular(last.fold) == last.fold:  # that player; not (countries) that players are from
            yield Hit(name.end, None, _NOUN_AGAIN)


def _verbs(r: Reader, i: int) -> Iterator[tuple[int, Words]]:
    """Have been assigned to; belong to; are in: with a preposition at the end, or without"""
    at, words, having = i, [], False
    while at < len(r.tokens):
        if op := r.longest(at, *_BETWEEN):
            at, having = op.end, having or op.category == "have"
        elif r.lattice.relation(at):
            words.append(r.tokens[at].stem)
            at += 1
        elif words and r.word(at, "to") and r.lattice.relation(at + 1):
            at += 1
        else:
            break
    if at == i:
        return
    if r.word(at, "part"):
        at += 1
    if words or having:
        yield r.reach(at), tuple(words)
    for op in r.op(at, "in", "with"):
        yield op.end, (*words, r.tokens[at].fold)
