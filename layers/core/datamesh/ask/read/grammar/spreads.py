"""Numbers over numbers of groups: the average number of orders per customer, the most shipments of a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Count, Form, Spread
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.common import function
from datamesh.ask.read.grammar.groups import each_key

__all__ = ["on_average", "spread"]


def spread(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """The average number of orders per customer; the highest number of flights on each day"""
    for op in r.op(r.the(i), "agg"):
        for count in r.op(r.the(op.end), "count") if op.payload != "sum" else ():
            for rows in sets.plain_set(r, count.end):
                for keys in each_key(r, rows.end):
                    form = Form((Count(rows.value),), keys.value, made=Spread(function(op)))
                    yield Hit(keys.end, form, rows.cost + keys.cost)


def on_average(r: Reader, state: Hit[Form]) -> Iterator[Hit[Form]]:
    """(how many orders does each customer have) on average"""
    form = state.value
    counted = len(form.outputs) == 1 and isinstance(form.outputs[0], Count) and len(form.groups) == 1
    at = r.comma(state.end)
    if counted and form.made is None and not form.order and r.word(at, "on") and r.word(at + 1, "average"):
        yield Hit(at + 2, replace(form, made=Spread("avg")), state.cost)
