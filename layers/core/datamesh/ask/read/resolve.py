"""From forms to intents: which table every name meant, the cheapest first. What fits nowhere has no meaning here."""

from __future__ import annotations

from dataclasses import replace

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice, cheapest
from datamesh.ask.read.computed import computed
from datamesh.ask.read.counting import countings
from datamesh.ask.read.foremost import by_their_best, over_first
from datamesh.ask.read.form import Aggregate, Count, Form
from datamesh.ask.read.known import doubting_the_known
from datamesh.ask.read.listing import listings
from datamesh.ask.read.measured import is_measured, measured
from datamesh.ask.read.places import Schema
from datamesh.ask.read.rewritten import rewritten
from datamesh.ask.read.tallies import tallies
from datamesh.ask.read.topmost import of_each, tops
from datamesh.ask.read.totals import totals
from datamesh.ask.read.values_shared import of_values, shared_values

__all__ = ["resolve"]


def resolve(schema: Schema, form: Form) -> list[Choice[intent.Query]]:
    """The meanings of a form."""
    if form.made is not None:
        return cheapest(computed(schema, form, resolve(schema, replace(form, made=None))))
    forms = totals(schema, rewritten(schema, over_first(form)))
    return cheapest(choice for each in forms for choice in _meanings(schema, each))


def _meanings(schema: Schema, form: Form) -> list[Choice[intent.Query]]:
    if of_each(form):
        return cheapest([*tops(schema, form), *countings(schema, form)])
    if is_measured(form):
        return cheapest(measured(schema, form))
    if _numeric(form):
        return cheapest([*doubting_the_known(schema, countings(schema, form)), *tallies(schema, form)])
    rows = _rows(schema, form) or _rows(schema, by_their_best(form))
    return cheapest([*doubting_the_known(schema, rows), *tallies(schema, form), *shared_values(schema, form)])


def _rows(schema: Schema, form: Form) -> list[Choice[intent.Select]]:
    return [found for found in listings(schema, form) if not of_values(schema, form, found.value)]


def _numeric(form: Form) -> bool:
    """Whether rows are counted or aggregated, for showing or for ranking."""
    ranks = [out.of.rank for out in form.outputs if out.of and out.of.rank]
    return (
        bool(form.groups)
        or any(isinstance(out, Count | Aggregate) for out in form.outputs)
        or any(isinstance(order.by, Count | Aggregate) for order in form.order)
        or any(rank.of or rank.fn for rank in ranks)
    )
