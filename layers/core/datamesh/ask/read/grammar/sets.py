"""Sets: [the] [5] [different] [longest] [Boeing] planes [with more than 300 seats] [that fly to Boston]."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    AnyOf,
    Both,
    Compared,
    Dated,
    Linked,
    Post,
    Ranked,
    SetForm,
    Valued,
    Yard,
)
from datamesh.ask.read.grammar import predicates, tallied
from datamesh.ask.read.grammar.clauses import clause
from datamesh.ask.read.grammar.common import direction, function, measurable, ordinal, values
from datamesh.ask.read.grammar.fronts import FIRST, ROWS, fronts
from datamesh.ask.read.grammar.kinds import flagged, kind_of_thing, of_kind
from datamesh.ask.read.grammar.nouns import is_table, nouns, of_head
from datamesh.ask.read.grammar.numbered import numbers_again
from datamesh.ask.read.grammar.pairs import alike, but_not, joined, said_alike
from datamesh.ask.read.grammar.pointing import UNREAD_CLAUSE, of_it
from datamesh.ask.read.grammar.possible import possible_values
from datamesh.ask.read.standing import stands_for_rows

__all__ = [
    "ROWS",
    "SIZES",
    "among",
    "attribute_set",
    "best_set",
    "counted_set",
    "headed",
    "measure_of_rank",
    "noun_set",
    "nounless",
    "plain_set",
    "ranked_by",
    "with_posts",
]

_NO_NOUN = 0.2
_KEPT = 10  # ways to go on that are followed, after each post
_KIND_AS_HEAD = 0.2
_FARTHER = 0.5  # what could be said of the nearer thing is said of the farther one
_OUT_OF_SCOPE = 2.0  # what follows something that is not there
SIZES = ("large", "big", "small", "high")  # of what, may be said
_QUANTITIES = ("amount", "amounts", "quantity", "quantities", "volume")
_IDLE = 1.0  # a relative clause is said of something else than its noun
_LOOSE = 0.5  # a value after `or` that nothing says what it is of


@rule
def noun_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """A set with everything that may stand before and behind its noun."""
    for front in fronts(r, i):
        for head in _heads(r, front):
            yield from with_posts(r, head)


@rule
def plain_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """Rows of a thing inside a predicate: not ranked, no each."""
    for hit in noun_set(r, i):
        form = hit.value
        plain = form.rank is None and not form.each and form.number is None
        if plain and stands_for_rows(r.lattice.vocabulary, form.head):
            yield hit


@rule
def counted_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """What there may be several of: rows of a thing, or values of an attribute (the most songs, where song is one)."""
    yield from plain_set(r, i)
    for hit in attribute_set(r, i):
        if hit.value.plural and possible_values(r, hit.value.head):
            yield hit


@rule
def attribute_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """Values of an attribute: not ranked, no each."""
    for hit in noun_set(r, i):
        form = hit.value
        if form.rank is None and not form.each and form.number is None and not is_table(form.head):
            yield hit


@rule
def best_set(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """The first of a thing, or of what an attribute holds, inside a predicate: (in) the largest country."""
    for hit in noun_set(r, i):
        if hit.value.rank is not None and not hit.value.each and hit.value.head:
            yield hit


def among(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    if r.word(i, "among", "amongst", "across", "in", "of", "for", "at", "on"):
        yield from counted_set(r, r.the(i + 1))


def _heads(r: Reader, front: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """The noun; or a value and the noun: Boeing planes; Bob's friends; or what it is: active customers."""
    yield from nouns(r, front)
    yield from tallied.in_role(r, front)
    for adjective in flagged(r, front.end):
        yield from _heads(r, Hit(adjective.end, front.value.plus(adjective.value), front.cost + adjective.cost))
    for place in ordinal(r, front.end):
        yield from _heads(r, Hit(place.end, front.value.plus(place.value), front.cost + place.cost))
    for hit in values(r, front.end):
        if r.word(hit.end, "'s"):
            mine = front.value.plus(Valued(None, hit.value, ("of",)))
            yield from nouns(r, Hit(r.the(hit.end + 1), mine, front.cost + hit.cost))
        form = front.value.plus(Valued(None, hit.value))
        yield from nouns(r, Hit(hit.end, form, front.cost + hit.cost + 0.1))
        for typed in of_kind(r, hit):
            things = nouns(r, Hit(typed.end, front.value.plus(typed.value), front.cost + typed.cost))
            yield from (thing for thing in things if is_table(thing.value.head))
        for kind in (hit, *values(r, hit.end)):  # bugs; critical bugs
            named = kind_of_thing(kind.value[0]) if len(kind.value) == 1 else None
            if named:
                both = form if kind is hit else form.plus(Valued(None, kind.value))
                cost = front.cost + hit.cost + (0.0 if kind is hit else kind.cost) + _KIND_AS_HEAD
                yield Hit(kind.end, replace(both, head=named, plural=True), cost)


def headed(name: Name) -> SetForm:
    """All rows of a thing."""
    return SetForm(name, plural=True)


def with_posts(r: Reader, base: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """The set, and the set with one, two, three things behind it."""
    states = [base]
    for _ in range(4):
        yield from states
        found = [hit for state in states for hit in _one_more(r, state)]
        states = sorted(found, key=lambda hit: (hit.cost, -hit.end))[:_KEPT]


def nounless(r: Reader, i: int) -> Iterator[Hit[SetForm]]:
    """(the average) in France: what restricts rows that have no noun here, or nothing."""
    yield from with_posts(r, Hit(i, SetForm(None), _NO_NOUN))


def _one_more(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    form = state.value
    for end in of_it(r, state.end) if not form.preds else ():
        yield Hit(end, form, state.cost + UNREAD_CLAUSE)
    for at, joint in _joints(r, state):
        for hit in _posts(r, at, joint, form):
            cost = state.cost + hit.cost + _attached(form, hit.value, joint)
            cost += _IDLE if not joint and _said_idly(form) and r.longest(at, "that") else 0.0
            if isinstance(hit.value, Ranked):
                if (form.rank is None or _merely_top(form)) and joint != "or":
                    yield Hit(hit.end, replace(form, rank=hit.value), cost)
            else:
                pred = of_head(form.head, hit.value)
                yield Hit(hit.end, replace(form, preds=joined(form.preds, pred, joint)), cost)
    if form.rank:
        yield from ranked_by(r, state, form.rank)
    else:
        yield from _so_many_first(r, state)


def _merely_top(form: SetForm) -> bool:
    """The top 3 cities (with the largest area): what says by what they are first follows."""
    return form.number is not None and form.rank == Ranked("desc")


def _so_many_first(r: Reader, state: Hit[SetForm]) -> Iterator[Hit[SetForm]]:
    """(cities) with the top 5 populations; that have the 3 largest areas"""
    starts = [op.end for op in r.op(state.end, "with")]
    starts += [have.end for that in r.op(state.end, "that") for have in r.op(that.end, "have")]
    for start in starts:
        at = r.the(start)
        top = r.longest(at, "top")
        at = top.end if top else at
        number = r.number(at)
        if not isinstance(number, int) or number < 1:
            continue
        ranks = [(at + 1, Ranked(direction(top)))] if top else []
        ranks += [(op.end, Ranked("desc", adjective=op.payload)) for op in r.op(at + 1, "superlative")]
        ranks += [(op.end, Ranked(direction(op))) for op in r.op(at + 1, "most")]
        for end, rank in ranks:
            for name in r.names(next((op.end for op in r.op(end, "count")), end), "column"):
                form = replace(state.value, rank=replace(rank, attr=name), number=number)
                yield Hit(name.end, form, state.cost + FIRST)


def _posts(r: Reader, i: int, joint: str, form: SetForm) -> Iterator[Hit[Post]]:
    if joint == "nor":
        yield from alike(r, i, form.preds[-1])
        return
    yield from predicates.another(r, i) if joint else predicates.post(r, i)
    if joint:
        yield from predicates.predicate(r, i)
        yield from clause(r, i)
        yield from numbers_again(r, i, form.preds[-1])
        yield from but_not(r, i, form.preds[-1])
    if joint == "or":
        last = form.preds[-1]
        yield from said_alike(r, i, last.preds[-1] if isinstance(last, AnyOf) else last)


def _attached(form: SetForm, new: Post, joint: str) -> float:
    """What it costs that this is said of the set, not of what was named last; and that a value stands alone."""
    if not joint:
        last = form.preds[-1] if form.preds else None
        last = last.preds[-1] if isinstance(last, Both) else last
        than = isinstance(last, Compared) and isinstance(last.number, Yard)
        if isinstance(new, Dated) and form.rank and form.rank.of and not form.preds:
            return _FARTHER  # the branch with the most members in 2016: it is the members that have a date
        scope = _OUT_OF_SCOPE if isinstance(last, Linked) and last.negated else 0.0
        return _FARTHER + scope if than or isinstance(last, Linked) else 0.0
    bare = isinstance(new, Valued) and new.attr is None and not new.hint
    return _LOOSE if bare else 0.0


def _said_idly(form: SetForm) -> bool:
    """Who has friends that are young: to have friends would say nothing, were not these the young ones."""
    last = form.preds[-1] if form.preds else None
    return isinstance(last, Linked) and not (last.to.preds or last.count or last.negated or last.to.rank)


def _joints(r: Reader, state: Hit[SetForm]) -> Iterator[tuple[int, str]]:
    yield state.end, ""
    if not state.value.preds:
        return
    after = r.comma(state.end)
    if r.word(after, "and", "but"):
        yield after + 1, "and"
    elif r.word(after, "as") and r.word(after + 1, "well") and r.word(after + 2, "as"):
        yield after + 3, "and"
    elif r.word(after, "or"):
        yield after + 1, "or"
        if isinstance(last := state.value.preds[-1], Linked) and last.negated:
            yield after + 1, "nor"  # without this or that is with neither
    elif after > state.end:
        yield after, "and"


def ranked_by(r: Reader, state: Hit[SetForm], rank: Ranked) -> Iterator[Hit[SetForm]]:
    """(top 5 airports) by elevation, by number of flights; (largest city) by area; (most common type) among planes"""
    terms = [op.end for op in r.op(state.end, "in") if r.word(op.end - 2, "terms")]
    at = terms[0] if terms else state.end + r.word(state.end, "by", "in")
    if rank.adjective in SIZES and rank == Ranked("desc", adjective=rank.adjective):
        for name in r.names(r.the(at), "column") if at > state.end else ():
            by = replace(state.value, rank=replace(rank, attr=name))
            yield Hit(name.end, by, state.cost)
    if rank == Ranked(rank.direction) and at > state.end:
        for hit in measure_of_rank(r, r.the(at), rank):
            yield Hit(hit.end, replace(state.value, rank=hit.value), state.cost + hit.cost)
    if rank.of == ROWS and not state.value.preds:
        for rows in among(r, state.end):
            yield Hit(rows.end, replace(state.value, rank=replace(rank, of=rows.value)), state.cost + rows.cost)


def measure_of_rank(r: Reader, i: int, rank: Ranked) -> Iterator[Hit[Ranked]]:
    """elevation; revenue; average price; number of flights"""
    for name in r.names(i, "column"):
        yield Hit(name.end, replace(rank, attr=name))
        if r.word(name.end - 1, *_QUANTITIES):
            yield from _over(r, Hit(name.end, replace(rank, attr=name, fn="sum")), many=True)
    for name in r.names(i, "measure"):
        yield Hit(name.end, replace(rank, attr=name, fn="contract"))
    for op in r.op(i, "agg"):
        for name in (name for name in measurable(r, r.the(op.end), function(op)) if not name.lent):
            of_each = Hit(name.end, replace(rank, attr=name, fn=function(op)))
            yield from (of_each, *_over(r, of_each))
    for name in r.names(i, "table"):
        for op in r.op(name.end, "tally"):  # the highest order count
            yield Hit(op.end, replace(rank, of=headed(name)))
    for op in r.op(i, "count"):
        for hit in plain_set(r, op.end):
            yield Hit(hit.end, replace(rank, of=hit.value), hit.cost)


def _over(r: Reader, measured: Hit[Ranked], *, many: bool = False) -> Iterator[Hit[Ranked]]:
    """(the highest total amount) of orders; (the largest quantity) of goods, which is of all of them together"""
    if r.word(measured.end, "of", "in", "for", "from", "across", "among", "over"):
        for hit in plain_set(r, r.the(measured.end + 1)):
            if hit.value.plural or not many:
                yield Hit(hit.end, replace(measured.value, of=hit.value), measured.cost + hit.cost)
