"""Whole questions: what is shown, how many, which; then grouping and order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.names.naming import PARTLY
from datamesh.ask.names.spelling import verb_form
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    Aggregate,
    Count,
    Form,
    KeyForm,
    Linked,
    Post,
    PredForm,
    Ranked,
    SetForm,
    Thing,
)
from datamesh.ask.read.grammar import computed, outputs, predicates, sets, tallied
from datamesh.ask.read.grammar.closing import per, rest
from datamesh.ask.read.grammar.common import UNREAD_VERB, holds_numbers, to_show
from datamesh.ask.read.grammar.fronted import fronted
from datamesh.ask.read.grammar.groups import Keys, each_key, group_keys
from datamesh.ask.read.grammar.inquiries import how_much, in_which, where_is
from datamesh.ask.read.grammar.moments import when_was
from datamesh.ask.read.grammar.nouns import of_head
from datamesh.ask.read.grammar.sentences import told_again
from datamesh.ask.read.grammar.shows import said_of, somebody, sorted_, who, whose, with_number
from datamesh.ask.read.grammar.so_often import doers, so_often
from datamesh.ask.read.grammar.stretches import stretches

__all__ = ["question"]


def question(r: Reader) -> list[Hit[Form]]:
    """Every reading of the whole question, the cheapest first."""
    found = [
        Hit(len(r.tokens), form.value, form.cost)
        for begun in _beginnings(r)
        for form in _told(r, begun)
        if _end(r, form.end) == len(r.tokens) and (form.value.order or not form.value.sort)
    ]
    return sorted(found, key=lambda hit: hit.cost)


def _told(r: Reader, begun: Hit[Form]) -> Iterator[Hit[Form]]:
    """With all that follows; and what a second sentence asks for, once they are in order."""
    for form in rest(r, begun):
        yield form
        if form.value.order:
            yield from told_again(r, [form])


def _beginnings(r: Reader) -> Iterator[Hit[Form]]:
    at = _of_all(r, _please(r, 0))
    yield from computed.asked(r, at)
    for rule_ in (_shown, _how_many, _which, who):
        yield from rule_(r, at)
        yield from told_again(r, rule_(r, at))
    yield from somebody(r, at)
    yield from told_again(r, list(somebody(r, at)))
    yield from [*how_much(r, at), *where_is(r, at), *when_was(r, at), *fronted(r, at, _asked)]
    for keys in group_keys(r, at):
        after = r.comma(keys.end)
        for begun in [*_shown(r, after), *_how_many(r, after), *_which(r, after), *computed.asked(r, after)]:
            yield Hit(begun.end, per(begun.value, keys.value), begun.cost + keys.cost)


def _please(r: Reader, i: int) -> int:
    if r.word(i, "tell") and r.word(i + 1, "me") and r.word(i + 2, "which", "who", "how", "what", "when", "where"):
        i = r.reach(i + 2)
    while op := r.longest(i, "please"):
        i = r.comma(op.end)
    return i


def _of_all(r: Reader, i: int) -> int:
    """After: of all the planes, (which plane); of what the question names again."""
    if r.word(i, "of", "among") and r.word(i + 1, "all"):
        for name in r.names(r.the(i + 1), "table"):
            said = {target.table for target in name.targets if not target.cost}
            again = (other.targets for at in range(name.end, len(r.tokens)) for other in r.names(at, "table"))
            if r.word(name.end, ",") and any(t.table in said for targets in again for t in targets):
                return name.end + 1
    return i


def _end(r: Reader, i: int) -> int:
    """After what may close a question without saying more."""
    while i < len(r.tokens):
        op = r.longest(i, "tail", "please")
        if r.word(i, "?", ".", "!", ",", ";", ":"):
            i += 1
        elif op:
            i = op.end
        else:
            break
    return i


@rule
def _asked(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """What is to be shown, or how many"""
    yield from _shown(r, i)
    yield from _how_many(r, i)


@rule
def _shown(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """[show me] outputs; sort the outputs"""
    for at, cost in to_show(r, i).items():
        if r.word(i, "who") and at < len(r.tokens) and verb_form(r.tokens[at]):
            continue  # who is enrolled: nothing to show, but what is said of them
        for hit in outputs.outputs(r, _please(r, at)):
            yield Hit(hit.end, Form(hit.value, bare=at == i), hit.cost + cost)
        yield from stretches(r, r.the(at), lambda behind: predicates.post(r, behind))
        if at > i:  # tell me which, who
            yield from [*_which(r, at), *who(r, at)]
    yield from sorted_(r, i)


@rule
def _how_many(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """How many planes have more than 300 seats; how many flights did each airline have; how many cancellations"""
    i = next((op.end for op in r.op(i, "in")), i)  # in how many cities
    for op in r.op(i, "how_many"):
        for hit in sets.noun_set(r, op.end):
            for form in [hit, *_there_are(r, hit), *_that_do(r, hit)]:
                yield _counting(form)
            yield from _done_by(r, hit)
            yield from _done_to_each(r, hit)
        yield from (_counting(times) for times in so_often(r, op.end))
        for name in r.names(r.the(op.end), "measure"):
            nobody = Hit(name.end, SetForm(None))
            for form in [nobody, *sets.with_posts(r, nobody), *_there_are(r, nobody)]:
                yield Hit(form.end, Form((Aggregate("contract", name, form.value),)), form.cost)


def _counting(counted: Hit[SetForm], groups: Keys = ()) -> Hit[Form]:
    return Hit(counted.end, Form((Count(counted.value),), groups), counted.cost)


def _there_are(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """(how many flights) were there[, in total,] in March"""
    for op in r.op(r.comma(counted.end), "tail"):
        after = r.longest(r.comma(op.end), "tail")
        for end in {op.end, *((after.end,) if after else ())}:
            yield from sets.with_posts(r, Hit(end, counted.value, counted.cost))


def _that_do(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """(how many planes) have more than 300 seats"""
    for post in predicates.predicate(r, counted.end):
        if not isinstance(post.value, Ranked):
            form = counted.value.plus(of_head(counted.value.head, post.value))
            yield from sets.with_posts(r, Hit(post.end, form, counted.cost + post.cost))


def _done_by(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[Form]]:
    """(how many flights) did each airline have in March; did Boeing planes make; does JetBlue operate"""
    for aux in r.op(counted.end, "aux", "have", "be"):
        for doer in sets.noun_set(r, aux.end):
            if doer.value.each and doer.value.head:
                key = KeyForm(name=doer.value.head, of=replace(doer.value, each=False))
                for done in _verb(r, doer.end):
                    for form in _with_posts(r, counted, done, doer.cost):
                        yield _counting(form, (replace(key, hint=done.verb),))
        for end, pred, cost in doers(r, aux.end):
            for done in _verb(r, end):
                by = replace(pred, hint=("have", *done.verb))
                yield from _number_of_its(r, counted, done, by, cost)
                said = of_head(counted.value.head, by)
                for form in _with_posts(r, Hit(0, counted.value.plus(said), counted.cost), done, cost):
                    yield _counting(form)


def _number_of_its(
    r: Reader, counted: Hit[SetForm], done: tallied.Done, by: PredForm, cost: float
) -> Iterator[Hit[Form]]:
    """(how many) platforms does Halden have; passengers did the line R1 carry in 2023: a number of its rows"""
    form = counted.value
    head = form.head.only("column") if form.head and form == SetForm(form.head, plural=True) else None
    if head is not None and head.targets[0].cost < PARTLY and holds_numbers(r, head):
        for of in _with_posts(r, Hit(0, SetForm(None, (by,)), counted.cost), done, cost):
            yield Hit(of.end, Form((Aggregate("sum", head, of.value),)), of.cost)


def _with_posts(r: Reader, counted: Hit[SetForm], done: tallied.Done, cost: float) -> Iterator[Hit[SetForm]]:
    return sets.with_posts(r, Hit(done.end, counted.value, counted.cost + cost + done.cost))


def _verb(r: Reader, i: int) -> Iterator[tallied.Done]:
    """The verb at the end: have, operate, fly; with its preposition."""
    for op in r.op(i, "have"):
        yield tallied.Done(op.end)
    for op in r.op(i, "in"):
        yield tallied.Done(op.end, cost=0.1)
    start = at = next((op.end for op in r.op(i, "be")), i)  # (has each nominee) been nominated for
    while r.lattice.relation(at):
        at += 1
    if at > start:
        verb = (r.tokens[at - 1].stem,)
        yield tallied.Done(r.reach(at), verb, UNREAD_VERB + 0.1)
        for op in r.op(at, "in"):
            yield tallied.Done(op.end, verb, UNREAD_VERB + 0.1)


def _done_to_each(r: Reader, counted: Hit[SetForm]) -> Iterator[Hit[Form]]:
    """(how many players) played each position; have appeared in each musical"""
    at = next((op.end for op in r.op(counted.end, "have", "be", "aux")), counted.end)
    for end in {at, *(done.end for done in _verb(r, at))}:
        if end > counted.end:
            for keys in each_key(r, end):
                yield _counting(Hit(keys.end, counted.value, counted.cost + keys.cost + UNREAD_VERB), keys.value)


def _turned_round(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(which brand) do the most customers buy; (in which years) were at least two shops opened"""
    for op in r.op(i, "aux", "have", "be"):
        yield from tallied.doers(r, op.end)
        if r.word(op.end, "there"):
            yield from tallied.so_many(r, op.end + 1)
            for none in sets.plain_set(r, op.end + 2) if r.word(op.end + 1, "no") else ():
                yield Hit(none.end, Linked(none.value, ("have",), negated=True), none.cost)
        if r.word(op.end, "we", "you") and r.longest(op.end + 1, "have"):  # did we have the most visits
            yield from tallied.so_many(r, op.end + 2)
    yield from tallied.doers(r, i)


@rule
def _which(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Which airline has the most flights; which planes are from Boeing; in what cities are there two airports"""
    i = next((op.end for op in r.op(i, "in", "with")), i)
    if not r.word(i, "which", "what"):
        return
    yield from whose(r, i + 1)
    yield from stretches(r, i + 1, lambda at: [*predicates.predicate(r, at), *_turned_round(r, at)])
    yield from in_which(r, i + 1)
    for people in tallied.in_role(r, Hit(i + 1, SetForm(None))):
        yield from with_number(r, Hit(people.end, Form((Thing(people.value),)), people.cost))
    for hit in sets.noun_set(r, r.the(i + 2) if r.word(i + 1, "of") else i + 1):
        for found in said_of(r, hit, [*predicates.predicate(r, hit.end), *_turned_round(r, hit.end)]):
            yield from with_number(r, found)
