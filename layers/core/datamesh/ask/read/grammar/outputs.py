"""What is asked for: names and ages of climbers, average and maximum price, the number of flights, an airline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from datamesh.ask.intent import MeasureFn
from datamesh.ask.lattice import Name
from datamesh.ask.names.words import singular
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import Aggregate, Count, Everything, Linked, Out, Plain, Post, Ranked, SetForm, Thing
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.attributes import attribute, extremes
from datamesh.ask.read.grammar.common import dearer, function, holds_numbers, measurable
from datamesh.ask.read.grammar.deeds import when_done
from datamesh.ask.read.grammar.nouns import of_head
from datamesh.ask.read.grammar.owners import owners_by_verb
from datamesh.ask.read.grammar.pairs import paired
from datamesh.ask.read.grammar.pointing import UNREAD_CLAUSE, pointing_back
from datamesh.ask.read.grammar.possible import CLOSE
from datamesh.ask.read.grammar.so_often import so_often

__all__ = ["after_joint", "counted", "items", "of_whom", "output", "outputs", "series"]

_OWNING = ("of", "for", "in", "from", "among", "amongst", "across", "on", "by", "to")
_THEIRS = ("their", "its", "his", "her", "corresponding", "respective")
_EACH = ("each", "every", "per")
_TOGETHER = 4  # outputs, or groups of outputs, of one question
_ATTRIBUTES = 7  # attributes of one owner
_MERELY_DETAILS = 0.5
_THING = 0.2
_OWNER_BEHIND = 0.4
Outs = tuple[Out, ...]
T = TypeVar("T")


def series(
    r: Reader,
    first: list[Hit[tuple[T, ...]]],
    more: Callable[[Reader, int], list[Hit[tuple[T, ...]]]],
    most: int,
    joints: Callable[[Reader, int], Iterator[int]] | None = None,
) -> Iterator[Hit[tuple[T, ...]]]:
    """One; one and another; one, another and a third."""
    states = first
    for _ in range(most):
        yield from states
        states = [
            Hit(hit.end, state.value + hit.value, state.cost + hit.cost)
            for state in states
            for at in (joints or after_joint)(r, state.end)
            for hit in more(r, at)
        ]


def after_joint(r: Reader, i: int) -> Iterator[int]:
    after = r.comma(i)
    for op in r.op(after, "and", "too"):
        yield op.end
        if op.category == "and":
            yield from (told.end for told in r.op(op.end, "also_show"))
    if after > i:
        yield after
    for told in r.op(after, "showing"):
        yield told.end


def _joined(r: Reader, i: int) -> Iterator[int]:
    """and; [,] and what are; with their; (each brand) with (the number of products, its average price)"""
    yield from after_joint(r, i)
    yield from (op.end for op in r.op(r.comma(i), "asked_too"))
    if r.word(i, "with"):
        at = r.the(i + 1)
        if r.longest(at, "count") or any(op.payload in ("avg", "sum", "median") for op in r.op(at, "agg")):
            yield at
        elif r.word(i + 1, *_THEIRS):
            yield i + 1


@rule
def outputs(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """[Both] one or more outputs, with `and`, commas, `as well as` between them."""
    i += i > 0 and r.word(i, "both")  # show both X and Y
    for hit in series(r, output(r, i), output, _TOGETHER, _joined):
        if not _two_questions(r, i, hit):
            yield Hit(hit.end, hit.value, hit.cost + (_OWNER_BEHIND if _left_out(hit.value) else 0.0))


def _two_questions(r: Reader, i: int, hit: Hit[Outs]) -> bool:
    """What is the longest span, and what are the builders' names: nothing says that the number is of each of these."""
    numbers = [isinstance(out, Aggregate | Count) for out in hit.value]
    if all(numbers) or not any(numbers) or any(token.fold in _EACH for token in r.tokens[hit.end :]):
        return False
    joints = [at for at in range(i, hit.end) if r.longest(at, "asked_too")]
    return any(not r.longest(at, "too") for at in joints)  # and what is their: of each


def _left_out(outs: Outs) -> bool:
    """Whether the last one alone is of the set that is named behind it: name and (age of pilots)."""
    *before, last = outs
    owned = isinstance(last, Plain) and last.of is not None and last.of.verb == ()
    return owned and any(isinstance(out, Plain) and out.of is None for out in before)


@rule
def output(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    start = r.the(i)
    theirs = any(r.word(at, *_THEIRS) for at in range(i - 1, start))
    yield from _everything(r, i)
    for at in {i, start}:
        yield from counted(r, at)
    for hit in _said_set(r, i):
        yield Hit(hit.end, (Thing(_pointing(hit.value, theirs=theirs)),), hit.cost + _THING)
    yield from _owned(r, i)
    yield from _in_common(r, start)
    for listed in items(r, start):
        for owned in of_whom(r, listed):
            yield Hit(owned.end, tuple(_their(out) if theirs else out for out in owned.value), owned.cost)


def _their(out: Out) -> Out:
    """Their corresponding years of publication: of what belongs to what was named before."""
    if isinstance(out, Plain) and out.of and out.of.head:
        return replace(out, of=_pointing(out.of, theirs=True))
    return out


def _pointing(form: SetForm, *, theirs: bool) -> SetForm:
    return replace(form, verb=form.verb or ("their",)) if theirs else form


@rule
def _said_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """A set, and how it belongs to what was named before: mountains [they climb [in Uganda]]."""
    for hit in sets.noun_set(r, i):
        yield hit
        if hit.value.head and hit.value.rank is None:
            for verb in pointing_back(r, hit.end):
                mine = replace(hit.value, verb=verb.value or ("there",))
                yield from sets.with_posts(r, Hit(verb.end, mine, hit.cost + verb.cost))


def _everything(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """all information about planes"""
    for op in r.op(i, "all_details"):
        told = r.longest(op.end, "tail")  # the information that we have on planes
        at = told.end if told else op.end
        if r.word(at, "of", "about", "for", "on"):
            column = any(name.targets[0].cost < CLOSE for name in r.names(op.end - 1, "column"))
            doubt = _MERELY_DETAILS if column or op.end == i + 1 else 0.0
            for hit in sets.noun_set(r, at + 1):
                yield Hit(hit.end, (Everything(hit.value),), hit.cost + doubt)


def counted(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """the number of workshops [they submitted to]; (the most common type and) how many, their number"""
    yield from _only_number(r, i)
    for name in r.names(i, "table"):
        for op in r.op(name.end, "tally"):  # the order count
            yield Hit(op.end, (Count(sets.headed(name)),))
    for op in r.op(i, "count"):
        for hit in [*sets.noun_set(r, op.end), *so_often(r, op.end)]:
            yield Hit(hit.end, (Count(hit.value),), hit.cost)
            for verb in pointing_back(r, hit.end):
                yield Hit(verb.end, (Count(hit.value),), hit.cost + verb.cost)
            if r.word(hit.end, "each"):
                yield Hit(hit.end + 1, (Count(hit.value),), hit.cost + UNREAD_CLAUSE)


def _only_number(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """the number; how many [of them] [there are]; the frequency: of what was named before"""
    number = Count(SetForm(None))
    if (r.word(i, "number", "count", "counts", "numbers") or r.longest(i, "sole_count")) and not r.word(i + 1, "of"):
        named = any(r.names(i, "column"))
        yield Hit(i + 1, (number,), _THING + (_MERELY_DETAILS if named else 0.0))
    for op in r.op(i, "count"):
        at = op.end
        if r.word(at + 1, "them", "these", "those") and r.word(at, "of"):
            at += 2
        if r.longest(at, "rows") or r.word(at, "them", "these") or at > op.end or r.word(i, "how"):
            at += bool(r.longest(at, "rows")) or r.word(at, "them", "these")
            yield Hit(at, (number,), _THING)
            if r.word(at, "there") and r.word(at + 1, "are", "is", "were"):
                yield Hit(at + 2, (number,), _THING)


def _in_common(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """the common cities of customers and suppliers"""
    for op in r.op(i, "in_common"):
        for name in r.names(op.end, "column"):
            for hit in paired(r, name.end + 1, _kind_of_rows) if r.word(name.end, *_OWNING, "between") else ():
                if not isinstance(hit.value, Ranked):
                    yield Hit(hit.end, (Plain(name, SetForm(None, (hit.value,))),), hit.cost)


def _kind_of_rows(r: Reader, i: int) -> Iterator[Hit[Post]]:
    for hit in sets.plain_set(r, i):
        yield Hit(hit.end, Linked(hit.value, ("by",)), hit.cost)


def _owned(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """the airline's name; the oldest employee's salary"""
    for owner in [*sets.plain_set(r, i), *sets.best_set(r, i)]:
        if r.word(owner.end, "'s"):
            for listed in items(r, owner.end + 1):
                yield Hit(listed.end, _with_owner(listed.value, owner.value), owner.cost + listed.cost)


def of_whom(r: Reader, listed: Hit[Outs]) -> Iterator[Hit[Outs]]:
    """Whose they are: a set behind a preposition, or only what restricts it."""
    yield listed
    if r.word(listed.end, *_OWNING):
        for hit in _said_set(r, listed.end + 1):
            yield Hit(hit.end, _with_owner(listed.value, hit.value), listed.cost + hit.cost)
    for hit in owners_by_verb(r, listed.end):
        yield Hit(hit.end, _with_owner(listed.value, hit.value), listed.cost + hit.cost)
    for hit in dearer(sets.nounless(r, listed.end), listed.cost):
        if (hit.value.preds or hit.value.rank) and not _owner_like(hit.value, listed.value):
            yield Hit(hit.end, _with_owner(listed.value, _itself(r, listed.value, hit.value)), hit.cost)


def _itself(r: Reader, items: Outs, form: SetForm) -> SetForm:
    """Languages that contain X, publishers whose name contains X: what is shown is what contains it, if no thing."""
    only = items[0]
    if len(items) > 1 or not isinstance(only, Plain) or _whole_thing(r, only.attr):
        return form
    return replace(form, preds=tuple(of_head(only.attr, pred) for pred in form.preds))


def _whole_thing(r: Reader, name: Name) -> bool:
    """Whether a name is a thing's as well; the catalog's publishers are no catalogs."""
    return any(thing.end >= name.end for thing in r.names(name.start, "table"))


def _owner_like(form: SetForm, items: Outs) -> bool:
    """Names of banks: the banks own the names, they do not only restrict them."""
    first = form.preds[0] if form.preds else None
    if not isinstance(first, Linked) or not set(first.hint) <= set(_OWNING):
        return False
    return first.hint == ("of",) or any(isinstance(item, Plain) for item in items)


def _with_owner(items: Outs, owner: SetForm) -> Outs:
    return tuple(replace(item, of=_as_many(item, owner)) for item in items)


def _as_many(item: Out, owner: SetForm) -> SetForm:
    """The teams with the most players: all that are first, as teams are many."""
    if not isinstance(item, Plain) or owner.head or not owner.rank:
        return owner
    last = item.attr.text.lower().split()[-1]
    return replace(owner, plural=singular(last) != last)


@rule
def items(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """Attributes and aggregates of attributes, as many as belong to one owner."""
    yield from series(r, _item(r, i), _item, _ATTRIBUTES)


@rule
def _item(r: Reader, i: int) -> Iterator[Hit[Outs]]:
    """name; home team name; distinct names; average departure delay; average and maximum price"""
    at = r.the(i)
    yield from attribute(r, at)
    for done in when_done(r, i):
        yield Hit(done.end, (Plain(done.value),), done.cost)
    for name in r.names(at, "measure"):
        yield Hit(name.end, (Aggregate("contract", name),))
    for op in r.op(at, "distinct"):
        for name in r.names(r.the(op.end), "column"):
            yield Hit(name.end, (Plain(name, distinct=True),))
    for end, fn in extremes(r, at):
        yield from (Hit(name.end, (Aggregate(fn, name),)) for name in r.names(end, "column") if holds_numbers(r, name))
    for functions in series(r, _function(r, at), _function, 4):
        at = functions.end + r.word(functions.end, "for", "of")  # the minimum and maximum for the price
        for name in measurable(r, _number_of(r, r.the(at)), *functions.value):
            yield from _more_of_the_same(r, name, functions.value)


def _function(r: Reader, i: int) -> list[Hit[tuple[MeasureFn, ...]]]:
    return [Hit(op.end, (function(op),)) for op in r.op(r.the(i), "agg")]


def _more_of_the_same(r: Reader, name: Name, functions: tuple[MeasureFn, ...]) -> Iterator[Hit[Outs]]:
    """The average price; and score: both averaged."""
    if not name.lent:
        yield Hit(name.end, tuple(Aggregate(fn, name) for fn in functions))
    if r.word(name.end, "and"):
        for other in r.names(name.end + 1, "column"):
            yield Hit(other.end, tuple(Aggregate(fn, n) for n in (name, other) for fn in functions), 0.1)


def _number_of(r: Reader, i: int) -> int:
    """The average number of seats is the average of seats."""
    return i + 2 if r.word(i, "number") and r.word(i + 1, "of") else i
