"""An attribute and what is said of it: age is above 30, carrier is Sprint or TMobile, name starts with 'A'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from datamesh.ask.lattice import Name
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Contains, Dated, Lacking, Post, Ranked, TextMatch, Valued
from datamesh.ask.read.grammar import nested
from datamesh.ask.read.grammar.common import attrs, being, comparison, dates, direction, values
from datamesh.ask.read.grammar.compared import compared
from datamesh.ask.read.grammar.pairs import both

__all__ = ["clause", "containing", "missing", "word_in"]


@rule
def clause(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """[the] attribute, and what it is, has or contains."""
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
    yield from _a_value(r, i, name, negated=negated)
    yield from _a_time(r, i, name, negated=negated)
    if not negated:
        yield from nested.beyond(r, i, name)
    yield from containing(r, i, name, negated=negated)
    for op in r.op(i, "missing"):
        yield Hit(op.end, Lacking(name, negated=negated))
    for op in r.op(i, "most"):
        if not negated:
            yield Hit(op.end, Ranked(direction(op), attr=name))


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
    """A quoted piece of text, or a letter or abbreviation."""
    starts = {
        (at, op.payload) for op in r.op(i, "contains") for at in (op.end, r.the(op.end), _after_piece(r, r.the(op.end)))
    }
    starts |= {(piece.end, "contains") for op in r.op(i, "have") for piece in r.op(r.the(op.end), "piece")}
    for at, how in starts:
        if at >= len(r.tokens):
            continue
        token = r.tokens[at]
        short = token.kind == "word" and (len(token.text) == 1 or token.text.isupper())
        if token.kind == "quoted" or short:
            found = Contains(name, cast(TextMatch, how), token.text, negated)
            yield from (Hit(end, found, 0.2 if short else 0.0) for end in _in_part(r, at + 1))


def _in_part(r: Reader, i: int) -> Iterator[int]:
    """(has "Opera") [in part, in it]: both ends"""
    yield r.reach(i)
    yield from (op.end for op in r.op(i, "in_part"))


def _after_piece(r: Reader, i: int) -> int:
    """After [the] word, letter or string, which a piece of text is."""
    op = r.longest(i, "piece")
    return op.end if op else i


def word_in(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with) [the] [word] "Opera" in [part of] the name"""
    at = i + r.word(i, "the")
    at = _after_piece(r, at)
    if at < len(r.tokens) and r.tokens[at].kind == "quoted":
        for op in r.op(at + 1, "part_of"):
            for name in attrs(r, op.end):
                yield Hit(name.end, Contains(name, "contains", r.tokens[at].text), 0.1)


def missing(r: Reader, i: int) -> Iterator[Hit[Lacking]]:
    """missing a tail number; with unknown age"""
    for op in r.op(i, "missing"):
        for name in attrs(r, op.end):
            yield Hit(name.end, Lacking(name))
