"""Values that so many rows have: which countries have more than two members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask import intent
from datamesh.ask.naming import Target
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.conditions import restricted
from datamesh.ask.read.form import Form, Linked, SetForm, Thing
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.shown import stands_for
from datamesh.ask.read.together import both

__all__ = ["tallies"]

_FAR = 0.2


def tallies(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """Grouped by the value, kept by the count."""
    out = form.outputs[0]
    if len(form.outputs) > 1 or not isinstance(out, Thing) or form.groups or form.order:
        return
    counted = [pred for pred in out.of.preds if isinstance(pred, Linked) and pred.count and not pred.negated]
    head = out.of.head.only("column") if out.of.head else None
    if head is None or len(counted) != 1 or out.of.number or out.of.rank:
        return
    rest = SetForm(None, tuple(pred for pred in out.of.preds if pred is not counted[0]))
    for target in head.targets:
        if not schema.names_row(target.table, target.name):  # else the thing is meant, not its name
            own = [] if stands_for(schema, target, head.text) else [Target("table", target.table, "", 0.0)]
            for rows in schema.tables(counted[0].to.head) if counted[0].to.head else own:
                for spot in schema.spots(rows.table, target.table)[:1]:
                    cost = rows.cost + target.cost + spot.cost + (_FAR if spot.value.path else 0.0)
                    shown = schema.text_attr(spot.value, schema.column(target.table, target.name))
                    sets = [(replace(counted[0].to, head=None), Spot(rows.table)), (rest, spot.value)]
                    for choice in _having(schema, counted[0], shown, sets):
                        yield Choice(choice.value, choice.cost + cost)


def _having(
    schema: Schema, linked: Linked, shown: intent.Attr, sets: list[tuple[SetForm, Spot]]
) -> Iterator[Choice[intent.Select]]:
    """The first of `sets` is what is counted."""
    if linked.count is None:
        return
    op, n = linked.count
    having = intent.Cmp(left=intent.Measure(fn="count"), op=op, right=intent.Value(value=n, kind="number"))
    for where in restricted(schema, sets):
        select = intent.Select(
            subject=intent.Entity(table=sets[0][1].table),
            outputs=(intent.Output(item=shown),),
            where=both(where.value),
            group=(shown,),
            having=having,
        )
        yield Choice(select, where.cost)
