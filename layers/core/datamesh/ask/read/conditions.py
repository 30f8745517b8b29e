"""What restricts a set, as conditions on rows: walked to one it is a column, to many it is a row that must exist."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datamesh.ask import intent
from datamesh.ask.annotate import Literal, Name
from datamesh.ask.joins import Walk
from datamesh.ask.read.periods import date_columns, within
from datamesh.ask.read.form import (
    AnyOf,
    Compared,
    Contains,
    Dated,
    Lacking,
    Linked,
    PredForm,
    SetForm,
    Valued,
)
from datamesh.ask.read.places import Choice, Schema, Spot, cheapest, every
from datamesh.ask.vocabulary import ColumnView
from datamesh.ask.lexicon.english import RELATIONS
from datamesh.ask.words import stem, value_key

__all__ = ["condition", "conditions"]

_VERBS = frozenset(stem(verb) for verb in (*RELATIONS, "have"))
Preds = list[Choice[intent.Pred]]
_FLIP: dict[str, intent.Op] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_UNSEEN = 0.4  # a quoted value that no profile knows
_BRIDGED_COUNT = 0.3
_COUNTED_FAR = 2  # steps across which rows are counted
_SURELY = 0.15  # a key is only compared where it was named as such


def conditions(schema: Schema, preds: Iterable[PredForm], spot: Spot) -> list[Choice[tuple[intent.Pred, ...]]]:
    """All of a set's restrictions together; nothing where one of them means nothing here."""
    return every([condition(schema, pred, spot) for pred in preds])


def condition(schema: Schema, pred: PredForm, spot: Spot) -> Preds:
    match pred:
        case Compared():
            found = _compared(schema, pred, spot)
        case Valued():
            found = _valued(schema, pred, spot)
        case Contains():
            found = _contains(schema, pred, spot)
        case Dated():
            found = _dated(schema, pred, spot)
        case Lacking():
            found = _lacking(schema, pred, spot)
        case Linked():
            found = _linked(schema, pred, spot)
        case AnyOf():
            parts = every([condition(schema, part, spot) for part in pred.preds])
            found = (Choice(_either(part.value), part.cost) for part in parts)
    return cheapest(found)


def _either(preds: tuple[intent.Pred, ...]) -> intent.Pred:
    """One of several values of one column is one condition."""
    ordered = _ordered(preds)
    lefts = {pred.left for pred in ordered if isinstance(pred, intent.Cmp) and pred.op == "="}
    values = [
        p.right for p in ordered if isinstance(p, intent.Cmp) and isinstance(p.right, intent.Value) and p.op == "="
    ]
    left = next(iter(lefts), None)
    if len(lefts) == 1 and len(values) == len(ordered) and isinstance(left, intent.Attr):
        return _equal(left, tuple(values), negated=False)
    return intent.Or(preds=ordered) if len(ordered) > 1 else ordered[0]


def _ordered(preds: Iterable[intent.Pred]) -> tuple[intent.Pred, ...]:
    """Order means nothing between conditions: one order for all readings."""
    return tuple(sorted(dict.fromkeys(preds), key=repr))


def both(preds: Iterable[intent.Pred]) -> intent.Pred | None:
    flat = [part for pred in preds for part in (pred.preds if isinstance(pred, intent.And) else (pred,))]
    ordered = _ordered(flat)
    return intent.And(preds=ordered) if len(ordered) > 1 else next(iter(ordered), None)


def _placed(spot: Spot, walk: Walk, make: Iterable[intent.Pred] | intent.Pred, negated: bool = False) -> intent.Pred:
    """A condition at the end of a walk that meets many rows: one of them must be so, or none."""
    where = make if isinstance(make, intent.Node) else both(make)
    found = intent.Exists(path=spot.path + walk.path, where=where)  # type: ignore[arg-type]
    return intent.Not(pred=found) if negated else found


def _at(
    schema: Schema, spot: Spot, walk: Walk, column: ColumnView, said: Name | None = None, *, as_text: bool = False
) -> intent.Attr:
    there = Spot(column.table, () if walk.many else spot.path + walk.path)
    return schema.text_attr(there, column, said) if as_text else schema.attr(there, column, said)


def _compared(schema: Schema, pred: Compared, spot: Spot) -> Iterator[Choice[intent.Pred]]:
    if pred.attr is None:
        for column, tier in schema.measured(spot.table, pred.adjective, lambda c: c.counts):
            op = pred.op if tier.high else _FLIP[pred.op]
            yield Choice(_number(schema.attr(spot, column), op, pred.number, pred.high), 0.3)
        return
    for choice in schema.columns(pred.attr, spot):
        walk, column = choice.value
        text = column.kind == "text" and not column.number_text
        if text and pred.op in ("=", "<>") and pred.high is None:
            digits = f"{pred.number:g}"
            if any(h.table == column.table and h.column == column.name for h in schema.vocabulary.values.find(digits)):
                attr = _at(schema, spot, walk, column, pred.attr, as_text=True)
                found: intent.Pred = intent.Cmp(left=attr, op=pred.op, right=intent.Value(value=digits))
                yield Choice(_placed(spot, walk, found) if walk.many else found, choice.cost)
        elif column.counts or (column.numeric and (pred.op in ("=", "<>") or choice.cost <= _SURELY)):
            found = _number(_at(schema, spot, walk, column, pred.attr), pred.op, pred.number, pred.high)
            yield Choice(_placed(spot, walk, found) if walk.many else found, choice.cost)


def _number(attr: intent.Attr, op: intent.Op, number: float, high: float | None) -> intent.Pred:
    low = intent.Value(value=number, kind="number")
    if high is not None:
        return intent.Between(left=attr, low=low, high=intent.Value(value=high, kind="number"))
    return intent.Cmp(left=attr, op=op, right=low)


def _valued(schema: Schema, pred: Valued, spot: Spot) -> Iterator[Choice[intent.Pred]]:
    for choice in _value_columns(schema, pred, spot):
        walk, column = choice.value
        found = [_value(column, literal) for literal in pred.values]
        values = tuple(value for value in found if value is not None)
        if len(values) < len(found):
            continue
        attr = _at(schema, spot, walk, column, pred.attr, as_text=True)
        equal = _equal(attr, values, pred.negated and not walk.many)
        unseen = sum(not _seen(column, literal) for literal in pred.values) * _UNSEEN
        yield Choice(_placed(spot, walk, equal, pred.negated) if walk.many else equal, choice.cost + unseen)


def _equal(attr: intent.Attr, values: tuple[intent.Value, ...], negated: bool) -> intent.Pred:
    if len(values) == 1:
        return intent.Cmp(left=attr, op="<>" if negated else "=", right=values[0])
    found = intent.In(left=attr, values=tuple(sorted(dict.fromkeys(values), key=repr)))
    return intent.Not(pred=found) if negated else found


def _seen(column: ColumnView, literal: Literal) -> bool:
    return any((hit.table, hit.column) == (column.table, column.name) for hit in literal.hits)


def _value(column: ColumnView, literal: Literal) -> intent.Value | None:
    """The literal as a value of this column; None where the column is not known to hold it and it is not quoted."""
    for hit in literal.hits:
        if (hit.table, hit.column) == (column.table, column.name):
            label = hit.label if hit.label != str(hit.value) else ""
            kind: intent.AttrKind = "text" if isinstance(hit.value, str) else "number"
            return intent.Value(value=hit.value, kind=kind, label=label, source=_source(literal))
    return (
        intent.Value(value=literal.text, source=_source(literal)) if literal.quoted and column.kind == "text" else None
    )


def _source(literal: Literal) -> intent.Source:
    return intent.Source(start=literal.span[0], end=literal.span[1], evidence=literal.text, cost=literal.cost)


def _value_columns(schema: Schema, pred: Valued, spot: Spot) -> list[Choice[tuple[Walk, ColumnView]]]:
    if pred.attr:
        found = schema.columns(pred.attr, spot)
        return [Choice(c.value, c.cost) for c in found]
    if "named" in pred.hint:
        return [
            Choice((Walk(spot.table, (), 0.0), schema.column(spot.table, name)), 0.0)
            for name in schema.known_by(spot.table)
            if len(schema.known_by(spot.table)) == 1
        ]
    columns = [{(hit.table, hit.column): hit.cost for hit in literal.hits} for literal in pred.values]
    shared = set(columns[0]).intersection(*columns[1:])
    found = []
    for table, name in sorted(shared):
        cost = sum(hits[table, name] for hits in columns)
        holders = [column for other, column in shared if other == table]
        for walk in schema.walks(spot, table):
            if not _repeats_key(schema, spot.table, walk, name, shared):
                fit = schema.role(walk, pred.hint)
                fit += 0.0 if walk.path else schema.column_role(table, name, pred.hint, holders)
                found.append(Choice((walk, schema.column(table, name)), cost + walk.cost + fit))
    return sorted(found, key=lambda choice: choice.cost)


def _repeats_key(schema: Schema, table: str, walk: Walk, column: str, hits: set[tuple[str, str]]) -> bool:
    """Whether the near side of the last step holds the same value as the column it leads to."""
    if not walk.path or walk.path[-1].many or column not in walk.path[-1].to_columns:
        return False
    edge = walk.path[-1]
    near = walk.path[-2].to if len(walk.path) > 1 else table
    return (near, edge.columns[edge.to_columns.index(column)]) in hits


def _contains(schema: Schema, pred: Contains, spot: Spot) -> Iterator[Choice[intent.Pred]]:
    for choice in schema.columns(pred.attr, spot):
        walk, column = choice.value
        if column.kind == "text":
            attr = _at(schema, spot, walk, column, pred.attr, as_text=True)
            found: intent.Pred = intent.Text(of=attr, how=pred.how, value=pred.text)
            if walk.many:
                found = _placed(spot, walk, found, pred.negated)
            elif pred.negated:
                found = intent.Not(pred=found)
            yield Choice(found, choice.cost)


def _dated(schema: Schema, pred: Dated, spot: Spot) -> Iterator[Choice[intent.Pred]]:
    for choice in date_columns(schema, pred, spot):
        found = within(choice.value, pred)
        if found is not None:
            yield Choice(intent.Not(pred=found) if pred.negated else found, choice.cost)


def _lacking(schema: Schema, pred: Lacking, spot: Spot) -> Iterator[Choice[intent.Pred]]:
    for choice in schema.columns(pred.attr, spot):
        walk, column = choice.value
        if not walk.many:
            attr = _at(schema, spot, walk, column, pred.attr, as_text=True)
            if column.no is not None:  # a column of yes and no: without it is no
                yield Choice(_equal(attr, (intent.Value(value=column.no),), pred.negated), choice.cost)
                continue
            found: intent.Pred = intent.Missing(of=attr)
            yield Choice(intent.Not(pred=found) if pred.negated else found, choice.cost)


def _linked(schema: Schema, pred: Linked, spot: Spot) -> Iterator[Choice[intent.Pred]]:
    if not (pred.to.preds or pred.count or pred.negated or _says_that_it_is(pred.hint)):
        return  # heads of departments: context, not a restriction that could be read off
    for target in schema.tables(pred.to.head):
        if target.table == spot.table:
            continue
        for walk in schema.walks(spot, target.table):
            fit = schema.role(walk, (*pred.hint, *_said(pred.to)))
            for choice in _rows(schema, pred, spot, walk):
                yield Choice(choice.value, choice.cost + walk.cost + target.cost + fit)


def _says_that_it_is(hint: tuple[str, ...]) -> bool:
    """Whether a verb relates the two: that have flights, that attended an event."""
    return any(word in _VERBS for word in hint)


def _said(form: SetForm) -> tuple[str, ...]:
    return tuple(value_key(form.head.text).split()) if form.head else ()


def _rows(schema: Schema, pred: Linked, spot: Spot, walk: Walk) -> Iterator[Choice[intent.Pred]]:
    """That related rows are there; walked to one, what is said of them is said of the set's own rows."""
    path = spot.path + walk.path
    if not walk.many and not pred.negated and pred.count is None and pred.to.preds:
        for found in conditions(schema, pred.to.preds, spot.onward(walk)):
            if (where := both(found.value)) is not None:
                yield Choice(where, found.cost)
        return
    if pred.count and (not walk.path[0].many or len(walk.path) > _COUNTED_FAR):
        return
    count = intent.CountOf(op=pred.count[0], n=pred.count[1]) if pred.count else None
    extra = _BRIDGED_COUNT if count and len(walk.path) > 1 else 0.0
    there_are = (
        conditions(schema, pred.to.preds, spot.onward(walk, inside=True)) if pred.to.preds else [Choice((), 0.0)]
    )
    for inner in there_are:
        there: intent.Pred = intent.Exists(path=path, where=both(inner.value), count=count)
        yield Choice(intent.Not(pred=there) if pred.negated else there, inner.cost + extra)
