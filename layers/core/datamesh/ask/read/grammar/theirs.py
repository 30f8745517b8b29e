"""Things told by what they have does: (venues where) no matches were played; (halls for which) there are no pallets."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import AnyOf, Both, Linked, Post, Ranked, SetForm, Tallied
from datamesh.ask.read.grammar import predicates, sets
from datamesh.ask.read.grammar.verbs import verb_at_end

__all__ = ["where"]


@rule
def where(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(locations where) no cinema has a capacity over 800; no accidents happened; some cinemas were opened in 2010"""
    there = r.word(i, "there") and r.longest(i + 1, "be")  # for which there are no policies
    at = there.end if there else i
    no = r.word(at, "no")
    for found in sets.plain_set(r, at + no):
        for hit in _what_of_it(r, found, no=bool(no or there)):
            yield Hit(hit.end, Linked(hit.value, ("have",), negated=bool(no)), hit.cost + 0.2)


def _what_of_it(r: Reader, found: Hit[SetForm], *, no: bool) -> Iterator[Hit[SetForm]]:
    if no:
        yield found
    for post in predicates.predicate(r, found.end):
        if (
            not isinstance(post.value, Ranked | Both | AnyOf | Tallied) and not post.value.negated
        ):  # none of them, or one not?
            yield Hit(post.end, found.value.plus(post.value), found.cost + post.cost)
    for end, not_so, cost in verb_at_end(r, found.end):
        if not not_so:
            yield Hit(end, found.value, found.cost + cost)
