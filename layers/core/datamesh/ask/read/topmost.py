"""The first of each group: the dearest product of each brand, the 3 cities with the most customers per country."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.counting import countings
from datamesh.ask.read.form import Form, Plain, Thing
from datamesh.ask.read.grouping import Group, named_groups
from datamesh.ask.read.listing import listings
from datamesh.ask.read.places import Schema
from datamesh.ask.read.together import both

__all__ = ["of_each", "tops"]


def of_each(form: Form) -> bool:
    """Whether a superlative is asked for of each group: of one thing, with nothing counted beside it."""
    sets = {out.of for out in form.outputs}
    ranked = next(iter(sets)) if len(sets) == 1 else None
    plain = all(isinstance(out, Plain | Thing) for out in form.outputs)
    return bool(form.groups) and plain and not form.order and ranked is not None and ranked.rank is not None


def tops(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """Ranked within each group: the question without its groups, cut for each of them."""
    whole = replace(form, groups=())
    rank = form.outputs[0].of and form.outputs[0].of.rank
    found = countings(schema, whole) if rank and (rank.of or rank.fn) else listings(schema, whole)
    for choice in found:
        select = choice.value
        for said in product(*[named_groups(schema, group, select.subject.table) for group in form.groups]):
            if each := _each(select, [group.value for group in said]):
                yield Choice(each, choice.cost + sum(group.cost for group in said))


def _each(select: intent.Select, groups: list[Group]) -> intent.Select | None:
    """Each group is shown before its first rows."""
    keys = tuple(dict.fromkeys(key for group in groups for key in group.keys))
    shown = [output.item for output in select.outputs]
    if select.limit is None or not select.order or any(group.restricted for group in groups):
        return None
    if any(key in shown for key in keys):
        return None
    outputs = (*(intent.Output(item=key, implied=True) for key in keys), *select.outputs)
    limit = select.limit.model_copy(update={"per": keys})
    group = (*keys, *select.group) if select.group else ()
    where = both([*([select.where] if select.where else []), *_known(select)])
    return select.model_copy(update={"outputs": outputs, "limit": limit, "group": group, "where": where})


def _known(select: intent.Select) -> Iterator[intent.Pred]:
    """What is missing never wins, also where a group has nothing else."""
    for order in select.order:
        if isinstance(order.by, intent.Attr):
            yield intent.Not(pred=intent.Missing(of=order.by))
