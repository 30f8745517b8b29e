"""Numbers made of numbers, over what the numbers themselves mean: shares, changes, two side by side, arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import TypeGuard

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.conditions import conditions
from datamesh.ask.read.form import Calculated, Changed, Dated, Form, Portion, PredForm, Spread, Valued
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.together import both

__all__ = ["computed"]

_MADE = {"+": "sum", "-": "difference", "*": "product", "/": "ratio"}
Meanings = Iterator[Choice[intent.Query]]


def computed(schema: Schema, form: Form, plain: Iterable[Choice[intent.Query]]) -> Meanings:
    """`plain` are the meanings of the form's outputs as they stand."""
    for choice in plain:
        select = choice.value
        if not isinstance(select, intent.Select) or len(select.outputs) < len(form.outputs):
            continue
        match form.made:
            case Calculated():
                found = _calculated(form.made, form, select)
            case Portion():
                found = _portion(schema, form.made, form, select)
            case Changed():
                found = _changed(schema, form.made, form, select)
            case Spread():
                found = _spread(form.made, select)
            case None:
                return
        for more in found:
            yield Choice(more.value, choice.cost + more.cost)


def _replaced(select: intent.Select, at: int, count: int, items: Sequence[intent.Output]) -> intent.Select:
    """With other outputs in the place of `count` of them."""
    outputs = (*select.outputs[:at], *items, *select.outputs[at + count :])
    return intent.Select(**{**dict(select), "outputs": outputs})


def _first(form: Form, select: intent.Select) -> int:
    """Where the form's own outputs begin: after the groups."""
    return len(select.outputs) - len(form.outputs)


def _spread(made: Spread, select: intent.Select) -> Meanings:
    """Over the groups that there are: what has no key is none of them."""
    number = select.outputs[-1].item
    if not select.group or select.order or select.limit or not isinstance(number, intent.Measure):
        return
    keys = tuple(_near(key) for key in select.group)
    known = [intent.Not(pred=intent.Missing(of=key)) for key in keys if isinstance(key, intent.Attr)]
    each = intent.Select(
        **{
            **dict(select),
            "outputs": (intent.Output(item=number, name="number"),),
            "where": both([*([select.where] if select.where else []), *known]),
            "group": keys,
        }
    )
    of = intent.Attr(column="number", kind="number", label="number")
    over = intent.Output(item=intent.Measure(fn=made.fn, of=of))
    yield Choice(intent.Select(subject=intent.Entity(table="counts", rows=each), outputs=(over,)), 0.0)


def _near(key: intent.Key) -> intent.Key:
    """A thing by the key that leads to it: nothing of it is shown."""
    if not isinstance(key, intent.EntityKey) or not key.path or len(key.keys) > 1:
        return key
    *before, edge = key.path
    if edge.many or edge.to_columns != key.keys:
        return key
    return intent.Attr(column=edge.columns[0], path=tuple(before), kind=key.key_kind)


def _calculated(made: Calculated, form: Form, select: intent.Select) -> Meanings:
    at = _first(form, select)
    left, right = select.outputs[at].item, select.outputs[at + 1].item
    if _number(left) and _number(right):
        made_of = intent.Calc(op=made.op, left=left, right=right)
        yield Choice(_replaced(select, at, 2, [intent.Output(item=made_of, name=_MADE[made.op])]), 0.0)
    elif _day(left) and _day(right) and made.op == "-":
        days = intent.Elapsed(start=left, end=right)
        yield Choice(_replaced(select, at, 2, [intent.Output(item=days, name="days")]), 0.0)


def _day(item: intent.Item) -> TypeGuard[intent.Attr]:
    return isinstance(item, intent.Attr) and item.kind in intent.DATED


def _number(item: intent.Item) -> bool:
    return isinstance(item, intent.Measure) or (isinstance(item, intent.Attr) and item.numeric)


def _portion(schema: Schema, made: Portion, form: Form, select: intent.Select) -> Meanings:
    """Of some rows as a share of all; without any, of each group as a share of all groups."""
    at = _first(form, select)
    whole = select.outputs[at].item
    if not isinstance(whole, intent.Measure):
        return
    if not made.preds:
        if share := _of_each_group(whole, select):
            yield Choice(_replaced(select, at, 1, [_shown(share, made)]), 0.0)
        return
    for part in _rows(schema, made.preds, select):
        share = whole.model_copy(update={"where": part.value, "share_of": whole})
        yield Choice(_replaced(select, at, 1, [_shown(share, made)]), part.cost)


def _shown(share: intent.Item, made: Portion) -> intent.Output:
    if not made.percent:
        return intent.Output(item=share, name="share")
    percent = intent.Calc(op="*", left=share, right=intent.Value(value=100, kind="number"))
    return intent.Output(item=percent, name="percentage")


def _of_each_group(whole: intent.Measure, select: intent.Select) -> intent.Item | None:
    """A measure of the contract may not add up over the groups: then the whole is asked for on its own."""
    if not select.group or whole.fn not in ("count", "sum", "contract"):
        return None
    if whole.fn != "contract":
        return whole.model_copy(update={"share_of": whole.model_copy(update={"over": "all"})})
    total = intent.Select(subject=select.subject, outputs=(intent.Output(item=whole),), where=select.where)
    return intent.Calc(op="/", left=whole, right=intent.Scalar(query=total))


def _rows(schema: Schema, preds: Sequence[PredForm], select: intent.Select) -> Iterator[Choice[intent.Pred]]:
    """Conditions on the counted rows themselves, or on what each of them belongs to."""
    for found in conditions(schema, preds, Spot(select.subject.table)):
        where = both(found.value)
        if where is not None and _of_the_row(where):
            yield Choice(where, found.cost)


def _of_the_row(pred: intent.Pred) -> bool:
    """Engines differ in whether a number may be over rows for which a query says something."""
    match pred:
        case intent.And() | intent.Or():
            return all(_of_the_row(part) for part in pred.preds)
        case intent.Not():
            return _of_the_row(pred.pred)
        case intent.In():
            return pred.query is None
        case intent.Cmp():
            return isinstance(pred.right, intent.Value | intent.Attr)
        case _:
            return not isinstance(pred, intent.Exists)


def _changed(schema: Schema, made: Changed, form: Form, select: intent.Select) -> Meanings:
    at = _first(form, select)
    measure = select.outputs[at].item
    if not isinstance(measure, intent.Measure):
        return
    if made.now is None or made.before is None:
        if made.how != "both" and len(select.group) == 1 and isinstance(select.group[0], intent.Bucket | intent.Attr):
            change = intent.Change(measure=measure, how=made.how, along=select.group[0])
            shown = [intent.Output(item=measure), intent.Output(item=change)]
            yield Choice(_replaced(select, at, 1, shown), 0.0)
        return
    for now, before in product(_rows(schema, [made.now], select), _rows(schema, [made.before], select)):
        if _same_column(now.value, before.value):
            sides = list(_two(made, select, measure, (now.value, before.value)))
            yield Choice(_replaced(select, at, 1, sides), now.cost + before.cost)


def _same_column(one: intent.Pred, other: intent.Pred) -> bool:
    """Two values are of one column, two periods of one date."""
    if isinstance(one, intent.Cmp) and isinstance(other, intent.Cmp):
        return one.left == other.left
    if isinstance(one, intent.Within) and isinstance(other, intent.Within):
        return one.of == other.of
    return type(one) is type(other)


def _two(
    made: Changed, select: intent.Select, measure: intent.Measure, sides: tuple[intent.Pred, intent.Pred]
) -> Iterator[intent.Output]:
    now, before = sides
    if made.how != "both":
        yield intent.Output(item=intent.Change(measure=measure, how=made.how, now=now, before=before))
        return
    for said, where in ((made.now, now), (made.before, before)):
        name = "_".join(f"{_called(measure, select)} {_said(said)}".lower().split())
        yield intent.Output(item=measure.model_copy(update={"where": where}), name=name)


def _called(measure: intent.Measure, select: intent.Select) -> str:
    """What a column for it is called: revenue, avg amount, orders."""
    of = measure.of.column if isinstance(measure.of, intent.Attr) else ""
    return measure.name or (f"{measure.fn} {of}" if of else select.subject.table.rpartition(".")[2])


def _said(pred: PredForm | None) -> str:
    if isinstance(pred, Dated):
        return pred.period.label
    return pred.values[0].text if isinstance(pred, Valued) else ""
