"""Which city has the most inhabitants, where a city has several rows that have some each: their total decides.

So it does for which team has the most goals, where the matches have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.lattice import Name
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.read.form import Form, Plain, Ranked, Thing
from datamesh.ask.read.places import Schema

__all__ = ["totals"]


def totals(schema: Schema, form: Form) -> Iterator[Form]:
    """The form as it stands for what has one row; with the total, for what has several of the number's rows."""
    yield from _of_own_rows(schema, form)
    yield from _of_those_below(schema, form)


def _of_those_below(schema: Schema, form: Form) -> Iterator[Form]:
    """The team with the most goals: of the matches that belong to it."""
    sets = {out.of for out in form.outputs if out.of and out.of.rank}
    ranked = sets.pop() if len(sets) == 1 else None
    rank = ranked.rank if ranked else None
    if ranked is None or rank is None or rank.attr is None or not rank.total or form.groups:
        return
    shown = [out.attr for out in form.outputs if isinstance(out, Plain)] if ranked.head is None else [ranked.head]
    tables = {target.table for name in shown for target in name.targets if target.cost < PARTLY}
    below = tuple(t for t in rank.attr.targets if t.kind == "column" and _leads(schema, t, tables))
    if below:
        total = replace(rank, attr=replace(rank.attr, targets=below), fn="sum", total=False)
        outs = [replace(o, of=replace(ranked, rank=total)) if o.of == ranked else o for o in form.outputs]
        yield replace(form, outputs=tuple(outs))


def _leads(schema: Schema, number: Target, tables: set[str]) -> bool:
    """Whether a number is of rows that each belong to one of the things."""
    if number.table in tables or not schema.column(number.table, number.name).counts:
        return False
    return any(schema.spots(number.table, table) for table in tables)


def _of_own_rows(schema: Schema, form: Form) -> Iterator[Form]:
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
