"""The last intent with one thing changed. What the change means nothing to stays unanswered: nothing is guessed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

from pydantic import ValidationError

from datamesh.ask import intent
from datamesh.ask.dates import Period, after
from datamesh.ask.read.choices import Choice, cheapest
from datamesh.ask.read.conditions import conditions
from datamesh.ask.read.figures import figures
from datamesh.ask.read.form import Aggregate, Count, Dated, Form, OrderForm, PredForm
from datamesh.ask.read.grammar.follow import Edit
from datamesh.ask.read.grouping import named_groups
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.ranking import ordered_by, shown_as
from datamesh.ask.read.together import both, parts

__all__ = ["edited"]

_NUMBERS = (intent.Measure, intent.Change, intent.Calc)
Slot = tuple[intent.Path, str]
Found = Iterator[Choice[intent.Select]]


def edited(schema: Schema, edit: Edit, last: intent.Select) -> list[Choice[intent.Query]]:
    """What the last query becomes, the cheapest first."""
    if last.subject.rows is not None or last.subject.table not in schema.vocabulary.tables:
        return []
    try:
        return cheapest(_edited(schema, edit, last))
    except ValidationError:
        return []


def _edited(schema: Schema, edit: Edit, last: intent.Select) -> Found:
    if edit.preds:
        yield from _restricted(schema, edit.preds, last)
    elif edit.groups:
        yield from _grouped(schema, edit, last)
    elif edit.fn:
        yield from _with_function(edit.fn, last)
    elif edit.number:
        yield from _with_number(schema, edit.number, last)
    elif edit.order:
        yield from _ordered(schema, edit.order, last)
    elif edit.top:
        yield from _cut(edit, last)


def _changed(last: intent.Select, **parts: object) -> intent.Select:
    return intent.Select(**{**dict(last), **parts})


def _restricted(schema: Schema, preds: tuple[PredForm, ...], last: intent.Select) -> Found:
    """A condition takes the place of those on the same attribute; a period that of the last period."""
    said = tuple(_in_year(pred, _year(schema, last)) for pred in preds)
    for found in conditions(schema, said, Spot(last.subject.table)):
        new = both(found.value)
        slots = {slot for pred in found.value for slot in _slots(schema, last, pred)}
        kept = [pred for pred in parts(last.where) if not slots & set(_slots(schema, last, pred))]
        yield Choice(_changed(last, where=both([*kept, *([new] if new else [])])), found.cost)


def _slots(schema: Schema, last: intent.Select, pred: intent.Pred) -> Iterator[Slot]:
    """The attributes that a condition is on; all parts of a calendar are one."""
    match pred:
        case intent.And() | intent.Or():
            for part in pred.preds:
                yield from _slots(schema, last, part)
        case intent.Not():
            yield from _slots(schema, last, pred.pred)
        case intent.Exists():
            inside = list(_slots(schema, last, pred.where)) if pred.where else []
            yield from ((pred.path + path, column) for path, column in inside or [((), "")])
        case intent.Cmp() | intent.In() | intent.Between():
            yield from _slot(schema, last, pred.left)
        case intent.Within() | intent.Text() | intent.Missing():
            yield from _slot(schema, last, pred.of)


def _slot(schema: Schema, last: intent.Select, item: intent.Item) -> Iterator[Slot]:
    if isinstance(item, intent.Part):
        item = item.of
    if isinstance(item, intent.Attr):
        calendar = schema.table(last.subject.table).calendar.values() if not item.path else ()
        yield item.path, "calendar" if item.column in calendar else item.column
    elif isinstance(item, intent.EntityKey):
        yield item.path, item.keys[0]


def _year(schema: Schema, last: intent.Select) -> int | None:
    """The year of the last period, if it lay within one."""
    calendar = schema.table(last.subject.table).calendar
    for pred in parts(last.where):
        if isinstance(pred, intent.Within) and pred.start and pred.end:
            first, out = date.fromisoformat(pred.start[:10]), date.fromisoformat(pred.end[:10])
            return first.year if (out - timedelta(days=1)).year == first.year else None
        if isinstance(pred, intent.Cmp) and isinstance(pred.left, intent.Attr) and isinstance(pred.right, intent.Value):
            value = pred.right.value
            if pred.op == "=" and pred.left.column == calendar.get("year") and isinstance(value, int):
                return value
    return None


def _in_year(pred: PredForm, year: int | None) -> PredForm:
    """December, after a question about 2024: December 2024."""
    if not isinstance(pred, Dated) or pred.period.start or year is None or pred.how != "in" or pred.period.day:
        return pred
    period = pred.period
    if not (period.month or period.quarter):
        return pred
    start = date(year, period.month or (period.quarter or 1) * 3 - 2, 1)
    grain = "month" if period.month else "quarter"
    return replace(pred, period=Period(start, after(start, grain), f"{period.label} {year}"))


def _grouped(schema: Schema, edit: Edit, last: intent.Select) -> Found:
    """By airport instead: other groups, the same numbers."""
    numbers = [output for output in last.outputs if output.item not in last.group]
    if not any(isinstance(part, _NUMBERS) for part in _computed(last)) or (last.limit and last.limit.per):
        return
    for said in product(*[named_groups(schema, group, last.subject.table) for group in edit.groups]):
        keys = tuple(dict.fromkeys(key for choice in said for key in choice.value.keys))
        if any(choice.value.restricted for choice in said) or (edit.also and set(keys) & set(last.group)):
            continue
        group = (*last.group, *keys) if edit.also else keys
        order = tuple(part for part in last.order if isinstance(part.by, _NUMBERS) or part.by in group)
        outputs = (*(intent.Output(item=key) for key in group), *numbers)
        yield Choice(_changed(last, outputs=outputs, group=group, order=order), sum(choice.cost for choice in said))


def _computed(last: intent.Select) -> list[intent.Item]:
    return [*(output.item for output in last.outputs), *(order.by for order in last.order)]


def _measure(last: intent.Select) -> intent.Measure | None:
    """The one number that the last query shows."""
    found = [output.item for output in last.outputs if isinstance(output.item, _NUMBERS)]
    return found[0] if len(found) == 1 and isinstance(found[0], intent.Measure) else None


def _instead(last: intent.Select, old: intent.Measure, new: intent.Measure) -> intent.Select:
    outputs = tuple(intent.Output(item=new) if output.item == old else output for output in last.outputs)
    order = tuple(part.model_copy(update={"by": new}) if part.by == old else part for part in last.order)
    return _changed(last, outputs=outputs, order=order)


def _with_function(fn: intent.MeasureFn, last: intent.Select) -> Found:
    """And the average? Of what was added up before."""
    old = _measure(last)
    if old and old.fn in ("sum", "avg", "min", "max", "median") and old.fn != fn and not old.share_of:
        yield Choice(_instead(last, old, intent.Measure(fn=fn, of=old.of, where=old.where)), 0.0)


def _with_number(schema: Schema, number: Count | Aggregate, last: intent.Select) -> Found:
    """And the revenue? Over the same rows."""
    old = _measure(last)
    if old is None or old.share_of or (number.of and number.of.preds):
        return
    for choice in figures(schema, number):
        new = (
            choice.value.measure(schema, Spot(last.subject.table)) if choice.value.table == last.subject.table else None
        )
        if new is not None and new != old:
            yield Choice(_instead(last, old, new.model_copy(update={"where": old.where})), choice.cost)


def _ordered(schema: Schema, orders: tuple[OrderForm, ...], last: intent.Select) -> Found:
    if last.limit is not None:
        return  # which rows there are would be others
    if not any(isinstance(item, _NUMBERS) for item in _computed(last)):
        if any(order.by is None and order.by_number for order in orders):
            return  # highest first, and nothing that is high
        form = Form((), order=orders)
        for choice in ordered_by(schema, form, Spot(last.subject.table), last.outputs):
            yield Choice(_changed(last, order=choice.value), choice.cost)
        return
    found = [_by_shown(order, last) for order in orders]
    if all(found):
        yield Choice(_changed(last, order=tuple(order for order in found if order)), 0.0)


def _by_shown(order: OrderForm, last: intent.Select) -> intent.Order | None:
    """By something that is shown: the number, or a name among the groups."""
    items = [output.item for output in last.outputs]
    by = order.by
    if by is None or isinstance(by, Count | Aggregate):
        numbers = [item for item in items if isinstance(item, _NUMBERS)]
        first = numbers[0] if numbers and order.by_number else items[0] if by is None else None
        return intent.Order(by=first, direction=order.direction) if first is not None else None
    shown = shown_as(by, last.outputs)
    return intent.Order(by=shown, direction=order.direction) if shown is not None else None


def _cut(edit: Edit, last: intent.Select) -> Found:
    """Top 5: of the order there is, or of the groups by their number."""
    order, numbers = last.order, [o.item for o in last.outputs if isinstance(o.item, _NUMBERS)]
    if not order and last.group and numbers:
        order = (intent.Order(by=numbers[0], direction=edit.end),)
    if order and (last.group or not numbers) and not (last.limit and last.limit.per):
        yield Choice(_changed(last, order=order, limit=intent.Limit(n=edit.top)), 0.0)
