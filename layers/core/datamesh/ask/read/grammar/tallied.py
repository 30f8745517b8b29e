"""So many of what is related, said by what they do: that the most customers use, shared by two firms, used twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Linked, Post, Ranked, SetForm, Tallied, Yard
from datamesh.ask.read.grammar import numbered, sets
from datamesh.ask.read.grammar.common import (
    UNREAD_VERB,
    Amount,
    amount,
    being,
    comparison,
    dearer,
    direction,
    function,
    measurable,
)
from datamesh.ask.read.grammar.possible import possible_values

__all__ = ["Done", "by_many", "doers", "in_role", "often", "so_many", "verbs"]

_BACK = ("each", "it", "them")
_HOW_MANY = ("most", "fewest", "least", "number")  # of the highest mountain: of one, not of many


@dataclass(frozen=True)
class Done:
    """A verb with what stands around it: its end, its stem (empty for have and be) and what leaving it unread costs."""

    end: int
    verb: tuple[str, ...] = ()
    cost: float = 0.0


def verbs(r: Reader, i: int) -> Iterator[Done]:
    """have been used in; live; are assigned to; have"""
    at, states = i, {i}
    for _ in range(3):
        states = {op.end for state in states for op in r.op(state, "be", "have", "aux")}
        yield from (Done(end) for end in states)
        yield from (done for end in states for done in _verb(r, end))
        at = max(states, default=at)
    yield from _verb(r, i)


def _verb(r: Reader, i: int) -> Iterator[Done]:
    if r.lattice.relation(i):
        verb = (r.tokens[i].stem,)
        yield Done(r.reach(i + 1), verb, UNREAD_VERB)
        for op in r.op(i + 1, "in"):
            yield from (Done(end, verb, UNREAD_VERB) for end in {op.end, op.end + r.word(op.end, "by")})
        for op in r.op(i + 1, "with"):  # are affiliated with
            if r.word(op.end, *_BACK, ".", "?", ",") or op.end == len(r.tokens):
                yield Done(op.end, verb, UNREAD_VERB)
    else:
        for op in r.op(i, "in") if i else ():  # in charge of, responsible for: as good as a verb
            said = tuple(token.stem for token in r.tokens[op.start : op.end]) if op.end > op.start + 1 else ()
            yield Done(op.end, said)


def _relative(r: Reader, i: int) -> Iterator[tuple[int, bool]]:
    """that; in which; where; for which there are: where it ends, and whether a verb was said already"""
    starts = {i, *(op.end for op in r.op(i, "that", "whose"))}
    starts |= {i + 2 for op in r.op(i, "in") if op.end == i + 1 and r.word(i + 1, "which", "whom")}
    starts |= {i + 1} if r.word(i, "when") else set()
    for at in starts:
        yield at, False
        if r.word(at, "there") and r.word(at + 1, "are", "were", "is", "was"):
            yield at + 2, True


@rule
def doers(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(the type) [that] more than 3 customers use; (the city) where the most people live"""
    for at, said in _relative(r, i):
        for found in so_many(r, at):
            if said:
                yield found
            for done in verbs(r, found.end):
                yield Hit(done.end, found.value, found.cost + done.cost)


@rule
def so_many(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """more than 3 customers; the most customers"""
    for count in amount(r, i):
        if count.value.compared:
            yield from numbered.so_many(r, i, count)
    for op in r.op(i, "most"):
        for found in sets.counted_set(r, op.end + r.word(op.end, "of")):
            yield Hit(found.end, Ranked(direction(op), of=found.value), found.cost)


@rule
def often(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that was) used more than twice; ordered the most often; shared by the most, by more than two companies"""
    starts = {i, *(op.end for op in r.op(i, "that"))}
    for at in starts:
        for start in {*(op.end for op in r.op(at, "have", "with", "whose")), *({at} - {i})}:
            yield from _measured(r, start)
        for done in verbs(r, at):
            if done.verb:
                yield from _times(r, done)
                yield from dearer(by_many(r, done.end, done.verb), done.cost)
        for op in r.op(at, "whose"):
            yield from _theirs(r, op.end)
        yield from _recorded(r, at)


def _recorded(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that) have more than two records; has the most records"""
    for op in r.op(i, "have", "with"):
        for count in amount(r, op.end):
            for rows in r.op(count.end, "rows"):
                if count.value.compared:
                    yield from _so_often(Hit(rows.end, count.value, count.cost))
        for most in r.op(op.end, "most"):
            for rows in r.op(most.end, "rows"):
                yield Hit(rows.end, Ranked(direction(most), of=sets.ROWS))


def _so_often(count: Hit[Amount], verb: tuple[str, ...] = ("have",)) -> Iterator[Hit[Post]]:
    """(used) twice, (have) two records: rows that have no name of their own"""
    if (many := count.value.whole) is not None:
        yield Hit(count.end, Linked(sets.ROWS, verb, count=(count.value.op, many)), count.cost)


def _theirs(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(whose) products have an average price above 30"""
    for rows in sets.plain_set(r, i):
        for have in r.op(rows.end, "have"):
            for hit in _measured(r, have.end):
                if isinstance(hit.value, Tallied) and hit.value.of is None:
                    yield Hit(hit.end, replace(hit.value, of=rows.value), hit.cost + rows.cost)


def _measured(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(whose) average price is above 30; (with) an average attendance of over 200; a total of more than 50 in sales"""
    for op in r.op(r.the(i), "agg"):
        for name in measurable(r, r.the(op.end), function(op)):
            for most in r.op(being(r, name.end)[0], "most"):
                yield Hit(most.end, Ranked(direction(most), attr=name, fn=function(op)))
            for at in {being(r, name.end)[0], name.end + r.word(name.end, "of")}:
                for count in amount(r, at):
                    if count.value.compared and count.value.high is None and not isinstance(count.value.number, Yard):
                        found = Tallied(function(op), name, count.value.op, count.value.number)
                        yield Hit(count.end, found, count.cost)
                        for rows in sets.among(r, count.end):
                            yield Hit(rows.end, replace(found, of=rows.value), count.cost + rows.cost)


def by_many(r: Reader, i: int, hint: tuple[str, ...]) -> Iterator[Hit[Post]]:
    """(used by, in) more than 3 shops; (shared by, in charge of) the most companies"""
    for found in so_many(r, i):
        if isinstance(found.value, Linked) or (
            isinstance(found.value, Ranked) and any(r.word(at, *_HOW_MANY) for at in range(i, i + 3))
        ):
            yield Hit(found.end, replace(found.value, hint=hint), found.cost)


def _times(r: Reader, done: Done) -> Iterator[Hit[Post]]:
    at = done.end + r.word(done.end, "for")
    for count in _how_often(r, at):
        yield from dearer(_so_often(count, done.verb), done.cost)
        many = count.value.whole
        for rows in sets.among(r, count.end) if many is not None else ():  # used twice in orders
            found = Linked(rows.value, done.verb, count=(count.value.op, many or 0))
            yield Hit(rows.end, found, count.cost + done.cost + rows.cost)
    for op in r.op(done.end, "often"):
        yield Hit(op.end, Ranked(direction(op), of=sets.ROWS, hint=done.verb), done.cost)
        for rows in sets.among(r, op.end):
            yield Hit(rows.end, Ranked(direction(op), of=rows.value), done.cost + rows.cost)


def in_role(r: Reader, front: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """(people) that have been governor the most times; (people) who served as captain more than twice"""
    if front.value != SetForm(None) or not r.word(front.end, "people", "persons", "person"):
        return
    for at in {front.end + 1, *(op.end for op in r.op(front.end + 1, "that"))}:
        for end in _role(r, at):
            for name in r.names(r.the(end), "column"):
                if possible_values(r, name):
                    yield from _so_often_so(r, SetForm(name, plural=True), Done(name.end, cost=front.cost))


def _role(r: Reader, i: int) -> Iterator[int]:
    """have been; [have] served as"""
    at = i
    for _ in range(2):
        if op := r.longest(at, "have", "be"):
            at = op.end
    if at > i and r.word(at - 1, "been"):
        yield at
    if r.lattice.relation(at) and r.word(at + 1, "as"):
        yield at + 2


def _so_often_so(r: Reader, of: SetForm, done: Done) -> Iterator[Hit[SetForm]]:
    for hit in _times(r, done):
        if isinstance(hit.value, Ranked):
            yield Hit(hit.end, replace(of, rank=hit.value), hit.cost)
        elif isinstance(hit.value, Linked):
            yield Hit(hit.end, of.plus(hit.value), hit.cost)


def _how_often(r: Reader, i: int) -> Iterator[Hit[Amount]]:
    """more than once; at least twice; exactly 3 times"""
    for op in (None, *r.op(i, "cmp")):
        at = op.end if op else i
        for times in r.op(at, "times"):
            yield Hit(times.end, Amount(comparison(op) if op else "=", int(times.payload), compared=op is not None))
    for count in amount(r, i):
        for rows in r.op(count.end, "rows"):
            if r.word(rows.start, "time", "times"):
                yield Hit(rows.end, count.value, count.cost)
