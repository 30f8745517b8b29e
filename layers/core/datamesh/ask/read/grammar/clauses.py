"""An attribute and what is said of it: age is above 30, carrier is Sprint or TMobile, name starts with 'A'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from datamesh.ask.lattice import Name
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import AnyOf, Contains, Dated, Lacking, Post, Ranked, TextMatch, Valued
from datamesh.ask.read.grammar import nested
from datamesh.ask.read.grammar.common import attrs, being, comparison, dates, direction, values
from datamesh.ask.read.grammar.compared import compared
from datamesh.ask.read.grammar.pairs import both

__all__ = ["clause", "containing", "missing", "word_in"]


@rule
def clause(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """[the] attribute, and what it is, has or contains."""
    yield from _edges(r, i)
    for name in attrs(r, i):
        for op in r.op(name.end, "has_missing"):
            yield Hit(op.end, Lacking(name))
        for that in r.op(name.end, "that"):
            yield from containing(r, that.end, name)
            if r.longest(that.end, "be"):
                end, different = being(r, that.end)
                yield from _is(r, end, name, negated=different)
        at, negated = being(r, r.comma(name.end))
        yield from _is(r, at, name, negated=negated)
        if r.word(name.end, "of", "in", "at", "on", "as"):
            yield from _is(r, r.the(name.end + 1), name, negated=False)
        if r.word(name.end, "do", "does", "did") and (no := r.longest(name.end + 1, "not")):
            yield from containing(r, no.end, name, negated=True)


def _is(r: Reader, i: int, name: Name, *, negated: bool) -> Iterator[Hit[Post]]:
    """... above 30; Sprint; before 1990; missing; the highest"""
    yield from compared(r, i, name, negated=negated)
    if not negated:
        yield from both(r, i, lambda reader, at: list(compared(reader, at, name)))
    for at in _places(r, i):
        yield from _a_value(r, at, name, negated=negated)
    yield from _a_time(r, i, name, negated=negated)
    if not negated:
        yield from nested.beyond(r, i, name)
    yield from containing(r, i, name, negated=negated)
    for op in r.op(i, "missing"):
        yield Hit(op.end, Lacking(name, negated=negated))
    for op in r.op(i, "most"):
        if not negated:
            yield Hit(op.end, Ranked(direction(op), attr=name))


def _places(r: Reader, i: int) -> Iterator[int]:
    """Austin; [located] in Austin: where what is said begins"""
    yield i
    placed = r.longest(i, "placed")
    for op in r.op(placed.end if placed else i, "in"):
        if r.word(op.start, "in", "at", "on", "within"):
            yield op.end


def _a_value(r: Reader, i: int, name: Name, *, negated: bool) -> Iterator[Hit[Post]]:
    for hit in values(r, i):
        yield Hit(hit.end, Valued(name, hit.value, negated=negated), hit.cost)
    for op in r.op(i, "cmp"):
        if comparison(op) in ("=", "<>"):
            for hit in values(r, op.end):
                other = negated ^ (comparison(op) == "<>")
                yield Hit(hit.end, Valued(name, hit.value, negated=other), hit.cost)


def _a_time(r: Reader, i: int, name: Name, *, negated: bool) -> Iterator[Hit[Post]]:
    yield from dates(r, i, name, negated=negated)
    if i > name.end:
        for end, period in r.periods(i):
            yield Hit(end, Dated(name, "in", period, negated=negated), 0.1)


def containing(r: Reader, i: int, name: Name | None = None, *, negated: bool = False) -> Iterator[Hit[Post]]:
    """Contains 'Latte' [or [the word] 'Tea']; starts with 4; (whose) first letter is S"""
    for op in r.op(i, "contains"):
        yield from _pieces(r, op.end, cast(TextMatch, op.payload), name, negated=negated)
    for op in r.op(i, "have"):
        for piece in r.op(r.the(op.end), "piece"):
            yield from _pieces(r, piece.end, "contains", name, negated=negated)


def _edges(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(whose) first letter [of the name] is S"""
    for op in r.op(r.the(i), "edge"):
        named = attrs(r, op.end + 1) if r.word(op.end, "of", "in") else ()
        for name in (None, *named):
            at, negated = being(r, name.end if name else op.end)
            yield from _pieces(r, at, cast(TextMatch, op.payload), name, negated=negated)


def _pieces(r: Reader, i: int, how: TextMatch, name: Name | None, *, negated: bool) -> Iterator[Hit[Post]]:
    for hit in _piece(r, i, how):
        first = Contains(name, how, hit.value, negated)
        yield Hit(hit.end, first, hit.cost)
        for at in [op.end for op in r.op(r.comma(hit.end), "or")] if not negated else ():
            again = r.longest(at, "contains")
            for other in _piece(r, again.end if again and again.payload == how else at, how):
                yield Hit(other.end, AnyOf((first, replace(first, text=other.value))), hit.cost + other.cost)


def _piece(r: Reader, i: int, how: TextMatch) -> Iterator[Hit[str]]:
    """[the] [word] 'Latte'; the letter S; USA; (starting with) 4"""
    for at in {i, r.the(i), _after_piece(r, r.the(i))}:
        if at < len(r.tokens):
            token = r.tokens[at]
            short = token.kind == "word" and (len(token.text) == 1 or token.text.isupper())
            short |= token.kind == "number" and how != "contains"
            if token.kind == "quoted" or short:
                ends = [r.reach(at + 1), *(op.end for op in r.op(at + 1, "in_part"))]
                yield from (Hit(end, token.text, 0.2 if short else 0.0) for end in ends)


def _after_piece(r: Reader, i: int) -> int:
    """After [the] word, letter or string, which a piece of text is."""
    op = r.longest(i, "piece")
    return op.end if op else i


def word_in(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with) [the] [word] "Opera" in [part of] the name; the letter a in their names"""
    piece = _after_piece(r, i + r.word(i, "the"))
    for hit in _piece(r, piece, "contains") if piece < len(r.tokens) else ():
        for op in r.op(hit.end, "part_of") if not hit.cost or piece > i + 1 else ():
            for name in attrs(r, op.end):
                yield Hit(name.end, Contains(name, "contains", hit.value), 0.1)


def missing(r: Reader, i: int) -> Iterator[Hit[Lacking]]:
    """missing a tail number; with unknown age"""
    for op in r.op(i, "missing"):
        for name in attrs(r, op.end):
            yield Hit(name.end, Lacking(name))
