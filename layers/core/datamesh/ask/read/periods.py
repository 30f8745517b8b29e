"""Periods as conditions and as groups: on dates, on years that stand alone, on columns for year, month and day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from datamesh.ask import intent
from datamesh.ask.dates import Period
from datamesh.ask.read.form import Dated
from datamesh.ask.read.places import Choice, Schema, Spot
from datamesh.ask.vocabulary import ColumnView
from datamesh.ask.words import stem

__all__ = ["DateColumn", "buckets", "date_columns", "within"]

_PARTS = ("year", "month", "day")
_YEARLY = frozenset((stem("year"), stem("date")))
_INSTANT = 0.2  # an instant has no day of its own before a zone is chosen


@dataclass(frozen=True)
class DateColumn:
    """What holds the date: one attribute, or one for each of year, month, day. `year_only`: a year as a number."""

    attr: intent.Attr | None = None
    parts: tuple[tuple[str, intent.Attr], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()  # what the contract calls a number of a part: ("month 3", "March")
    year_only: bool = False


def date_columns(schema: Schema, pred: Dated, spot: Spot) -> list[Choice[DateColumn]]:
    """The dates that may be meant: the one that is named; the one a verb names (opened: opening year); the only one."""
    if pred.attr is not None:
        found = []
        for choice in schema.columns(pred.attr, spot):
            walk, column = choice.value
            if not walk.many and (date_column := _as_date(schema, Spot(column.table, spot.path + walk.path), column)):
                found.append(Choice(date_column, choice.cost))
        return found
    own = list(_dates(schema, spot))
    named = [c for c in own if c.value.attr and _named(schema, spot, c.value.attr.column, pred.hint)]
    return named or own


def _named(schema: Schema, spot: Spot, column: str, hint: tuple[str, ...]) -> bool:
    return bool(set(hint) & schema.column(spot.table, column).all_words)


def _dates(schema: Schema, spot: Spot) -> Iterator[Choice[DateColumn]]:
    """A calendar of the table's own goes before an instant: it is in the time of the place."""
    view = schema.table(spot.table)
    parts = tuple((part, schema.attr(spot, view.columns[name])) for part, name in view.calendar.items())
    if len(parts) > 1:
        labels = [
            (f"{part} {v}", label) for part, n in view.calendar.items() for v, label in view.columns[n].labels.items()
        ]
        yield Choice(DateColumn(parts=parts, labels=tuple(labels)), 0.0)
    for column in view.columns.values():
        if column.name in view.calendar.values() and len(parts) > 1:
            continue
        if found := _as_date(schema, spot, column):
            instant = column.kind == "timestamptz" or len(parts) > 1
            yield Choice(found, 0.1 + (_INSTANT + 0.6 * (len(parts) > 1) if instant else 0.0))


def _as_date(schema: Schema, spot: Spot, column: ColumnView) -> DateColumn | None:
    if column.kind in ("date", "timestamp", "timestamptz"):
        return DateColumn(schema.attr(spot, column))
    if column.numeric and _YEARLY & set(column.words) and _years(column):
        return DateColumn(schema.attr(spot, column), year_only=True)
    return None


def _years(column: ColumnView) -> bool:
    """Years, not a number of years: years of work are small numbers."""
    low, high = column.minimum, column.maximum
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return stem("year") in column.words
    return 1000 <= low <= high < 3000


def within(column: DateColumn, pred: Dated) -> intent.Pred | None:
    """The condition that the date lies where it was said to; None where this column cannot tell."""
    start, end = _bounds(pred)
    period = pred.period
    if start is None and end is None:
        return _recurring(column, pred) if pred.how == "in" and period.start is None else None
    label = _label(pred)
    if column.parts:
        return _by_parts(column, start, end)
    if column.attr is None:
        return None
    if column.year_only:
        return _by_year(column.attr, start, end)
    return intent.Within(of=column.attr, start=start and start.isoformat(), end=end and end.isoformat(), label=label)


def _label(pred: Dated) -> str:
    last = f" and {pred.last.label}" if pred.last else ""
    return f"{pred.how} {pred.period.label}{last}"


def _bounds(pred: Dated) -> tuple[date | None, date | None]:
    """The first day in, and the first day out."""
    period, last = pred.period, pred.last
    match pred.how:
        case "in":
            return period.start, period.end
        case "before":
            return None, period.start
        case "after":
            return period.end, None
        case "since":
            return period.start, None
        case "until":
            return None, period.end
        case "between":
            return (period.start, last.end) if last and period.start and last.end else (None, None)


def _recurring(column: DateColumn, pred: Dated) -> intent.Pred | None:
    """March of any year; the fourth of July; a third quarter."""
    wanted = {"month": pred.period.month, "day": pred.period.day, "quarter": pred.period.quarter}
    found: list[intent.Pred] = []
    if column.parts and "month" not in dict(column.parts):
        return None
    for part, number in wanted.items():
        if number is None:
            continue
        if part == "quarter" and column.parts:
            found.append(_months_of(column, number))
            continue
        left = _part(column, part)
        if left is None:
            return None
        found.append(intent.Cmp(left=left, op="=", right=_number(column, part, number)))
    return _and(found) if found else None


def _months_of(column: DateColumn, quarter: int) -> intent.Pred:
    month = dict(column.parts)["month"]
    return intent.Between(
        left=month, low=_number(column, "month", quarter * 3 - 2), high=_number(column, "month", quarter * 3)
    )


def _part(column: DateColumn, part: str) -> intent.Attr | intent.Part | None:
    if column.parts:
        return dict(column.parts).get(part)
    if column.attr is None or column.year_only:
        return None
    return intent.Part(of=column.attr, part=part)  # type: ignore[arg-type]


def _and(preds: list[intent.Pred]) -> intent.Pred:
    return preds[0] if len(preds) == 1 else intent.And(preds=tuple(sorted(preds, key=repr)))


def _by_year(attr: intent.Attr, start: date | None, end: date | None) -> intent.Pred | None:
    """Whole years only."""
    if any(day and (day.month, day.day) != (1, 1) for day in (start, end)):
        return None
    first = start.year if start else None
    last = end.year - 1 if end else None
    if first is not None and first == last:
        return intent.Cmp(left=attr, op="=", right=_year(first))
    if first is not None and last is not None:
        return intent.Between(left=attr, low=_year(first), high=_year(last))
    if first is not None:  # after 1961 is more than 1961, since 1961 is 1961 or more
        return intent.Cmp(left=attr, op=">=", right=_year(first))
    return intent.Cmp(left=attr, op="<", right=_year(last + 1)) if last is not None else None


def _year(number: int) -> intent.Value:
    return intent.Value(value=number, kind="number")


def _number(column: DateColumn, part: str, number: int) -> intent.Value:
    return intent.Value(value=number, kind="number", label=dict(column.labels).get(f"{part} {number}", ""))


def _by_parts(column: DateColumn, start: date | None, end: date | None) -> intent.Pred | None:
    """A day, a month or a year is a value of each part; anything longer is compared part by part."""
    parts = dict(column.parts)
    exact = _one_period(column, start, end)
    if exact is not None:
        return exact
    if (short := _in_one_year(column, start, end)) is not None:
        return short
    found = []
    for day, op in ((start, ">="), (end, "<")):
        if day is not None:
            bound = _bound(parts, day, op)
            if bound is None:
                return None
            found.append(bound)
    return _and(found)


def _one_period(column: DateColumn, start: date | None, end: date | None) -> intent.Pred | None:
    parts = dict(column.parts)
    if start is None or end is None or "year" not in parts:
        return None
    depth = 3 if end - start == timedelta(days=1) else 0
    if start.day == 1 and end.day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month
        depth = 2 if months == 1 else 1 if months == 12 and start.month == 1 else 0
    names = _PARTS[:depth]
    if not names or not parts.keys() >= set(names):
        return None
    wanted = zip(names, (start.year, start.month, start.day), strict=False)
    return _and([intent.Cmp(left=parts[n], op="=", right=_number(column, n, number)) for n, number in wanted])


def _in_one_year(column: DateColumn, start: date | None, end: date | None) -> intent.Pred | None:
    """Some months of a year, some days of a month."""
    parts = dict(column.parts)
    if start is None or end is None or parts.keys() < set(_PARTS[:2]):
        return None
    last = end - timedelta(days=1)
    if start.year != last.year:
        return None
    fixed: list[intent.Pred] = [intent.Cmp(left=parts["year"], op="=", right=_year(start.year))]
    if start.day == 1 and end.day == 1:
        name, low, high = "month", start.month, last.month
    elif start.month == last.month and "day" in parts:
        fixed.append(intent.Cmp(left=parts["month"], op="=", right=_number(column, "month", start.month)))
        name, low, high = "day", start.day, last.day
    else:
        return None
    within = intent.Between(left=parts[name], low=_number(column, name, low), high=_number(column, name, high))
    return _and([*fixed, within])


def _bound(parts: dict[str, intent.Attr], day: date, op: str) -> intent.Pred | None:
    """year > y or (year = y and (month > m or (month = m and day >= d))), no deeper than the bound needs."""
    depth = 1 if (day.month, day.day) == (1, 1) else 2 if day.day == 1 else 3
    names = _PARTS[:depth]
    if not parts.keys() >= set(names):
        return None
    numbers = (day.year, day.month, day.day)
    strict: intent.Op = ">" if op == ">=" else "<"
    found: intent.Pred | None = None
    for name, number in reversed(list(zip(names, numbers, strict=False))):
        if found is None:
            found = intent.Cmp(left=parts[name], op=op, right=_year(number))  # type: ignore[arg-type]
        else:
            beyond = intent.Cmp(left=parts[name], op=strict, right=_year(number))
            equal = intent.Cmp(left=parts[name], op="=", right=_year(number))
            found = intent.Or(preds=(beyond, intent.And(preds=(equal, found))))
    return found


def buckets(schema: Schema, spot: Spot, grain: intent.Grain) -> list[Choice[tuple[intent.Key, ...]]]:
    """What to group by for `per month`: the calendar's columns (the year too, where there are several), a date cut off."""
    found: list[Choice[tuple[intent.Key, ...]]] = []
    for choice in _dates(schema, spot):
        column = choice.value
        if column.parts:
            parts = dict(column.parts)
            depth = {"year": 1, "month": 2, "day": 3}.get(grain, 0)
            if depth and parts.keys() >= set(_PARTS[:depth]):
                several = schema.column(spot.table, parts["year"].column)
                names = _PARTS[:depth] if depth == 1 or several.minimum != several.maximum else _PARTS[1:depth]
                found.append(Choice(tuple(parts[name] for name in names), choice.cost))
        elif column.attr and column.year_only:
            if grain == "year":
                found.append(Choice((column.attr,), choice.cost))
        elif column.attr:
            found.append(Choice((intent.Bucket(of=column.attr, grain=grain),), choice.cost))
    return found
