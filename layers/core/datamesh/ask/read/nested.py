"""Comparisons with other rows: above the average, older than every engineer, than the oldest one in Spain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from datamesh.ask import intent
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.views import ColumnView
from datamesh.ask.read import conditions as restrict
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Compared, SetForm, Yard
from datamesh.ask.read.numbers import FLIPPED
from datamesh.ask.read.places import BY_ADJECTIVE, Schema, Spot
from datamesh.ask.read.ranking import ranked_by
from datamesh.ask.read.reached import at_end, placed
from datamesh.ask.read.together import both

__all__ = ["versus"]

_OTHER_COLUMN = 0.3  # above the average of something else than what is compared
_OTHER_ROWS = 0.2  # the average over orders of what a product costs
_ONE_ROW = 0.2
Found = Iterator[Choice[intent.Pred]]


@dataclass(frozen=True)
class _Side:
    """What is compared: a column, where it stands, and the comparison."""

    column: ColumnView
    attr: intent.Attr
    walk: Walk
    op: intent.Op


def versus(schema: Schema, pred: Compared, yard: Yard, spot: Spot) -> Found:
    """An attribute against a number that other rows give, or against another attribute of its row."""
    for side in _sides(schema, pred, spot):
        right = _own(schema, yard, spot, side.value) if yard.over == "own" else _of_rows(schema, yard, spot, side.value)
        for choice in right:
            where = intent.Cmp(left=side.value.attr, op=side.value.op, right=choice.value)
            yield Choice(placed(spot, side.value.walk, where), side.cost + choice.cost)


def _sides(schema: Schema, pred: Compared, spot: Spot) -> Iterator[Choice[_Side]]:
    if pred.attr is None:
        for column, tier in schema.measured(spot.table, pred.adjective, _ordered):
            op = pred.op if tier.high else FLIPPED[pred.op]
            yield Choice(_Side(column, schema.attr(spot, column), Walk(spot.table, (), 0.0), op), BY_ADJECTIVE)
        return
    for choice in schema.columns(pred.attr, spot):
        walk, column = choice.value
        if _ordered(column):
            attr = at_end(schema, spot, walk, column, pred.attr, text=False)
            yield Choice(_Side(column, attr, walk, pred.op), choice.cost)


def _ordered(column: ColumnView) -> bool:
    return column.counts or column.dated


def _alike(one: ColumnView, other: ColumnView) -> bool:
    return _ordered(one) and _ordered(other) and one.numeric == other.numeric


def _own(schema: Schema, yard: Yard, spot: Spot, side: _Side) -> Iterator[Choice[intent.Attr]]:
    """Lower than their checking balance: of the same row."""
    for choice in schema.columns(yard.attr, spot) if yard.attr and not side.walk.many else ():
        walk, column = choice.value
        if not walk.many and column != side.column and _alike(column, side.column):
            yield Choice(at_end(schema, spot, walk, column, yard.attr, text=False), choice.cost + _ONE_ROW)
    yield from _of_anothers(schema, yard, spot, side)


def _of_anothers(schema: Schema, yard: Yard, spot: Spot, side: _Side) -> Iterator[Choice[intent.Attr]]:
    """(earn more than) their manager: the same of the other of its kind that a key leads to."""
    for target in yard.attr.targets if yard.attr and not side.walk.path else ():
        if target.table == spot.table and schema.table(target.table).foreign.get(target.name) == spot.table:
            there = Spot(spot.table, (*spot.path, schema.key_edge(spot.table, target.name)))
            yield Choice(schema.attr(there, side.column), target.cost + _ONE_ROW)


def _of_rows(schema: Schema, yard: Yard, spot: Spot, side: _Side) -> Iterator[Choice[intent.Scalar]]:
    """The average, the highest, the lowest of the rows named; the first of them."""
    for found in _population(schema, yard, spot, side):
        column, place, of = found.value
        attr = schema.attr(place.measured, column, yard.attr)
        for where in restrict.conditions(schema, of.preds, place.restricted) if of.preds else [Choice((), 0.0)]:
            cost = found.cost + where.cost
            for query in _number(schema, yard, side, _Rows(place, of, attr, both(where.value))):
                yield Choice(intent.Scalar(query=query.value), cost + query.cost)


@dataclass(frozen=True)
class _Place:
    """Where other rows start, where what is compared stands, and where what restricts them does."""

    root: str
    measured: Spot
    restricted: Spot


@dataclass(frozen=True)
class _Rows:
    place: _Place
    of: SetForm
    attr: intent.Attr
    where: intent.Pred | None


def _population(
    schema: Schema, yard: Yard, spot: Spot, side: _Side
) -> Iterator[Choice[tuple[ColumnView, _Place, SetForm]]]:
    """Which rows: those of the column's own table, or those of the set that is named."""
    for measured in _measured(schema, yard, side):
        column = measured.value
        if yard.of is None:
            place = _Place(column.table, Spot(column.table), Spot(column.table))
            yield Choice((column, place, SetForm(None)), measured.cost)
            continue
        heads = [(t.table, t.cost) for t in schema.tables(yard.of.head)] if yard.of.head else [(spot.table, 0.0)]
        for table, cost in heads:
            if table != column.table and column != side.column:
                continue  # the average amount of customers is no attribute of theirs
            if table != column.table and not (yard.of.plural or yard.of.preds or yard.of.rank):
                continue  # above the average of their region: of each another one
            for near in schema.spots(column.table, table)[:1]:
                place = _Place(column.table, Spot(column.table), near.value)
                yield Choice((column, place, yard.of), measured.cost + cost + near.cost)
            for far in schema.spots(table, column.table)[:1] if table != column.table else ():
                place = _Place(table, far.value, Spot(table))
                yield Choice((column, place, yard.of), measured.cost + cost + far.cost + _OTHER_ROWS)


def _measured(schema: Schema, yard: Yard, side: _Side) -> Iterator[Choice[ColumnView]]:
    """What is averaged: what is compared, or another column that was named."""
    targets = [t for t in yard.attr.targets if t.kind == "column"] if yard.attr else []
    if not targets or any((t.table, t.name) == (side.column.table, side.column.name) for t in targets):
        yield Choice(side.column, 0.0)
        return
    for target in targets:
        column = schema.column(target.table, target.name)
        if _alike(column, side.column):
            yield Choice(column, target.cost + _OTHER_COLUMN)


def _number(schema: Schema, yard: Yard, side: _Side, rows: _Rows) -> Iterator[Choice[intent.Select]]:
    subject = intent.Entity(table=rows.place.root)
    if yard.of and yard.of.rank:
        for order in ranked_by(schema, yard.of.rank, rows.place.restricted):
            shown = (intent.Output(item=rows.attr),)
            first = intent.Select(
                subject=subject, outputs=shown, where=rows.where, order=(order.value,), limit=intent.Limit(n=1)
            )
            yield Choice(first, order.cost)
        return
    fn = _function(yard, side.op)
    if fn and (side.column.numeric or fn in ("min", "max")):
        measure = intent.Measure(fn=fn, of=rows.attr)
        yield Choice(intent.Select(subject=subject, outputs=(intent.Output(item=measure),), where=rows.where), 0.0)


def _function(yard: Yard, op: intent.Op) -> intent.MeasureFn | None:
    """More than every one is more than the highest; more than some one is more than the lowest."""
    match yard.over:
        case "avg" | "max" | "min" | "median" as fn:
            return fn
        case "own":
            return None
    if op in ("=", "<>"):
        return None
    return "max" if (yard.over == "every") == (op in (">", ">=")) else "min"
