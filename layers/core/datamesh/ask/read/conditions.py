"""What restricts a set, as conditions on rows: walked to one it is a column, to many it is a row that must exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from datamesh.ask import intent
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.naming import Target
from datamesh.ask.names.words import stems
from datamesh.ask.read import foremost, kindred, nested
from datamesh.ask.read.choices import Choice, cheapest, every
from datamesh.ask.read.context import came_by, says_more, where_it_stands
from datamesh.ask.read.facts import facts
from datamesh.ask.read.form import (
    COMPOUND,
    AnyOf,
    Both,
    Compared,
    Contains,
    Dated,
    Lacking,
    Linked,
    PredForm,
    SetForm,
    Valued,
    Yard,
)
from datamesh.ask.read.numbers import FLIPPED, aged, holds_number, number_is
from datamesh.ask.read.periods import date_columns, within
from datamesh.ask.read.places import BY_ADJECTIVE, NAMED, Schema, Spot
from datamesh.ask.read.reached import at_end, placed
from datamesh.ask.read.standing import tells_of_rows
from datamesh.ask.read.together import at_odds, both, excluding, gone_before, in_order, shape
from datamesh.ask.read.valued import either, equal, holders, persons, yes_or_no

__all__ = ["conditions", "restricted", "role_fit"]

Found = Iterator[Choice[intent.Pred]]
_FIRST_YEAR = 1000
_AS_KEY = 0.9  # customer 5: what it may cost that this is the key
_SURELY = 0.15  # a key is only compared where it was named as such
_COUNTED_FAR = 2  # steps across which rows are counted
_BRIDGED_COUNT = 0.3
_UNLIKE = 0.2  # parts of one condition that look at different things
_ROUNDABOUT = 0.3  # a way over something else, where a thing has these itself
_BEING = 0.3  # that rows of another table are what somebody is
_NOT_THE_ROW = 0.5  # what a row says, beside what it is of
_OF_THE_THING = 0.7  # that a period is of the thing that rows lead to: the year of a campus, for its fees in 1996
_OF_THE_ROW = 0.3  # that a thing's restriction is one of the rows that lead to it


def conditions(schema: Schema, preds: Iterable[PredForm], spot: Spot) -> list[Choice[tuple[intent.Pred, ...]]]:
    """All of a set's restrictions together; nothing where one of them means nothing here, or one leaves the other
    nothing to say. The way to the same rows is believed once, however often it is gone."""
    preds = tuple(preds)
    said = [pred for pred in preds if not (came_by(schema, pred, spot) or where_it_stands(schema, pred, preds))]
    parts = [_meant(schema, pred, spot) for pred in said]
    found = every(parts) if len(parts) < 2 else [choice for choice in every(parts) if not at_odds(choice.value)]
    return cheapest(Choice(choice.value, choice.cost - gone_before(parts, choice.value)) for choice in found)


def restricted(schema: Schema, sets: Sequence[tuple[SetForm, Spot]]) -> list[Choice[tuple[intent.Pred, ...]]]:
    """All that restricts these sets, each where it stands."""
    found: list[Choice[tuple[intent.Pred, ...]]] = [Choice((), 0.0)]
    for form, spot in sets:
        if form.preds:
            more = conditions(schema, form.preds, spot)
            found = cheapest(Choice(a.value + b.value, a.cost + b.cost) for a in found for b in more)
    return found


def _meant(schema: Schema, pred: PredForm, spot: Spot) -> list[Choice[intent.Pred]]:
    """The amount of products bought by Jim: what says nothing of a product, but of the order line that leads to it."""
    found = cheapest(_condition(schema, pred, spot))
    if not found and isinstance(pred, Dated) and pred.attr is None:
        found = cheapest(_beside(schema, pred, spot))
    merely_when = isinstance(pred, Dated) and not pred.hint
    if spot.back is None or not _plain(pred) or (found and not merely_when):
        return found
    own = [choice for choice in _meant(schema, pred, spot.back) if not isinstance(choice.value, intent.Exists)]
    its = _OF_THE_THING if own and merely_when else 0.0  # a row's own date is when it was
    found = [Choice(choice.value, choice.cost + its) for choice in found]
    return cheapest([*found, *(Choice(choice.value, choice.cost + _OF_THE_ROW) for choice in own)])


def _beside(schema: Schema, pred: Dated, spot: Spot) -> Found:
    """Members who registered in 2016: a date in the one row that another table has of each."""
    for edge in schema.vocabulary.graph.edges.get(spot.table, ()):
        if not edge.many and edge.columns == schema.table(spot.table).key:
            for choice in _dated(schema, pred, spot.onward(Walk(spot.table, (edge,), _OF_THE_ROW))):
                yield Choice(choice.value, choice.cost + _OF_THE_ROW)


def _plain(pred: PredForm) -> bool:
    return (
        isinstance(pred, Valued | Linked | Dated) and not pred.negated and not (isinstance(pred, Linked) and pred.count)
    )


def _condition(schema: Schema, pred: PredForm, spot: Spot) -> Found:  # noqa: C901 - one case a form
    match pred:
        case Compared():
            yield from _compared(schema, pred, spot)
        case Valued():
            yield from _valued(schema, pred, spot)
        case Contains():
            yield from _contains(schema, pred, spot)
        case Dated():
            yield from _dated(schema, pred, spot)
        case Lacking():
            yield from _lacking(schema, pred, spot)
        case Linked():
            yield from (_compound if COMPOUND in pred.hint else _linked)(schema, pred, spot)
        case Both():
            for parts in _alike(schema, pred.preds, spot):
                if not excluding(parts.value):
                    yield Choice(intent.And(preds=in_order(parts.value)), parts.cost)
        case AnyOf():
            for parts in _alike(schema, pred.preds, spot):
                yield Choice(either(parts.value), parts.cost)


def _alike(schema: Schema, preds: tuple[PredForm, ...], spot: Spot) -> list[Choice[tuple[intent.Pred, ...]]]:
    """One meaning for each; the way there is believed once, however often it is gone."""
    parts = [cheapest(_condition(schema, part, spot)) for part in preds]
    found = [(tuple(c.value for c in combo), max(c.cost for c in combo)) for combo in product(*parts)]
    return cheapest(Choice(values, cost + _UNLIKE * (len({shape(v) for v in values}) - 1)) for values, cost in found)


def _compared(schema: Schema, pred: Compared, spot: Spot) -> Found:
    if isinstance(pred.number, Yard):
        yield from nested.versus(schema, pred, pred.number, spot)
        return
    if pred.attr is None:
        for column, tier in schema.measured(spot.table, pred.adjective, lambda c: c.counts):
            if "year" in column.holds and pred.number < _FIRST_YEAR:
                continue  # older than 50: no year
            op = pred.op if tier.high else FLIPPED[pred.op]
            found = number_is(schema.attr(spot, column), op, pred)
            yield Choice(intent.Not(pred=found) if pred.negated else found, BY_ADJECTIVE)
        yield from aged(schema, spot, pred)
        return
    for choice in schema.columns(pred.attr, spot):
        walk, column = choice.value
        if walk.many and pred.attr.text.lower() == "year":
            continue  # films of the year 2000: of the films, not of something that has to do with them
        if column.counts or (column.numeric and choice.cost <= (_AS_KEY if pred.op in ("=", "<>") else _SURELY)):
            attr = at_end(schema, spot, walk, column, pred.attr, text=False)
            yield Choice(placed(spot, walk, number_is(attr, pred.op, pred), negated=pred.negated), choice.cost)
        elif holds_number(schema, column, pred):
            attr = at_end(schema, spot, walk, column, pred.attr, text=True)
            same = equal(attr, [intent.Value(value=f"{pred.number:g}")], negated=pred.op == "<>")
            yield Choice(placed(spot, walk, same, negated=pred.negated), choice.cost)


def _valued(schema: Schema, pred: Valued, spot: Spot) -> Found:
    for choice in holders(schema, pred, spot):
        walk, column, values = choice.value
        attr = at_end(schema, spot, walk, column, pred.attr, text=True)
        if walk.many:
            yield Choice(placed(spot, walk, equal(attr, values), negated=pred.negated), choice.cost)
        else:
            yield Choice(equal(attr, values, negated=pred.negated), choice.cost)
    for person in persons(schema, pred, spot):
        way, who = person.value
        yield Choice(placed(spot, way, who, negated=pred.negated), person.cost)


def _contains(schema: Schema, pred: Contains, spot: Spot) -> Found:
    for choice in schema.columns(pred.attr, spot) if pred.attr else schema.called(spot):
        walk, column = choice.value
        if column.kind == "text":
            attr = at_end(schema, spot, walk, column, pred.attr, text=True)
            found = intent.Text(of=attr, how=pred.how, value=pred.text)
            yield Choice(placed(spot, walk, found, negated=pred.negated), choice.cost)


def _dated(schema: Schema, pred: Dated, spot: Spot) -> Found:
    for choice in date_columns(schema, pred, spot):
        found = within(choice.value, pred)
        if found is not None:
            yield Choice(intent.Not(pred=found) if pred.negated else found, choice.cost)


def _lacking(schema: Schema, pred: Lacking, spot: Spot) -> Found:
    """Without a phone number; parties without delegates, where elections hold these: none of their rows has one."""
    for choice in schema.columns(pred.attr, spot):
        walk, column = choice.value
        if pred.flag and (walk.many or column.no is None or walk.path):
            continue  # active projects are not those of active users
        attr = at_end(schema, spot, walk, column, pred.attr, text=True)
        if walk.many:
            if column.no is None and column.kind != "boolean":
                known = None if column.filled else intent.Not(pred=intent.Missing(of=attr))
                some = intent.Exists(path=spot.path + walk.path, where=known)
                yield Choice(some if pred.negated else intent.Not(pred=some), choice.cost)
            continue
        if column.kind == "boolean":
            yield Choice(equal(attr, [yes_or_no(yes=pred.negated)]), choice.cost)
        elif column.no is not None:  # a column of yes and no: without it is no
            yield Choice(equal(attr, [intent.Value(value=column.no)], negated=pred.negated), choice.cost)
        else:
            yield Choice(placed(spot, walk, intent.Missing(of=attr), negated=pred.negated), choice.cost)


def _linked(schema: Schema, pred: Linked, spot: Spot) -> Found:
    if pred.to.head is None and pred.count:
        for walk in facts(schema, spot.table, pred.hint) if pred.hint != ("have",) else ():
            for choice in _rows(schema, pred, spot, walk):
                yield Choice(choice.value, choice.cost + walk.cost)
        return
    if not says_more(pred):
        return  # heads of departments: context, not a restriction that could be read off
    if pred.to.rank:
        yield from foremost.foremost(schema, pred, spot)
        return
    for target, walks in schema.ways(spot, pred.to.head):
        if schema.kin_side(target.table, spot.table):
            yield from kindred.kindred(schema, pred, spot, target)
        else:
            yield from _led_to(schema, pred, spot, target, walks if pred.hint != ("be",) else _as_which(walks))
    yield from _said_of_rows(schema, pred, spot)


def _as_which(walks: Iterable[Walk]) -> list[Walk]:
    """Members that have been captains: where a row of captains is of one member."""
    return [replace(walk, cost=walk.cost + _BEING) for walk in walks if walk.many and len(walk.path) == 1]


def _said_of_rows(schema: Schema, pred: Linked, spot: Spot) -> Found:
    """Countries that have players of 1.90, where the rows of a season say who played: there is such a row."""
    if pred.count or not pred.to.preds or pred.to.head is None:
        return
    for target in pred.to.head.targets:
        own = target.table == spot.table
        if not tells_of_rows(schema.vocabulary, target) or (own and pred.negated):
            continue
        for walk in [Walk(spot.table, (), 0.0)] if own else schema.walks(spot, target.table):
            for choice in _rows(schema, pred, spot, walk):
                yield Choice(choice.value, choice.cost + walk.cost + target.cost + _NOT_THE_ROW)


def _led_to(schema: Schema, pred: Linked, spot: Spot, target: Target, walks: list[Walk]) -> Found:
    direct = any(len(walk.path) == 1 for walk in walks)
    for walk in walks:
        fit = role_fit(schema, pred, walk) + schema.roles.of_way(walk, walks, pred.hint)
        fit += _ROUNDABOUT if direct and len(walk.path) > 1 else 0.0
        for choice in _rows(schema, pred, spot, walk):
            yield Choice(choice.value, choice.cost + walk.cost * NAMED + target.cost + fit)


def _compound(schema: Schema, pred: Linked, spot: Spot) -> Found:
    """Customer orders: the first noun is what the second one's rows belong to, and says no more than that they do."""
    for target in schema.tables(pred.to.head):
        for walk in schema.walks(spot, target.table):
            if schema.belongs(walk):
                near = schema.column(spot.table, walk.path[0].columns[0])
                known = intent.Not(pred=intent.Missing(of=schema.text_attr(spot, near)))
                yield Choice(known, walk.cost * NAMED + target.cost + role_fit(schema, pred, walk))


def role_fit(schema: Schema, pred: Linked, walk: Walk) -> float:
    """The noun names the role where it is reached: the destination; not where it is the one that has many."""
    noun = stems(pred.to.head.text if pred.to.head else "")
    if walk.many:
        return schema.roles.of_walk(walk, pred.hint) + schema.roles.of_other(walk, noun)
    return schema.roles.of_walk(walk, (*pred.hint, *noun))


def _rows(schema: Schema, pred: Linked, spot: Spot, walk: Walk) -> Found:
    """That related rows are there; walked to one, what is said of them is said of the set's own rows."""
    plain = pred.count is None and not pred.negated
    if plain and not walk.many and pred.to.preds:
        for found in _all_of(schema, pred.to, spot.onward(walk)):
            if (where := both(found.value)) is not None:
                yield Choice(where, found.cost)
        return
    if pred.count and (not walk.path[0].many or len(walk.path) > _COUNTED_FAR):
        return
    count = intent.CountOf(op=pred.count[0], n=pred.count[1]) if pred.count else None
    bridged = _BRIDGED_COUNT if count and len(walk.path) > 1 else 0.0
    inner = _all_of(schema, pred.to, spot.onward(walk, inside=True))
    path = walk.path
    if not inner and not count:
        path, there = spot.over(walk)
        inner = _all_of(schema, pred.to, there) if there.path else []
    for found in inner:
        rows = intent.Exists(path=spot.path + path, where=both(found.value), count=count)
        yield Choice(intent.Not(pred=rows) if pred.negated else rows, found.cost + bridged)


def _all_of(schema: Schema, form: SetForm, spot: Spot) -> list[Choice[tuple[intent.Pred, ...]]]:
    return conditions(schema, form.preds, spot) if form.preds else [Choice((), 0.0)]
