"""The first of a thing inside a restriction: in the largest country, of the customer with the most orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask import intent
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.words import stems
from datamesh.ask.read import conditions as restrict
from datamesh.ask.read.choices import Choice, cheapest
from datamesh.ask.read.form import Aggregate, Count, Form, Linked, Out, Plain, SetForm, Thing
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.ranking import limit_of, ranked_by
from datamesh.ask.read.reached import at_end, placed
from datamesh.ask.read.together import both

__all__ = ["by_their_best", "foremost", "over_first"]

_BEST_ROW = 0.3  # the order with the highest quantity of an item
Found = Iterator[Choice[intent.Pred]]


def over_first(form: Form) -> Form:
    """The average rating of the oldest film: over the rows that belong to it."""
    if form.groups:
        return form
    form = replace(form, outputs=tuple(_that_number(form, out) for out in form.outputs))
    first = {o.of for o in form.outputs if isinstance(o, Count | Aggregate) and o.of and o.of.rank and o.of.head}
    shown = [replace(o, of=_among_first(o.of)) if o.of is not None and o.of in first else o for o in form.outputs]
    return replace(form, outputs=tuple(shown))


def _that_number(form: Form, out: Out) -> Out:
    """Title and average rating of the film with the highest average rating: of each film, as what ranks it."""
    rank = out.of.rank if out.of else None
    if not isinstance(out, Aggregate) or rank is None or rank.attr is None or rank.fn != out.fn:
        return out
    listed = any(isinstance(other, Plain | Thing) and other.of == out.of for other in form.outputs)
    return replace(out, of=None) if listed and stems(rank.attr.text) == stems(out.attr.text) else out


def by_their_best(form: Form) -> Form:
    """The film with the highest estimate, where a film has many estimates: the one that the highest of them is of."""
    said = {o.of for o in form.outputs if isinstance(o, Plain | Thing) and o.of and o.of.head}
    first = {of for of in said if of.rank and of.rank.attr and not (of.rank.of or of.rank.fn or of.rank.total)}
    if not first or form.order:
        return form
    shown = [replace(o, of=_among_first(o.of)) if o.of is not None and o.of in first else o for o in form.outputs]
    return replace(form, outputs=tuple(shown))


def _among_first(of: SetForm) -> SetForm:
    return SetForm(of.head, (Linked(replace(of, distinct=False), ("be",)),), distinct=of.distinct)


def foremost(schema: Schema, pred: Linked, spot: Spot) -> Found:
    """Related to the first of a thing: in the country with the most stores, of the oldest artist."""
    if pred.count or pred.to.head is None:
        return
    for target in schema.tables(pred.to.head):
        walks = [Walk(spot.table, (), 0.0)] if target.table == spot.table else schema.walks(spot, target.table)
        for best in cheapest(_first_things(schema, pred.to, target.table)):
            for walk in walks:
                fit = restrict.role_fit(schema, pred, walk)
                where = _one_of(schema, spot, walk, best.value)
                yield Choice(
                    intent.Not(pred=where) if pred.negated else where, best.cost + target.cost + walk.cost + fit
                )
    yield from _first_values(schema, pred, spot)


def _one_of(schema: Schema, spot: Spot, walk: Walk, query: intent.Select) -> intent.Pred:
    there = spot.onward(walk, inside=walk.many)
    key = schema.entity_key(there)
    assert key is not None  # noqa: S101 - only things with a key have a first one
    return placed(spot, walk, intent.In(left=key, query=query))


def _first_things(schema: Schema, form: SetForm, table: str) -> Iterator[Choice[intent.Select]]:
    """The key of the first of a table's rows, by a column of its own or by what is related to it."""
    view = schema.table(table)
    rank = form.rank
    if len(view.key) != 1 or rank is None:
        return
    key = schema.text_attr(Spot(table), view.columns[view.key[0]])
    subject, limit = intent.Entity(table=table), limit_of(form)
    for where in _where(schema, [(form, Spot(table))]):
        for order in ranked_by(schema, rank, Spot(table)) if not (rank.of or rank.fn) else ():
            query = intent.Select(
                subject=subject,
                outputs=(intent.Output(item=key),),
                where=where.value,
                order=(order.value,),
                limit=limit,
            )
            yield Choice(query, where.cost + order.cost)
    yield from _most_related(schema, form, table)


def _most_related(schema: Schema, form: SetForm, table: str) -> Iterator[Choice[intent.Select]]:
    """By how many rows of another thing it has, or by their total or average."""
    rank = form.rank
    if rank is None:
        return
    for measured in _measures(schema, form):
        root, of, measure = measured.value
        for spot in schema.spots(root, table)[:2]:
            key = schema.entity_key(spot.value)
            if root == table or key is None:
                continue
            near = key.path[-1] if key.path else None
            if near is None or set(near.to_columns) != set(key.keys):
                continue
            attr = schema.text_attr(
                Spot(_near_table(root, key.path), key.path[:-1]),
                schema.column(_near_table(root, key.path), near.columns[0]),
            )
            for where in _where(schema, [(of, Spot(root)), (form, spot.value)]):
                yield Choice(_grouped(root, attr, measure, form, where.value), measured.cost + spot.cost + where.cost)


def _near_table(root: str, path: intent.Path) -> str:
    """The table on the near side of a path's last step."""
    return path[-2].to if len(path) > 1 else root


def _where(schema: Schema, sets: list[tuple[SetForm | None, Spot]]) -> list[Choice[intent.Pred | None]]:
    said = [(form, spot) for form, spot in sets if form]
    return [Choice(both(choice.value), choice.cost) for choice in restrict.restricted(schema, said)]


Measured = tuple[str, SetForm | None, intent.Measure]


def _measures(schema: Schema, form: SetForm) -> Iterator[Choice[Measured]]:
    rank = form.rank
    if rank is None:
        return
    if rank.of and rank.of.head and not rank.fn:
        for target in schema.tables(rank.of.head):
            yield Choice((target.table, rank.of, intent.Measure(fn="count")), target.cost)
            for bridge, cost in _bridges(schema, target.table, form):
                yield Choice((bridge, None, intent.Measure(fn="count")), target.cost + cost)
    elif rank.attr and rank.fn in (None, "sum", "avg", "min", "max"):
        fn, doubt = (rank.fn, 0.0) if rank.fn else ("max" if rank.direction == "desc" else "min", _BEST_ROW)
        for target in rank.attr.targets:
            column = schema.column(target.table, target.name) if target.kind == "column" else None
            rows = {thing.table for thing in schema.tables(rank.of.head)} if rank.of else {target.table}
            if column and column.counts and target.table in rows:
                measure = intent.Measure(fn=fn, of=schema.attr(Spot(target.table), column))
                yield Choice((target.table, rank.of, measure), target.cost + doubt)


def _bridges(schema: Schema, counted: str, form: SetForm) -> Iterator[tuple[str, float]]:
    """What relates the two many to many: each of its rows is one of the counted, if nothing more is said of these."""
    if form.rank is None or form.rank.of is None or form.rank.of.preds:
        return
    for thing in schema.tables(form.head):
        if not schema.spots(counted, thing.table):
            for root, cost in schema.vocabulary.graph.roots({thing.table, counted})[:2]:
                if root not in (thing.table, counted):
                    yield root, cost


def _grouped(
    root: str, key: intent.Attr, measure: intent.Measure, form: SetForm, where: intent.Pred | None
) -> intent.Select:
    direction = form.rank.direction if form.rank else "desc"
    return intent.Select(
        subject=intent.Entity(table=root),
        outputs=(intent.Output(item=key),),
        where=where,
        group=(key,),
        order=(intent.Order(by=measure, direction=direction),),
        limit=limit_of(form),
    )


def _first_values(schema: Schema, pred: Linked, spot: Spot) -> Found:
    """The most common payment method: rows that have it."""
    head, rank = pred.to.head, pred.to.rank
    if head is None or rank is None or rank.of is None:
        return
    rows = {target.table: target.cost for target in schema.tables(rank.of.head)}
    for choice in schema.columns(head, spot):
        walk, column = choice.value
        if rank.of.head and column.table not in rows:
            continue
        key = schema.text_attr(Spot(column.table), column)
        for where in _where(schema, [(rank.of, Spot(column.table)), (pred.to, Spot(column.table))]):
            query = _grouped(column.table, key, intent.Measure(fn="count"), pred.to, where.value)
            left = at_end(schema, spot, walk, column, head, text=True)
            found = placed(spot, walk, intent.In(left=left, query=query), negated=pred.negated)
            yield Choice(found, choice.cost + where.cost)
