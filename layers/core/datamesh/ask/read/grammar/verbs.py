"""What is done, by whom and to whom: were never reviewed by Jim; (the courses) that Jim takes; have not been moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from datamesh.ask.lattice import Name
from datamesh.ask.names.spelling import VERB_STEMS, done_by
from datamesh.ask.names.words import singular, stem
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    NEVER,
    Compared,
    Dated,
    Lacking,
    Linked,
    Post,
    Ranked,
    SetForm,
    Valued,
    Yard,
)
from datamesh.ask.read.grammar import nested, predicates, sets
from datamesh.ask.read.grammar.common import dates, dearer, participle, values
from datamesh.ask.read.grammar.compared import compared
from datamesh.ask.read.grammar.deeds import deeds
from datamesh.ask.read.grammar.numbered import comparative, counted, measuring
from datamesh.ask.read.grammar.pairs import both
from datamesh.ask.read.grammar.possible import CLOSE

__all__ = ["chain", "doing", "inverted", "negated", "of_the_highest", "verb_at_end", "verb_phrase"]

_SKIPPED_VERB = 0.4  # a verb that was taken for the one relationship it can mean
_STATE_TOO = 0.7  # that a verb says nothing of the state that it is a value of
_NO_THAT = 0.1  # the papers (that) he wrote
_DONE_ALONE = 0.3  # have not been eliminated: the verb names the rows that are not there
_EVENT = ("never", "did", "have", "has", "had")
_HAVE = ("have", "has", "had", "having")
_AS_HAVING = frozenset(
    stem(verb) for verb in ("get", "receive", "achieve", "score", "reach", "record", "obtain", "pay")
)


@dataclass(frozen=True)
class Chain:
    """Auxiliaries before a verb; `last` is the kind of the last one. `event`: what happened or never did."""

    negated: bool = False
    last: str = ""
    event: bool = False


@rule
def chain(r: Reader, i: int) -> Iterator[Hit[Chain]]:
    """are; did not; have never been; can also: every beginning of it"""
    states = [Hit(i, Chain())]
    for _ in range(5):
        states = [hit for state in states for hit in _longer(r, state)]
        yield from states


def _longer(r: Reader, state: Hit[Chain]) -> Iterator[Hit[Chain]]:
    for op in r.op(state.end, "be", "have", "aux", "not", "adverb"):
        found = replace(state.value, event=state.value.event or r.tokens[op.start].fold in _EVENT)
        if op.category == "not":
            if not found.negated:
                yield Hit(op.end, replace(found, negated=True))
        elif op.category == "adverb":
            yield Hit(op.end, found, state.cost)
        elif op.category != "have" or r.tokens[op.start].fold in _HAVE:
            yield Hit(op.end, replace(found, last=op.category))


def verb_phrase(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """[have never been] reviewed by Jim; [did not] order Latte; hired to build two bridges; opened in 2008"""
    for begun in (Hit(i, Chain()), *chain(r, i)):
        at = begun.end
        yield from _unless(begun.value, measuring(r, at))
        if r.lattice.relation(at) and not r.longest(at, "have"):
            yield from _unless(begun.value, dearer(_by_whom(r, at, _after_verb(r, r.reach(at + 1))), _SKIPPED_VERB))
            yield from _not_one(r, at + 1) if begun.value.negated else ()
            if r.word(at + 1, "to") and r.lattice.relation(at + 2):  # assigned to repair machines
                yield from _unless(begun.value, dearer(_after_verb(r, r.reach(at + 3)), _SKIPPED_VERB))
            for op in r.op(r.the(at + 1), "superlative") if not begun.value.negated else ():  # opened most recently
                for name in r.names(at, "column"):
                    yield Hit(op.end, Ranked("desc", attr=name, adjective=op.payload), _SKIPPED_VERB / 2)
        yield from _unless(begun.value, _at_that_time(r, at))
        if begun.value.last or begun.value.negated:
            yield from _unless(begun.value, _done(r, at, begun.value))


def _by_whom(r: Reader, i: int, hits: Iterator[Hit[Post]]) -> Iterator[Hit[Post]]:
    """(requests) approved by Ann, where some are pending: the verb may say that, too, so nothing was read of it."""
    state = any(literal.hits for literal in r.literals(i) if literal.end == i + 1)
    for hit in hits:
        agent = isinstance(hit.value, Valued | Linked) and hit.value.hint[1:] == ("by",)
        yield Hit(hit.end, hit.value, hit.cost + _STATE_TOO * (state and agent))


def _not_one(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(have not, never) sold a single policy; enrolled in a single course"""
    hint = (r.tokens[i - 1].stem,)
    for start in (i, *(op.end for op in r.op(i, "in"))):
        for op in r.op(start, "single"):
            for rows in sets.plain_set(r, op.end):
                yield Hit(rows.end, Linked(rows.value, hint, negated=True), rows.cost + _SKIPPED_VERB)


def _at_that_time(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """took office after 1961; left office [at] the latest [time]"""
    for name in deeds(r, i):
        yield from dates(r, name.end, name)
        yield from compared(r, name.end, name)
        for op in r.op(r.the(name.end + r.word(name.end, "at", "in")), "superlative"):
            end = op.end + r.word(op.end, "time", "date", "year")
            yield Hit(end, Ranked("desc", attr=name, adjective=op.payload))


def _unless(said: Chain, hits: Iterator[Hit[Post]]) -> Iterator[Hit[Post]]:
    if not said.negated:
        yield from hits
    for hit in negated(hits) if said.negated else ():
        value = hit.value
        if said.event and isinstance(value, Valued):
            value = replace(value, hint=(*value.hint, NEVER))
        yield Hit(hit.end, value, hit.cost)


def _after_verb(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """... [by] Boeing planes; in 2008; the most events; more than 3 movies; nobody"""
    verb = r.tokens[i - 1].stem
    for op in r.op(i, "nothing") if i - 1 in r.lattice.deeds else ():  # employs nobody
        rows = sets.headed(r.lattice.deeds[i - 1])
        yield Hit(op.end, Linked(rows, ("have",), negated=True), _DONE_ALONE - _SKIPPED_VERB)
    starts = {i: (verb,)} | {op.end: (verb, r.tokens[i].fold) for op in r.op(i, "in", "with")}
    starts |= {r.reach(at + 1): (verb, r.tokens[at].stem) for at in starts if at > i and _going_on(r, at)}
    yield from nested.later(r, i)
    for none in sets.plain_set(r, i + 1) if r.word(i, "no") else ():  # offer no courses
        yield Hit(none.end, Linked(none.value, (verb,), negated=True), none.cost)
    yield from both(r, i, lambda reader, at: list(_with_preposition(reader, at, verb)))  # used both by A and by B
    for start, hint in starts.items():
        yield from (replace(hit, value=_when_done(hit.value, verb)) for hit in predicates.complement(r, start, hint))
        yield from comparative(r, start)
        for hit in predicates.ranked(r, start):
            if isinstance(hit.value, Ranked) and (hit.value.of or hit.value.total or hit.value.fn):
                yield Hit(hit.end, replace(hit.value, hint=hit.value.hint or hint), hit.cost)
        if start > i:
            yield from of_the_highest(r, start)
        if start == i and verb in _AS_HAVING:  # got the highest mark
            yield from (hit for hit in predicates.ranked(r, i) if isinstance(hit.value, Ranked) and hit.value.attr)
        yield from counted(r, start)
    deed = r.lattice.deeds.get(i - 1)
    for when in dates(r, i, hint=(verb,)):  # a verb may name the date: opened in 2008
        yield Hit(when.end, when.value, when.cost - _SKIPPED_VERB / 2)
        if deed:  # or the rows that have it: ordered in 2008
            rows = replace(sets.headed(deed), preds=(when.value,))
            yield Hit(when.end, Linked(rows, (verb,)), when.cost - _SKIPPED_VERB / 2)


def _with_preposition(r: Reader, i: int, verb: str) -> Iterator[Hit[Post]]:
    for op in r.op(i, "in", "with"):
        yield from predicates.complement(r, op.end, (verb, r.tokens[i].fold))


def _going_on(r: Reader, i: int) -> bool:
    """(assigned to) repair machines, (used in) taking photos: one verb more"""
    return r.lattice.relation(i) and (r.tokens[i - 1].fold == "to" or r.tokens[i].fold.endswith("ing"))


def _when_done(said: Post, verb: str) -> Post:
    """Who bought products in 2016: it is the buying that was then, whatever date the products have."""
    if not isinstance(said, Linked):
        return said
    preds = (replace(p, hint=(verb,)) if isinstance(p, Dated) and not (p.attr or p.hint) else p for p in said.to.preds)
    return replace(said, to=replace(said.to, preds=tuple(preds)))


def of_the_highest(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(of) the highest age; (opened in) the most recent year: of one value, not of most of something."""
    for hit in predicates.ranked(r, i):
        last = r.tokens[hit.end - 1].fold
        if isinstance(hit.value, Ranked) and hit.value.attr and singular(last) == last:
            yield hit


def _when(r: Reader, name: Name) -> Name | None:
    """The date that a participle names: (have) closed, for when that was."""
    columns = [target for target in name.targets if target.kind == "column" and target.cost < CLOSE]
    dated = [target for target in columns if r.lattice.vocabulary.column(target.table, target.name).dated]
    return replace(name, targets=tuple(dated)) if participle(r, name) and len(dated) == 1 else None


def _done(r: Reader, i: int, said: Chain) -> Iterator[Hit[Post]]:
    """(have not) been eliminated, ordered anything: no rows that the verb names; (are) approved: a column of yes and
    no"""
    deed = r.lattice.deeds.get(i)
    if deed is not None and said.last in ("be", "have", "") and done_by(r.tokens[i]):
        end = next((op.end for op in r.op(deed.end, "anything")), deed.end)
        yield Hit(r.reach(end), Linked(sets.headed(deed), ("have",)), _DONE_ALONE)
    for name in r.names(i, "column"):
        if said.last == "be":
            yield Hit(name.end, Lacking(name, negated=True, flag=True), _DONE_ALONE)
        if said.last in ("be", "have") and (when := _when(r, name)) and not any(dates(r, name.end)):
            yield Hit(name.end, Lacking(when, negated=True), _DONE_ALONE)  # settled in May: it was settled then


@rule
def doing(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that) Jim takes; Sony does not make; the author X wrote; no customer lives in"""
    for subject in _subjects(r, i):
        for end, no, cost in verb_at_end(r, subject.end):
            found = subject.value
            verb = tuple(token.stem for token in r.tokens[subject.end : end] if token.stem in VERB_STEMS)
            if isinstance(found, Valued) and verb:
                found = replace(found, hint=(*found.hint, verb[-1]))
            if no:
                found = replace(found, negated=not found.negated)
            yield Hit(end, found, subject.cost + cost)
    yield from _by_somebody(r, i)


def _by_somebody(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(that) nobody has reviewed; somebody ordered: the verb names the rows"""
    for op in r.op(i, "nothing", "anything"):
        for begun in (Hit(op.end, Chain()), *chain(r, op.end)):
            deed = r.lattice.deeds.get(begun.end)
            if deed is not None and done_by(r.tokens[begun.end]) and not begun.value.negated:
                none = op.category == "nothing"
                yield Hit(r.reach(deed.end), Linked(sets.headed(deed), ("have",), negated=none), _DONE_ALONE)


def inverted(r: Reader, i: int) -> Iterator[Hit[Post]]:
    """(which institution) does Jim belong to; did the author X write; is X attending"""
    for op in r.op(i, "aux", "have", "be"):
        yield from doing(r, op.end)


def _by_verb(r: Reader, subject: Hit[Valued | Linked], end: int) -> Valued | Linked:
    """(doctors that) Ines supervises: the verb tells in which role."""
    verbs = [r.tokens[at] for at in range(subject.end, end) if r.lattice.relation(at) and not r.longest(at, "have")]
    hint = (*subject.value.hint, *(verb.stem for verb in verbs[-1:]))
    return replace(subject.value, hint=hint) if isinstance(subject.value, Valued) else subject.value


def _subjects(r: Reader, i: int) -> Iterator[Hit[Valued | Linked]]:
    for hit in values(r, i):
        yield Hit(hit.end, Valued(None, hit.value, ("have",)), hit.cost + 0.1)
    yield from _nobody(r, i)
    no = r.word(i, "no", "neither")
    at = i + no + (no and r.word(i + 1, "any"))
    for found in sets.plain_set(r, at):
        yield Hit(found.end, Linked(found.value, ("have",), negated=bool(no)), found.cost + 0.2)


def _nobody(r: Reader, i: int) -> Iterator[Hit[Linked]]:
    """(skills that) nobody (has): no one of a table of people"""
    for said in r.nobody(i):
        if name := said.only("table"):
            yield Hit(name.end, Linked(SetForm(name), ("have",), negated=True), 0.1)


def verb_at_end(r: Reader, i: int) -> Iterator[tuple[int, bool, float]]:
    """[does not] make; is attending; belongs to; has: its end, whether it is negated, its cost"""
    for begun in (Hit(i, Chain()), *chain(r, i)):
        at = begun.end
        if r.lattice.relation(at) and not r.longest(at, "have"):
            r.reach(at + 1)
            for end in (at + 1, *(op.end for op in r.op(at + 1, "in"))):
                yield end, begun.value.negated, _SKIPPED_VERB / 2 + _NO_THAT
        if begun.value.last in ("have", "be"):
            needed = begun.value.last == "have"
            for end in (*((at,) if needed else ()), *(op.end for op in r.op(at, "in"))):
                yield end, begun.value.negated, _NO_THAT


def negated(hits: Iterator[Hit[Post]] | list[Hit[Post]]) -> Iterator[Hit[Post]]:
    for hit in hits:
        match hit.value:
            case Compared(number=Yard()):
                pass
            case Valued() | Linked() | Dated() | Lacking() | Compared() as said:
                yield Hit(hit.end, replace(said, negated=not said.negated), hit.cost)
            case _:
                pass
