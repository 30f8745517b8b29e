"""What restricts a set: with more than 300 seats, flown by Boeing planes, in March, without a name, the most seats."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Literal
from datamesh.ask.names.spelling import done_by
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Dated, Lacking, Linked, Post, Ranked, Valued
from datamesh.ask.read.grammar import nested, sets, tallied
from datamesh.ask.read.grammar.clauses import clause, containing, missing, word_in
from datamesh.ask.read.grammar.common import dates, dearer, values
from datamesh.ask.read.grammar.complements import complement
from datamesh.ask.read.grammar.numbered import aged, comparative, counted
from datamesh.ask.read.grammar.pairs import both, paired
from datamesh.ask.read.grammar.pointing import with_its_verb
from datamesh.ask.read.grammar.possible import CLOSE, possible
from datamesh.ask.read.grammar.ranks import most_common, ranked
from datamesh.ask.read.grammar.theirs import where
from datamesh.ask.read.grammar.verbs import chain, doing, inverted, negated, of_the_highest, verb_phrase

__all__ = ["another", "complement", "post", "predicate", "ranked"]

_THING_TOO = 1.0
_YEAR_BEHIND = 0.1
_THEIRS = ("their", "its", "his", "her")
_WITH_WHOM = 0.3  # a value after `with`, without what it is
_BARE, _BARE_PROPER = 0.3, 0.15  # a value that stands alone; as quoted or capital as a name is


@rule
def post(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """Everything that may stand behind the noun that it restricts."""
    yield from another(r, i)
    yield from possible(r, doing(r, i))


@rule
def another(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """The same behind a comma or `and`: there a noun and a verb are a sentence or two nouns, no relative clause."""
    yield from _behind(r, i)
    yield from both(r, i, _behind)
    for op in r.op(i, "shared"):
        yield from paired(r, op.end, _shared_part)


@rule
def _behind(r: Reader, i: int) -> Iterator[Hit[Post]]:
    return possible(r, _all_behind(r, i))


def _all_behind(r: Reader, i: int) -> Iterator[Hit[Post]]:
    yield from _introduced(r, i)
    for op in r.op(i, "either"):
        yield from _all_behind(r, op.end)
    for op in r.op(i, "neither"):  # neither from A nor from B
        yield from paired(r, op.end, _no_part, joint="nor")
    for op in r.op(i, "contains"):
        yield from word_in(r, op.end)
    yield from containing(r, i)
    yield from missing(r, i)
    yield from tallied.doers(r, i)
    yield from tallied.often(r, i)
    yield from _related(r, i)
    yield from verb_phrase(r, i)
    yield from comparative(r, i)
    yield from dates(r, i)
    yield from _of_year(r, i)
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value), hit.cost + _alone(hit.value))


def _of_year(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(in Fall) 2023: a year that follows a value"""
    if i and any(literal.end == i and not literal.quoted for at in range(i) for literal in r.literals(at)):
        for end, period in r.periods(i) if r.tokens[i].kind == "number" else ():
            yield Hit(end, Dated(None, "in", period), _YEAR_BEHIND)


def _introduced(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """By a word that says what follows: whose, where, with, without, that, named, other than."""
    for op in r.op(i, "whose", "where", "with", "without", "that", "named", "cmp"):
        match op.category:
            case "whose":
                yield from [*clause(r, op.end), *where(r, op.end)]
            case "where":
                yield from [*where(r, op.end), *doing(r, op.end), *predicate(r, op.end)]
            case "with":
                yield from _having(r, op.end)
                yield from both(r, op.end, _accompanied)
            case "without":
                yield from _lacking(r, op.end)
            case "that":
                yield from [*predicate(r, op.end), *doing(r, op.end)]
            case "named":
                yield from (Hit(hit.end, Valued(None, hit.value, ("named",)), hit.cost) for hit in values(r, op.end))
            case _ if op.payload == "<>":
                if r.word(op.end, "those", "ones"):  # all but those with two stores
                    yield from negated(_introduced(r, op.end + 1))
                    yield from negated([*verb_phrase(r, op.end + 1), *_related(r, op.end + 1)])
                yield from (Hit(hit.end, Valued(None, hit.value, ("be",), True), hit.cost) for hit in values(r, op.end))
            case _:
                pass


@rule
def _accompanied(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(films with both) Jim Hill (and) Ann Lee"""
    for hit in values(r, i):
        if _alone(hit.value) == _BARE_PROPER:
            yield Hit(hit.end, Valued(None, hit.value, ("with",)), hit.cost + _BARE_PROPER)


def _alone(found: tuple[Literal, ...]) -> float:
    return _BARE_PROPER if all(value.quoted or not value.cost for value in found) else _BARE


@rule
def predicate(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """A verb phrase of a relative clause or of a question: are from Boston, have more than 3 flights, fly to Boston."""
    yield from _said(r, i)
    yield from both(r, i, _said)
    yield from inverted(r, i)
    for op in r.op(i, "either"):
        yield from _said(r, op.end)
    for op in r.op(i, "neither"):
        yield from paired(r, op.end, _not_so, joint="nor")


@rule
def _not_so(r: Reader, i: int) -> Iterator[Hit[Post]]:
    yield from negated(_said(r, i))


@rule
def _said(r: Reader, i: int) -> Iterator[Hit[Post]]:
    return possible(r, _all_said(r, i))


def _all_said(r: Reader, i: int) -> Iterator[Hit[Post]]:
    for begun in chain(r, i):
        if begun.value.last == "be":
            yield from _copula(r, begun.end, no=begun.value.negated)
            for op in r.op(begun.end, "neither"):
                yield from paired(r, op.end, _no_part, joint="nor")
            yield from both(r, begun.end, _behind)
        if begun.value.last == "have" and begun.end > i + 1:
            had = [*_lacking(r, begun.end), *negated(_having(r, begun.end))] if begun.value.negated else None
            yield from _having(r, begun.end) if had is None else had
    for op in r.op(i, "have"):
        yield from _having(r, op.end)
        yield from both(r, op.end, _having)
        yield from dearer(_related(r, op.end), 0.05)
    for op in r.op(i, "have_not"):
        yield from _lacking(r, op.end)
        yield from negated(_related(r, op.end))
        yield from negated(_having(r, op.end))
        yield from negated(clause(r, op.end))
    yield from containing(r, i)
    yield from tallied.often(r, i)
    yield from verb_phrase(r, i)
    yield from _related(r, i)
    yield from clause(r, i)


def _copula(r: Reader, i: int, *, no: bool) -> Iterator[Hit[Post]]:
    """(is) [not] in Boston; missing a name; older than 56; the highest; most common; in 2013"""
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, ("be",), no), hit.cost + 0.2)
    yield from _unless(dates(r, i), no=no)
    for lacking in missing(r, i):
        yield Hit(lacking.end, replace(lacking.value, negated=no), lacking.cost)
    yield from _unless(_related(r, i), no=no)
    yield from _unless(aged(r, i), no=no)
    for op in r.op(i, "either"):  # either made in 1990 or directed by X
        yield from [*verb_phrase(r, op.end), *_related(r, op.end)] if not no else ()
    acted = i < len(r.tokens) and done_by(r.tokens[i])
    for same in sets.plain_set(r, i) if not acted else ():  # friends with Bob; once captains
        yield Hit(same.end, Linked(same.value, ("be",), negated=no), same.cost + 0.2)
    if no:
        return
    for op in r.op(i, "without"):
        yield from _lacking(r, op.end)
    yield from comparative(r, i)
    yield from ranked(r, i)
    yield from most_common(r, r.the(i))
    for op in r.op(r.the(i), "superlative"):
        yield Hit(op.end, Ranked("desc", adjective=op.payload), 0.1)


def _unless(hits: Iterator[Hit[Post]] | list[Hit[Post]], *, no: bool) -> Iterator[Hit[Post]]:
    return negated(hits) if no else iter(hits)


@rule
def _having(r: Reader, i: int) -> Iterator[Hit[Post]]:
    return possible(r, _had(r, i))


def _had(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with, that has) a height of over 5000; more than 300 seats; at least 3 flights; the most seats; black card"""
    yield from clause(r, i)
    yield from word_in(r, i)
    yield from ranked(r, i)
    yield from missing(r, i)
    for name in r.names(r.the(i), "column"):  # [a] parking, where a column says whether it has that
        if not any(values(r, name.end)):
            yield Hit(name.end, Lacking(name, negated=True, flag=True), 0.1)
    yield from both(r, i, _having)
    for op in r.op(i, "either"):
        yield from [*clause(r, op.end), *counted(r, op.end)]
    yield from counted(r, i)
    yield from dearer(comparative(r, i) if r.longest(i, "compare") else (), _WITH_WHOM)  # those with older than 50
    for related in [*sets.plain_set(r, i), *sets.best_set(r, i)]:
        if (
            related.value.preds or related.value.rank or not r.word(i, *_THEIRS)
        ):  # with their orders: these are asked for
            yield Hit(related.end, Linked(related.value, ("have",)), related.cost + 0.2)
    yield from nested.split(r, i)
    for hit in values(r, i):
        yield from _as_what(r, hit)
        if r.word(i - 1, "with"):  # friends with Bob
            yield Hit(hit.end, Valued(None, hit.value, ("with",)), hit.cost + _WITH_WHOM)
    if r.word(i, "no", "not"):
        yield from _lacking(r, i + 1)
    for op in r.op(i, "neither"):
        yield from paired(r, op.end, lambda reader, at: list(_lacking(reader, at)), joint="nor")


def _as_what(r: Reader, hit: Hit[tuple[Literal, ...]]) -> Iterator[Hit[Post]]:
    """(with) black card; (that have) 'Cash' as [their] payment method; Jim as [the] author"""
    for name in r.names(hit.end, "column"):
        yield Hit(name.end, Valued(name, hit.value), hit.cost)
    if r.word(hit.end, "as", "for"):
        at = r.the(hit.end + 1)
        for name in r.names(at, "column"):
            yield Hit(name.end, Valued(name, hit.value), hit.cost)
        for name in r.names(at, "table"):
            kind = sets.headed(name).plus(Valued(None, hit.value))
            yield Hit(name.end, Linked(kind, ("have",)), hit.cost + 0.2)


def _lacking(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(without, no) name; flights. What names a thing, too, is rather the thing."""
    if not r.word(i, "the"):
        at = i + r.word(i, "a", "an", "any")
        for name in r.names(at, "column"):
            if name.targets[0].cost < CLOSE:
                things = any(r.names(at, "table"))
                yield Hit(name.end, Lacking(name), _THING_TOO if things else 0.0)
    for hit in with_its_verb(r, sets.plain_set(r, i)):
        yield Hit(hit.end, Linked(hit.value, ("have",), negated=True), hit.cost + 0.2)


@rule
def _related(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """[not] from JFK; in the banking industry; by Boeing planes"""
    if no := r.longest(i, "not"):
        yield from negated(_related(r, no.end))
        return
    for op in r.op(i, "in"):
        yield from complement(r, op.end, (r.tokens[i].fold,))
        yield from of_the_highest(r, op.end)
        if not r.word(i, "by"):
            yield from tallied.by_many(r, op.end, (r.tokens[i].fold,))


@rule
def _shared_part(r: Reader, i: int) -> Iterator[Hit[Post]]:
    return complement(r, i, ("by",))


@rule
def _no_part(r: Reader, i: int) -> Iterator[Hit[Post]]:
    yield from negated(_behind(r, i))
