"""Things by a number over what belongs to them: studios with an average gross above 5000."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.counting import countings
from datamesh.ask.read.form import Aggregate, Form, Out, Tallied
from datamesh.ask.read.places import Schema

__all__ = ["is_measured", "measured"]


def is_measured(form: Form) -> bool:
    return bool(_tallied(form))


def measured(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """The number is asked for, then only held against what was said: groups without it are not shown it."""
    said = _tallied(form)
    if len(said) > 1 or any(out.of and out.of.rank for out in form.outputs) or form.groups:
        return
    shown = tuple(_without(out) for out in form.outputs)
    asked = Aggregate(said[0].fn, said[0].attr)
    for choice in countings(schema, replace(form, outputs=(*shown, asked))):
        if (found := _kept(choice.value, said[0])) is not None:
            yield Choice(found, choice.cost)


def _tallied(form: Form) -> list[Tallied]:
    preds = [pred for out in form.outputs if out.of for pred in out.of.preds]
    return list(dict.fromkeys(pred for pred in preds if isinstance(pred, Tallied)))


def _without(out: Out) -> Out:
    if out.of is None:
        return out
    of = replace(out.of, preds=tuple(pred for pred in out.of.preds if not isinstance(pred, Tallied)))
    return replace(out, of=of)


def _kept(select: intent.Select, said: Tallied) -> intent.Select | None:
    """Only groups of several rows: of one row an average is its own value, and nobody would call it so."""
    *shown, last = select.outputs
    own = any(isinstance(key, intent.EntityKey) and not key.path for key in select.group)
    if not select.group or own or not isinstance(last.item, intent.Measure) or not shown:
        return None
    having = intent.Cmp(left=last.item, op=said.op, right=intent.Value(value=said.number, kind="number"))
    return select.model_copy(update={"outputs": tuple(shown), "having": having})
