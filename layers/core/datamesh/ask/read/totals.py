"""Which city has the most inhabitants, where a city has several rows that have some each: their total decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.naming import Target
from datamesh.ask.read.form import Form, Plain, Ranked, Thing
from datamesh.ask.read.places import Schema

__all__ = ["totals"]


def totals(schema: Schema, form: Form) -> Iterator[Form]:
    """The form as it stands for what has one row; with the total, for values that have several of the number's rows."""
    out = form.outputs[0] if len(form.outputs) == 1 else None
    rank = out.of.rank if out and out.of else None
    shown = _shown(out) if isinstance(out, Plain | Thing) else None
    if shown is None or rank is None or rank.attr is None or not rank.total or form.groups:
        yield form
        return
    several = tuple(target for target in shown.targets if _adds_up(schema, target, rank.attr))
    once = tuple(target for target in shown.targets if target not in several)
    if once:
        yield _of(form, replace(shown, targets=once), rank)
    if several:
        tables = {target.table for target in several}
        own = tuple(t for t in rank.attr.targets if t.table in tables and t.kind == "column")
        total = replace(rank, attr=replace(rank.attr, targets=own), fn="sum", total=False)
        yield _of(form, replace(shown, targets=several), total)


def _shown(out: Plain | Thing) -> Name | None:
    """The attribute whose values are asked for, of no thing."""
    if isinstance(out, Plain):
        return out.attr if out.of and out.of.head is None else None
    head = out.of.head
    return head if head and all(target.kind == "column" for target in head.targets) else None


def _adds_up(schema: Schema, target: Target, number: Name) -> bool:
    numbers = [schema.column(t.table, t.name) for t in number.targets if t.kind == "column" and t.table == target.table]
    return bool(numbers) and schema.repeats(target.table, target.name) and all(column.counts for column in numbers)


def _of(form: Form, shown: Name, rank: Ranked) -> Form:
    out = form.outputs[0]
    if isinstance(out, Plain) and out.of:
        return replace(form, outputs=(replace(out, attr=shown, of=replace(out.of, rank=rank)),))
    if isinstance(out, Thing):
        return replace(form, outputs=(Thing(replace(out.of, head=shown, rank=rank)),))
    return form
