"""Things by a number over what belongs to them: studios with an average gross above 5000."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.counting import countings
from datamesh.ask.read.form import Aggregate, Form, Linked, Out, PredForm, SetForm, Tallied
from datamesh.ask.read.places import Schema

__all__ = ["is_measured", "measured"]


def is_measured(form: Form) -> bool:
    return bool(_tallied(_hoisted(form)))


def measured(schema: Schema, form: Form) -> Iterator[Choice[intent.Select]]:
    """The number is asked for, then only held against what was said: groups without it are not shown it."""
    form = _hoisted(form)
    said = _tallied(form)
    if len(said) > 1 or any(out.of and out.of.rank for out in form.outputs) or form.groups:
        return
    shown = tuple(_without(out) for out in form.outputs)
    asked = Aggregate(said[0].fn, said[0].attr, said[0].of)
    for choice in countings(schema, replace(form, outputs=(*shown, asked))):
        if (found := _kept(choice.value, said[0])) is not None:
            yield Choice(found, choice.cost)


def _hoisted(form: Form) -> Form:
    """Who has orders with a total amount above 50: the number is over the orders, and of who has them."""
    return replace(form, outputs=tuple(replace(out, of=_of_all(out.of)) if out.of else out for out in form.outputs))


def _of_all(of: SetForm) -> SetForm:
    return replace(of, preds=tuple(_number_of(pred) for pred in of.preds))


def _number_of(pred: PredForm) -> PredForm:
    if not isinstance(pred, Linked) or pred.negated or pred.count:
        return pred
    numbers = [part for part in pred.to.preds if isinstance(part, Tallied)]
    if len(numbers) != 1 or numbers[0].of:
        return pred
    rest = tuple(part for part in pred.to.preds if part is not numbers[0])
    return replace(numbers[0], of=replace(pred.to, preds=rest))


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
