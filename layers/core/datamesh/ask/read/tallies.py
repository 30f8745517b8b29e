"""Values that so many rows have: which countries have more than two members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.words import stems
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.conditions import restricted
from datamesh.ask.read.figures import Figure, figures
from datamesh.ask.read.form import Count, Form, Linked, OrderForm, Out, SetForm, Thing
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.ranking import shown_as
from datamesh.ask.read.rewritten import without_context
from datamesh.ask.read.shown import stands_for
from datamesh.ask.read.together import both

__all__ = ["tallies"]

_FAR = 0.2


@dataclass(frozen=True)
class _Tally:
    """A question for values by how many there are of something: the values, what is counted, what else is said."""

    head: Name
    counted: Linked
    rest: SetForm


def tallies(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """Grouped by the value, kept by the count; the count is shown where it is asked for, too."""
    tally = _tally(form)
    if tally is None:
        return
    for target in tally.head.targets:
        for rows in _counted(schema, tally.counted, target, tally.head):
            for spot in schema.spots(rows.value.table, target.table)[:1]:
                cost = rows.cost + target.cost + spot.cost + (_FAR if spot.value.path else 0.0)
                shown = schema.text_attr(spot.value, schema.column(target.table, target.name))
                of = rows.value.of or tally.counted.to
                rest = without_context(tally.rest, {rows.value.table}, schema)
                sets = [(replace(of, head=None), Spot(rows.value.table)), (rest, spot.value)]
                select = _having(schema, form, rows.value, tally.counted, shown)
                if select is None:
                    continue
                for where in restricted(schema, sets):
                    yield Choice(select.model_copy(update={"where": both(where.value)}), cost + where.cost)


def _tally(form: Form) -> _Tally | None:
    if form.groups or not isinstance(form.outputs[0], Thing):
        return None
    out, *others = form.outputs
    if not isinstance(out, Thing) or out.of.number or out.of.rank:
        return None
    counted = [pred for pred in out.of.preds if isinstance(pred, Linked) and pred.count and not pred.negated]
    head = out.of.head.only("column") if out.of.head else None
    if head is None or len(counted) != 1 or not all(_the_count(other, counted[0]) for other in others):
        return None
    return _Tally(head, counted[0], SetForm(None, tuple(pred for pred in out.of.preds if pred is not counted[0])))


def _the_count(out: Out | None, counted: Linked) -> bool:
    """Whether an output or an order is by what is counted: and how many, and the number of members."""
    if not isinstance(out, Count) or out.of.preds or out.of.rank:
        return False
    head, of = out.of.head, counted.to.head
    return head is None or (of is not None and stems(head.text) == stems(of.text))


def _counted(schema: Schema, linked: Linked, target: Target, head: Name) -> list[Choice[Figure]]:
    """What is counted of each value: a thing's rows, another attribute's values; records, where nothing is named."""
    if target.cost >= PARTLY and schema.names_thing(head):
        return []  # customers are no customer ids
    if linked.to.head is None:  # rows that one thing has are not its own
        key = target.name in schema.table(target.table).foreign
        thing = key if linked.hint == ("have",) else _thing(schema, target, head)
        own = target.cost < PARTLY and schema.repeats(target.table, target.name) and not thing
        return [Choice(Figure(target.table, "count", target.table), 0.0)] if own else []
    if schema.names_row(target.table, target.name) and not _again(schema, linked, target):
        return []  # else the thing is meant, not its name
    return [found for found in figures(schema, Count(linked.to)) if found.value.fn in ("count", "count_distinct")]


def _again(schema: Schema, linked: Linked, target: Target) -> bool:
    """Event names that were used twice for events: by several rows of its own, where some are called alike."""
    own = (
        any(t.kind == "table" and t.table == target.table for t in linked.to.head.targets) if linked.to.head else False
    )
    return own and linked.hint != ("have",) and schema.repeats(target.table, target.name)


def _thing(schema: Schema, target: Target, head: Name) -> bool:
    return schema.names_row(target.table, target.name) or stands_for(schema, target, head.text)


def _having(schema: Schema, form: Form, figure: Figure, counted: Linked, shown: intent.Attr) -> intent.Select | None:
    measure = figure.measure(schema, Spot(figure.table))
    if counted.count is None or measure is None or measure.of == shown:
        return None
    outputs = tuple(intent.Output(item=item) for item in (shown, *(measure for _ in form.outputs[1:])))
    order = [_order(by, counted, outputs, measure) for by in form.order]
    if not all(order):
        return None
    op, n = counted.count
    return intent.Select(
        subject=intent.Entity(table=figure.table),
        outputs=outputs,
        group=(shown,),
        having=intent.Cmp(left=measure, op=op, right=intent.Value(value=n, kind="number")),
        order=tuple(by for by in order if by),
    )


def _order(
    order: OrderForm, counted: Linked, outputs: tuple[intent.Output, ...], measure: intent.Measure
) -> intent.Order | None:
    by: intent.Item | None
    if order.by is None:
        by = outputs[-1].item if order.by_number else outputs[0].item
    else:
        by = measure if _the_count(order.by, counted) else shown_as(order.by, outputs)
    return intent.Order(by=by, direction=order.direction) if by else None
