"""Rows of things with their attributes: names of climbers from Japan, the 5 highest airports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from datamesh.ask import intent
from datamesh.ask.names.words import stems
from datamesh.ask.read.choices import KEPT, Choice
from datamesh.ask.read.conditions import restricted
from datamesh.ask.read.form import Everything, Form, Plain, Ranked, SetForm, Thing
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.ranking import limit_of, ordered_by, ranked_by
from datamesh.ask.read.shown import Anchor, anchors, items, named_apart
from datamesh.ask.read.together import both

__all__ = ["combined", "listings"]

_COMBINED = 8  # combinations of what the outputs may be that are tried
_ROOTS = 2
_UNSURE = 0.2
_SURELY = 0.15


def combined(options: Sequence[Sequence[Choice[Anchor]]]) -> list[Choice[tuple[Anchor, ...]]]:
    """Combinations of anchors, the cheapest first; outputs of one question rather stand in one table."""
    found = []
    for combo in product(*(choices[:6] for choices in options)):
        shown = tuple(choice.value for choice in combo)
        if named_apart(shown):
            continue
        tables = {a.owner or a.table for a in shown}
        said = {a.owner for a in shown if a.owner and a.of and a.of.head}
        cost = sum(c.cost for c in combo) - _told_again(shown)
        found.append(Choice(shown, cost + _UNSURE * (len(tables) - max(len(said), 1))))
    return sorted(found, key=lambda choice: choice.cost)[:_COMBINED]


def _told_again(shown: Sequence[Anchor]) -> float:
    """The doubt about an owner, for each output but its first."""
    owners = [(a.owner, a.of, a.doubt) for a in shown if a.owner]
    return sum(doubt for _, _, doubt in owners) - sum(doubt for _, _, doubt in dict.fromkeys(owners))


def listings(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """The subject is the table that leads to all that is shown, to one each: no row is shown twice for another."""
    outs = [out for out in form.outputs if isinstance(out, Plain | Thing | Everything)]
    for combo in combined([anchors(schema, out) for out in outs]):
        for root, cost in _roots(schema, form, combo.value):
            for choice in _from(schema, form, combo.value, root):
                yield Choice(choice.value, choice.cost + combo.cost + cost)


def _roots(schema: Schema, form: Form, shown: tuple[Anchor, ...]) -> Iterator[tuple[str, float]]:
    """Whose rows may be listed, and what it costs to believe that."""
    owners = {anchor.owner for anchor in shown if anchor.owner}
    tables = {anchor.table for anchor in shown} | owners
    if form.rows:
        for target in schema.tables(form.rows.head):
            walks = [schema.vocabulary.graph.to_one(target.table, table) for table in tables]
            if all(walks):
                yield target.table, target.cost + sum(walk[0].cost for walk in walks)
            elif not form.rows.preds and not _numbers(schema, shown):  # for each county, its delegates
                for root, tree in schema.vocabulary.graph.roots(tables | {target.table})[:_ROOTS]:
                    if root in tables:
                        yield root, target.cost + tree + _UNSURE
        return
    pointing = any(anchor.of and anchor.of.verb for anchor in shown)
    if pointing and len(tables) == 1:
        return  # what points back points to something else
    ordering = _ordering(schema, form, tables)
    pointing |= bool(ordering) and any(isinstance(o.by, Plain) and o.by.of and o.by.of.head for o in form.order)
    for root, tree in schema.vocabulary.graph.roots(tables | ordering)[:_ROOTS]:
        if root not in tables | ordering and not pointing:
            continue  # pairs of things were not asked for
        yield root, tree + (_UNSURE * 2 if len(owners) == 1 and root not in owners else 0.0)


def _numbers(schema: Schema, shown: tuple[Anchor, ...]) -> bool:
    """Whether nothing but numbers is shown: points by team are one number of each, and nobody said which."""
    return all(a.columns and all(schema.column(a.table, name).counts for name in a.columns) for a in shown)


def _ordering(schema: Schema, form: Form, shown: set[str]) -> set[str]:
    """The table of an order's key, where what is shown does not lead there: its rows are listed for the key's."""
    graph, found = schema.vocabulary.graph, set[str]()
    for by in (order.by for order in form.order if isinstance(order.by, Plain)):
        if by.of and by.of.head:
            tables = {target.table for target in schema.tables(by.of.head)}
        else:  # said in full, not a year of whatever has years
            told = len(stems(by.attr.text)) > 1
            tables = {t.table for t in by.attr.targets if t.kind == "column" and t.cost < _SURELY and told}
        if len(tables) == 1 and not any(graph.to_one(near, table) for near in shown for table in tables):
            found.add(min(tables))
    return found


def _from(schema: Schema, form: Form, shown: tuple[Anchor, ...], root: str) -> Iterator[Choice[intent.Select]]:
    places = [[_spots(schema, root, table, a) for table in (a.table, a.owner or a.table)] for a in shown]
    for at in _seatings(places):
        outputs = tuple(
            intent.Output(item=item, implied=anchor.implied)
            for anchor, (spot, _) in zip(shown, at.value, strict=True)
            for item in items(schema, anchor, spot)
        )
        if len({output.item for output in outputs}) < len(outputs) or _twice(outputs):
            continue
        sets = dict.fromkeys((a.of, owner) for a, (_, owner) in zip(shown, at.value, strict=True) if a.of)
        if _of_two_kinds([(s, spot) for s, spot in sets if s]):
            continue
        sets |= {(form.rows, Spot(root)): None} if form.rows else {}
        distinct = any(s.distinct for s, _ in sets if s) or any(
            isinstance(o, Plain) and o.distinct for o in form.outputs
        )
        for preds in restricted(schema, [(s, spot) for s, spot in sets if s]):
            for cut in _cuts(schema, form, [(s, spot) for s, spot in sets if s], Spot(root), outputs):
                order, limit = cut.value
                select = intent.Select(
                    subject=intent.Entity(table=root),
                    outputs=outputs,
                    where=both(preds.value),
                    order=order,
                    limit=limit,
                    distinct=distinct,
                )
                yield Choice(_once_each(select), at.cost + preds.cost + cut.cost)


def _of_two_kinds(sets: Sequence[tuple[SetForm, Spot]]) -> bool:
    """Names of customers from France and cities of customers from Germany: no row is both."""
    said = {(spot, form.preds) for form, spot in sets if form.preds}
    return len(said) > len({spot for spot, _ in said})


def _twice(outputs: Sequence[intent.Output]) -> bool:
    """Whether all of a row is shown, and one of its attributes again."""
    whole = {output.item.path for output in outputs if isinstance(output.item, intent.AllColumns)}
    return any(isinstance(output.item, intent.Attr) and output.item.path in whole for output in outputs)


def _spots(schema: Schema, root: str, table: str, anchor: Anchor) -> list[Choice[Spot]]:
    """Where a table stands, seen from `root`; of several ways the one that the words around the output name."""
    head = anchor.of.head.text if anchor.of and anchor.of.head else ""
    hint = (*(anchor.of.verb if anchor.of else ()), *stems(head), *stems(anchor.said.text if anchor.said else ""))
    walks = schema.vocabulary.graph.to_one(root, table)[:KEPT]
    found = [Choice(Spot(root).onward(walk), walk.cost + schema.roles.of_walk(walk, hint)) for walk in walks]
    return sorted(found, key=lambda choice: choice.cost)


def _once_each(select: intent.Select) -> intent.Select:
    """Different rows in an order that is not among what is shown: each by its first place in that order."""
    shown = [output.item for output in select.outputs]
    if not select.distinct or all(order.by in shown for order in select.order):
        return select
    keys = tuple(item for item in shown if isinstance(item, intent.Attr | intent.EntityKey))
    order = tuple(
        order
        if order.by in shown or not isinstance(order.by, intent.Attr)
        else intent.Order(
            by=intent.Measure(fn="min" if order.direction == "asc" else "max", of=order.by), direction=order.direction
        )
        for order in select.order
    )
    return select.model_copy(update={"distinct": False, "group": keys, "order": order})


def _seatings(places: list[list[list[Choice[Spot]]]]) -> list[Choice[tuple[tuple[Spot, Spot], ...]]]:
    """Where each output and its owner stand; of equal ways to one table all are meant, so that the doubt shows."""
    if not all(spots for pair in places for spots in pair):
        return []
    pairs = []
    for own, owner in places:
        cost = own[0].cost
        pairs.append(
            [(s.value, o.value) for s in own if s.cost <= cost + 0.01 for o in owner if o.cost <= owner[0].cost + 0.01]
        )
    return [Choice(tuple(combo), 0.0) for combo in list(product(*pairs))[:4]]


Cut = tuple[tuple[intent.Order, ...], intent.Limit | None]


def _cuts(
    schema: Schema,
    form: Form,
    sets: Sequence[tuple[SetForm, Spot]],
    root: Spot,
    outputs: tuple[intent.Output, ...],
) -> Iterator[Choice[Cut]]:
    """Order and limit: of a superlative, or as the question says. A number without an order has no meaning."""
    ranks: list[tuple[Ranked, SetForm, Spot]] = [(s.rank, s, spot) for s, spot in sets if s.rank]
    if not ranks:
        if not any(s.number for s, _ in sets):
            for order in ordered_by(schema, form, root, outputs):
                yield Choice((order.value, None), order.cost)
        return
    rank, ranked, spot = ranks[0]
    if form.order or len(sets) > 1:
        return  # ranked is one thing; the best of each of another is another question
    for choice in ranked_by(schema, rank, spot):
        yield Choice(((choice.value,), limit_of(ranked)), choice.cost)
