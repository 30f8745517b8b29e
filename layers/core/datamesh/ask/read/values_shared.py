"""Values that two kinds of rows share, or that only one kind has: towns with both ... and ..., towns without any ..."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, product
from typing import Literal

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import NEVER, Both, Count, Form, Linked, Plain, PredForm, SetForm, Thing, Valued
from datamesh.ask.read.listing import listings
from datamesh.ask.read.places import Schema
from datamesh.ask.read.together import excluding, parts

__all__ = ["of_values", "shared_values"]

_TWICE = 0.1  # rows of two kinds, where one row could not be both
Split = tuple[Literal["intersect", "except"], SetForm, SetForm, bool]


def shared_values(schema: Schema, form: Form) -> Iterator[Choice[intent.Query]]:
    """Of an attribute, not of the thing itself: that goes by its key, and holds for it or does not."""
    of = {out.of for out in form.outputs if not isinstance(out, Count)}
    only = of.pop() if len(of) == 1 else None
    if only is None or only.rank or only.number or form.groups or form.order:
        return
    if columns := _of_two_things(only):
        yield from _shared_columns(schema, form, columns)
        return
    things = only.head is not None and any(isinstance(out, Plain) for out in form.outputs)
    for op, left, right, own in _splits(only):
        if things and op == "except":
            continue  # an attribute of things: whether these are so is said of each
        sides = [list(listings(schema, _over(form, side))) for side in (left, right)]
        for one in sides[0]:
            for other in sides[1]:
                if _fits(schema, one.value, other.value, op, own=own and not things):
                    yield Choice(_set(op, one.value, other.value), max(one.cost, other.cost) + _TWICE)


def _of_two_things(of: SetForm) -> tuple[SetForm, SetForm] | None:
    """Cities that customers and suppliers share: two kinds of things, each with nothing but such an attribute."""
    match of:
        case SetForm(head=None, preds=(Both(preds=(Linked() as one, Linked() as other)),)):
            plain = not any(p.negated or p.count or p.to.rank or p.to.preds for p in (one, other))
            unlike = one.to.head and other.to.head and one.to.head.targets[0] != other.to.head.targets[0]
            return (one.to, other.to) if plain and unlike else None
        case _:
            return None


def _shared_columns(schema: Schema, form: Form, of: tuple[SetForm, SetForm]) -> Iterator[Choice[intent.Query]]:
    sides = [list(listings(schema, _over(form, side))) for side in of]
    for one, other in product(*sides):
        alike = [out.item.kind for out in one.value.outputs if isinstance(out.item, intent.Attr)]
        again = [out.item.kind for out in other.value.outputs if isinstance(out.item, intent.Attr)]
        if alike and alike == again and one.value.subject != other.value.subject:
            yield Choice(_set("intersect", one.value, other.value), one.cost + other.cost)


def of_values(schema: Schema, form: Form, found: intent.Select) -> bool:
    """Whether rows are listed where values were asked for: towns without a venue, not rows without one."""
    outs = [out for out in form.outputs if isinstance(out, Plain) and out.of and out.of.head is None]
    absent = any(isinstance(pred, Linked) and pred.negated for out in outs for pred in (out.of.preds if out.of else ()))
    return absent and not any(_names_row(schema, found.subject.table, out.item) for out in found.outputs)


def _set(op: Literal["intersect", "except"], one: intent.Select, other: intent.Select) -> intent.SetOp:
    """What is shared is shared both ways round."""
    left, right = sorted((one, other), key=repr) if op == "intersect" else (one, other)
    return intent.SetOp(op=op, left=left, right=right)


def _over(form: Form, of: SetForm) -> Form:
    """Values of a set that has no noun are what the set is of."""
    only = form.outputs[0]
    if of.head is None and len(form.outputs) == 1 and isinstance(only, Plain):
        return replace(form, outputs=(Thing(replace(of, head=only.attr, distinct=only.distinct)),))
    return replace(form, outputs=tuple(replace(out, of=of) for out in form.outputs))


def _splits(form: SetForm) -> Iterator[Split]:
    """Each with whether rows of two kinds were named outright: tracks with ... and tracks with ..."""
    for at, pred in enumerate(form.preds):
        rest = (*form.preds[:at], *form.preds[at + 1 :])
        match _lifted(pred):
            case Both(preds=(one, other)):
                named = isinstance(one, Linked) and isinstance(other, Linked) and isinstance(pred, Both)
                yield "intersect", _with(form, *rest, one), _with(form, *rest, other), named
            case Linked(negated=True) as there:
                yield "except", _with(form, *rest), _with(form, *rest, replace(there, negated=False)), True
            case Valued(negated=True, hint=hint) as so if NEVER in hint:
                yield "except", _with(form, *rest), _with(form, *rest, replace(so, negated=False)), False
            case _:
                pass
    for one, other in _again(form.preds):
        rest = tuple(pred for pred in form.preds if pred not in (one, other))
        yield "intersect", _with(form, *rest, one), _with(form, *rest, other), True


def _lifted(pred: PredForm) -> PredForm:
    """Towns with venues opened in both 2010 and 2011: with venues of one year and with venues of the other."""
    if isinstance(pred, Linked) and pred.to.preds and isinstance(pred.to.preds[-1], Both) and not pred.negated:
        sets = (replace(pred.to, preds=(*pred.to.preds[:-1], one)) for one in pred.to.preds[-1].preds)
        return Both(tuple(replace(pred, to=of) for of in sets))
    return pred


def _with(form: SetForm, *preds: PredForm) -> SetForm:
    """What rows of the values' own table are said to have is said of these rows."""
    owned = tuple(replace(pred, hint=("in",)) if isinstance(pred, Linked) and pred.to.preds else pred for pred in preds)
    return replace(form, preds=owned)


def _again(preds: tuple[PredForm, ...]) -> Iterator[tuple[PredForm, PredForm]]:
    """With a branch in London and a branch with 100 members: two of them."""
    linked = [p for p in preds if isinstance(p, Linked) and p.to.head and p.to.preds and not p.negated and not p.count]
    for one, other in pairwise(linked):
        if one.to.head and other.to.head and one.to.head.targets == other.to.head.targets:
            yield one, other


def _fits(schema: Schema, one: intent.Select, other: intent.Select, op: str, *, own: bool) -> bool:
    if one.subject != other.subject or one.outputs != other.outputs or one.where == other.where:
        return False
    if not all(isinstance(out.item, intent.Attr) and not out.implied for out in one.outputs):
        return False
    told = [out.item for out in one.outputs if _names_row(schema, one.subject.table, out.item)]
    if op == "except":
        return not told
    if any(_unique(schema, one.subject.table, item) for item in told):
        return False
    said = [set(parts(side.where)) for side in (one, other)]
    if said[0] <= said[1] or said[1] <= said[0]:
        return False  # what is said of one kind was read as said of both
    return (own and not told) or excluding((one.where, other.where))


def _unique(schema: Schema, table: str, item: intent.Item) -> bool:
    """Whether no two rows share it; a name that several bear may be one of each kind."""
    return not isinstance(item, intent.Attr) or bool(item.path) or schema.column(table, item.column).unique


def _names_row(schema: Schema, table: str, item: intent.Item) -> bool:
    if not isinstance(item, intent.Attr):
        return True
    table = item.path[-1].to if item.path else table
    return schema.names_row(table, item.column)
