"""What may stand behind a preposition: Boston; the banking industry; Boeing planes; years before 2009."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Contains, Linked, Post, Ranked, Valued
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.clauses import clause, containing
from datamesh.ask.read.grammar.common import attrs, dates, ordinal, values
from datamesh.ask.read.grammar.compared import compared
from datamesh.ask.read.grammar.nouns import of_head
from datamesh.ask.read.grammar.pairs import both, denied, paired

__all__ = ["complement"]

_OF_TIMES = (("for",), ("in",), ("from",), ("during",))


def complement(r: Reader, i: int, hint: tuple[str, ...]) -> Iterator[Hit[Post]]:
    """Boston; banking industry; district 1; the city of Boston; Boeing planes; both, neither of them"""
    yield from both(r, i, lambda reader, at: list(_one(reader, at, hint)))
    for op in r.op(i, "neither"):
        yield from paired(r, op.end, lambda reader, at: list(denied(_one(reader, at, hint))), joint="nor")
        for hit in denied(_one(r, op.end, hint)):  # neither gold nor silver coins
            if isinstance(hit.value, Linked) and any(r.word(at, "nor") for at in range(op.end, hit.end)):
                yield hit
    yield from _one(r, i, hint)


def _one(r: Reader, i: int, hint: tuple[str, ...]) -> Iterator[Hit[Post]]:
    yield from _values(r, i, hint)
    yield from ordinal(r, r.the(i))
    for name in attrs(r, i):
        yield from compared(r, name.end, name)
        yield from _containing(r, name)
        if hint[-1:] in _OF_TIMES:  # for all years before 2009
            yield from dates(r, name.end, name)
    for related in sets.plain_set(r, i):  # Boeing planes; (placed) an order most recently
        yield Hit(related.end, Linked(related.value, hint), related.cost + 0.3)
        for op in r.op(related.end, "superlative") if r.word(related.end, "most") else ():
            first = replace(related.value, rank=Ranked("desc", adjective=op.payload))
            yield Hit(op.end, Linked(first, hint), related.cost + 0.1)
    for best in sets.best_set(r, i):
        yield Hit(best.end, Linked(best.value, hint), best.cost + 0.1)


def _containing(r: Reader, name: Name) -> Iterator[Hit[Post]]:
    """(by) a publisher whose name contains X; that contains X"""
    for that in r.op(name.end, "that"):
        yield from containing(r, that.end, name)
    for whose in r.op(name.end, "whose"):
        for hit in clause(r, whose.end):
            if isinstance(hit.value, Contains) and (own := of_head(name, hit.value)) != hit.value:
                yield Hit(hit.end, own, hit.cost)


def _values(r: Reader, i: int, hint: tuple[str, ...]) -> Iterator[Hit[Post]]:
    """Boston; banking industry; 'Cash' for payment method; the city [of] Boston"""
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, hint), hit.cost + 0.1)
        for at in {hit.end, *((r.the(hit.end + 1),) if r.word(hit.end, "as", "for") else ())}:
            for name in r.names(at, "column"):
                yield Hit(name.end, Valued(name, hit.value, hint), hit.cost)
    for name in r.names(r.the(i), "column", "table"):
        for at in {name.end, *(op.end for op in r.op(name.end, "named")), name.end + r.word(name.end, "of")}:
            for hit in values(r, at):
                yield Hit(hit.end, Valued(name, hit.value, hint), hit.cost)
