"""What restricts a set: whose age is above 30, with more than 300 seats, flown by Boeing planes, in March, without a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal as Choice
from typing import TypeAlias, cast

from datamesh.ask.annotate import Name
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Compared, Contains, Dated, Lacking, Linked, PredForm, Ranked, Valued
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import Amount, amount, being, time, values

__all__ = ["Post", "attr", "clause", "post", "predicate"]

Post: TypeAlias = PredForm | Ranked
_SKIPPED_VERB = 0.4
_CLOSE = 0.5  # what a column's name may cost that is said to be missing
_THING_TOO = 1.0


def attr(r: Reader, i: int) -> Iterator[Name]:
    yield from r.names(r.the(i), "column")


@rule
def post(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """Everything that may stand behind the noun it restricts."""
    for op in r.op(i, "whose"):
        yield from clause(r, op.end)
    for op in r.op(i, "with"):
        yield from _having(r, op.end)
    for op in r.op(i, "without"):
        yield from _lacking(r, op.end)
    for op in r.op(i, "that"):
        yield from predicate(r, op.end)
    yield from _named(r, i)
    yield from _related(r, i, ())
    yield from _comparative(r, i)
    yield from _contains_noun(r, i)
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value), hit.cost + 0.3)
    for when in time(r, i):
        yield Hit(when.end, Dated(None, when.value.how, when.value.period, when.value.last), when.cost)
    for op in r.op(i, "missing"):
        for name in attr(r, op.end):
            yield Hit(name.end, Lacking(name))


@rule
def clause(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """Age is above 30; carrier is Sprint or TMobile; name starts with 'A'; tail number is missing."""
    for name in attr(r, i):
        yield from _relation(r, name)


def _relation(r: Reader, name: Name) -> Iterator[Hit[Post]]:
    for op in r.op(name.end, "has_missing"):
        yield Hit(op.end, Lacking(name))
    for op in r.op(name.end, "contains"):
        yield from _containing(r, op.end, name, op.payload, negated=False)
    for at, negated in being(r, r.comma(name.end)):
        yield from _is(r, at, name, negated)
    of = next((op.end for op in r.op(name.end, "in") if r.word(name.end, "of", "in", "at", "on")), None)
    if of is not None:
        yield from _is(r, r.the(of), name, negated=False)
    if r.word(name.end, "do", "does", "did") and (no := r.longest(name.end + 1, "not")):
        for op in r.op(no.end, "contains"):
            yield from _containing(r, op.end, name, op.payload, negated=True)


def _is(r: Reader, i: int, name: Name, negated: bool) -> Iterator[Hit[Post]]:
    for count in amount(r, i):
        if not negated or not count.value.compared:
            op = "<>" if negated else count.value.op
            yield Hit(count.end, Compared(name, op, count.value.number, count.value.high), count.cost)  # type: ignore[arg-type]
    for op in r.op(i, "cmp"):
        if op.payload in ("=", "<>"):
            for hit in values(r, op.end):
                yield Hit(hit.end, Valued(name, hit.value, negated=negated ^ (op.payload == "<>")), hit.cost)
    for hit in values(r, i):
        yield Hit(hit.end, Valued(name, hit.value, negated=negated), hit.cost)
    for when in time(r, i):
        yield Hit(when.end, Dated(name, when.value.how, when.value.period, when.value.last, negated=negated), when.cost)
    if i > name.end or r.word(i, "on"):
        for end, period in r.periods(i):
            yield Hit(end, Dated(name, "in", period, negated=negated), 0.1)
    for op in r.op(i, "missing"):
        yield Hit(op.end, Lacking(name, negated=negated))
    for op in r.op(i, "most"):
        if not negated:
            yield Hit(op.end, Ranked(cast(Choice["asc", "desc"], op.payload), attr=name))
    for op in r.op(i, "contains"):
        yield from _containing(r, op.end, name, op.payload, negated=negated)


def _containing(r: Reader, i: int, name: Name, how: str, *, negated: bool) -> Iterator[Hit[Post]]:
    """A quoted piece of text, or one that is written like a name."""
    for at in {i, r.the(i)}:
        if at < len(r.tokens) and (token := r.tokens[at]).kind in ("quoted", "word"):
            single = len(token.text) == 1 or token.text.isupper()
            if token.kind == "quoted" or single:
                cost = 0.0 if token.kind == "quoted" else 0.2
                yield Hit(r.reach(at + 1), Contains(name, how, token.text, negated), cost)  # type: ignore[arg-type]


def _contains_noun(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """... with the word "Opera" in the name."""
    for op in r.op(i, "contains", "with"):
        for at in {
            op.end,
            op.end + r.word(op.end, "the"),
            op.end + 2 * r.word(op.end + 1, "word", "substring", "string"),
        }:
            if at < len(r.tokens) and r.tokens[at].kind == "quoted" and r.word(at + 1, "in"):
                for name in attr(r, at + 2):
                    yield Hit(name.end, Contains(name, "contains", r.tokens[at].text), 0.1)


@rule
def _having(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with, that has) a height of over 5000; more than 300 seats; at least 3 flights; the most seats; Sprint as carrier."""
    yield from clause(r, i)
    for count in amount(r, i):
        if count.value.high is None:
            yield from _counted(r, count)
    yield from _ranked(r, i)
    for hit in sets.plain_set(r, i):
        yield Hit(hit.end, Linked(hit.value, ("have",)), hit.cost + 0.2)
    for hit in values(r, i):
        for name in r.names(hit.end, "column"):
            yield Hit(name.end, Valued(name, hit.value), hit.cost)
    for op in r.op(i, "missing"):
        for name in attr(r, op.end):
            yield Hit(name.end, Lacking(name))
    if r.word(i, "no", "not"):
        yield from _lacking(r, i + 1)


def _counted(r: Reader, count: Hit[Amount]) -> Iterator[Hit[Post]]:
    found = count.value
    for name in r.names(count.end, "column"):
        yield Hit(name.end, Compared(name, found.op, found.number), count.cost)
    if float(found.number).is_integer():
        for hit in sets.plain_set(r, count.end):
            yield Hit(hit.end, Linked(hit.value, ("have",), count=(found.op, int(found.number))), hit.cost + count.cost)


@rule
def _ranked(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(with) the highest elevation; the most flights; the lowest average price; the longest runway's worth of nothing."""
    for op in r.op(i, "most"):
        direction = cast(Choice["asc", "desc"], op.payload)
        for name in attr(r, op.end):
            yield Hit(name.end, Ranked(direction, attr=name))
        for hit in sets.plain_set(r, op.end):
            yield Hit(hit.end, Ranked(direction, of=hit.value), hit.cost)
        for fn in r.op(op.end, "agg"):
            for name in r.names(r.the(fn.end), "column"):
                yield Hit(name.end, Ranked(direction, attr=name, fn=fn.payload))  # type: ignore[arg-type]
        for name in r.names(op.end, "measure"):
            yield Hit(name.end, Ranked(direction, attr=name, fn="contract"))
    for op in r.op(r.the(i), "superlative"):
        for name in attr(r, op.end):
            yield Hit(name.end, Ranked("desc", attr=name, adjective=op.payload), 0.1)


def _lacking(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """Without a name; without flights. What names a table, too, is rather the thing."""
    for name in r.names(i, "column") if not r.word(i, "the") else ():
        if name.targets[0].cost < _CLOSE:
            things = any(r.names(i, "table"))
            yield Hit(name.end, Lacking(name), _THING_TOO if things else 0.0)
    for hit in sets.plain_set(r, i):
        yield Hit(hit.end, Linked(hit.value, ("have",), negated=True), hit.cost + 0.2)


@rule
def predicate(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """The verb phrase of a relative clause or of a question: are from Boston, have more than 3 flights, fly to Boston."""
    for op in r.op(i, "be"):
        for at, negated in being(r, i):
            if at >= op.end:
                yield from _copula(r, at, negated)
    for op in r.op(i, "have"):
        yield from _having(r, op.end)
        yield from _related(r, op.end, (), base=0.05)
    for op in r.op(i, "have_not"):
        yield from _lacking(r, op.end)
        yield from _negated(_related(r, op.end, ()))
        yield from _negated(iter(clause(r, op.end)))
    for op in r.op(i, "aux"):
        no = r.longest(op.end, "not")
        if no:
            yield from _negated(_related(r, no.end, ()))
    yield from _related(r, i, ())
    yield from clause(r, i)


def _copula(r: Reader, i: int, negated: bool) -> Iterator[Hit[Post]]:
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, ("be",), negated), hit.cost + 0.2)
    related = _related(r, i, ())
    yield from _negated(related) if negated else related
    for op in r.op(i, "missing"):
        for name in attr(r, op.end):
            yield Hit(name.end, Lacking(name, negated))
    if not negated:
        yield from _comparative(r, i)
        yield from _ranked(r, i)
        yield from _most_common(r, r.the(i))
        for op in r.op(i, "superlative"):
            yield Hit(op.end, Ranked("desc", adjective=op.payload), 0.1)
        if r.word(i, "the"):
            for op in r.op(i + 1, "superlative"):
                yield Hit(op.end, Ranked("desc", adjective=op.payload), 0.1)
    for when in time(r, i):
        yield Hit(when.end, Dated(None, when.value.how, when.value.period, when.value.last, negated=negated), when.cost)


def _most_common(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that is) most common among planes"""
    for op in r.op(i, "common"):
        direction = cast(Choice["asc", "desc"], op.payload)
        yield Hit(op.end, Ranked(direction, of=sets.ROWS))
        if r.word(op.end, "among", "across", "in", "for", "of", "at"):
            for hit in sets.plain_set(r, r.the(op.end + 1)):
                yield Hit(hit.end, Ranked(direction, of=hit.value), hit.cost)


def _negated(hits: Iterator[Hit[Post]]) -> Iterator[Hit[Post]]:
    for hit in hits:
        if isinstance(hit.value, Valued | Linked | Dated):
            yield Hit(hit.end, replace(hit.value, negated=not hit.value.negated), hit.cost)


def _named(r: Reader, i: int) -> Iterator[Hit[Post]]:
    for op in r.op(i, "named"):
        for hit in values(r, op.end):
            yield Hit(hit.end, Valued(None, hit.value, ("named",)), hit.cost)


def _comparative(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """Older than 56; longer than 300 miles."""
    for op in r.op(i, "compare"):
        for count in amount(r, op.end):
            if not count.value.compared and count.value.high is None:
                yield Hit(count.end, Compared(None, ">", count.value.number, adjective=op.payload), count.cost)


def _related(r: Reader, i: int, hint: tuple[str, ...], base: float = 0.0) -> Iterator[Hit[Post]]:
    """[flown] [by] Boeing planes; from JFK; in the banking industry; opened before 2008."""
    no = r.longest(i, "not") if not hint else None
    if no:
        yield from _negated(_related(r, no.end, (), base))
        return
    verbs = [(i, (), base)]
    if r.lattice.relation(i) and not r.longest(i, "have"):
        r.reach(i + 1)
        verbs.append((i + 1, (r.tokens[i].stem,), base + _SKIPPED_VERB))
    for at, words, cost in verbs:
        prepositions = [(op.end, (*words, r.tokens[at].fold)) for op in r.op(at, "in")]
        if words:
            prepositions.append((at, words))
        for end, said in prepositions:
            for hit in _complement(r, end, said):
                yield Hit(hit.end, hit.value, hit.cost + cost)
        if words:
            starts = {at} | {op.end for op in r.op(at, "in")}
            for start in starts:
                for hit in _ranked(r, start):
                    if isinstance(hit.value, Ranked) and hit.value.of:
                        yield Hit(hit.end, hit.value, hit.cost + cost)
            for when in time(r, at):
                value = when.value
                yield Hit(when.end, Dated(None, value.how, value.period, value.last, words), when.cost + cost - 0.2)


def _complement(r: Reader, i: int, hint: tuple[str, ...]) -> Iterator[Hit[Post]]:
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, hint), hit.cost + 0.1)
        for name in r.names(hit.end, "column"):
            yield Hit(name.end, Valued(name, hit.value, hint), hit.cost)
    for name in attr(r, i):
        for hit in values(r, name.end):
            yield Hit(hit.end, Valued(name, hit.value, hint), hit.cost)
        for count in amount(r, name.end):
            yield Hit(count.end, Compared(name, count.value.op, count.value.number, count.value.high), count.cost)
    for hit in sets.plain_set(r, i):
        yield Hit(hit.end, Linked(hit.value, hint), hit.cost + 0.3)
