"""Whose an attribute is, said by a verb: revenue created by the companies; profits [that] companies make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import SetForm
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import UNREAD_VERB
from datamesh.ask.read.grammar.verbs import verb_at_end

__all__ = ["owners_by_verb"]


def owners_by_verb(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """created by the companies; [that] companies make; each stadium held"""
    if r.lattice.relation(i) and r.word(i + 1, "by") and not r.longest(i, "shared"):
        for hit in sets.plain_set(r, i + 2):
            yield Hit(hit.end, hit.value, hit.cost + UNREAD_VERB)
    for start in (i, *(op.end for op in r.op(i, "that"))):
        for owner in sets.noun_set(r, start):
            if owner.value == SetForm(owner.value.head, each=owner.value.each, plural=owner.value.plural):
                for end, no, cost in verb_at_end(r, owner.end):
                    if not no:
                        yield Hit(end, replace(owner.value, each=False), owner.cost + cost + UNREAD_VERB)
