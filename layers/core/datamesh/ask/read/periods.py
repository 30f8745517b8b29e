"""Periods as conditions and as groups: on dates, on years that stand alone, on columns for year, month and day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from datamesh.ask import intent
from datamesh.ask.lexicon.english import BIRTH_WORDS, IRREGULAR, UNIT_WORDS
from datamesh.ask.names.spelling import VERB_STEMS, family
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.words import name_words, stem
from datamesh.ask.read.calendars import PARTS, Calendar, all_of, number
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Dated, How
from datamesh.ask.read.places import Schema, Spot, of_a_deed

__all__ = ["Dates", "buckets", "datable", "date_columns", "within"]

_UNITS = frozenset(UNIT_WORDS)
_YEARLY = frozenset((stem("year"), stem("date")))
_A_DATE = 0.1
_ELSEWHERE = 1.0  # the verb names something else of the schema
_BIRTH = frozenset(stem(word) for word in BIRTH_WORDS)
_LIFE = _BIRTH | {stem("death"), stem("died")}  # only where it is said
_ANY_DEED = frozenset(stem(word) for word in ("start", "date", "year"))
_INSTANT = 0.2  # an instant has no day of its own before a zone is chosen
_BESIDE_CALENDAR = 0.8


@dataclass(frozen=True)
class Dates:
    """What holds the date: a calendar; or one attribute, which may be only a year, as a number."""

    calendar: Calendar | None = None
    attr: intent.Attr | None = None
    year_only: bool = False


def date_columns(schema: Schema, pred: Dated, spot: Spot) -> list[Choice[Dates]]:
    """The dates that may be meant: the one that is named; the one a verb names (opened: opening year); the only one."""
    if pred.attr is not None:
        found = []
        for choice in schema.columns(pred.attr, spot):
            walk, column = choice.value
            if not walk.many and (dates := _as_dates(schema, Spot(column.table, spot.path + walk.path), column)):
                found.append(Choice(dates, choice.cost))
        return found
    return _told_by(schema, spot, pred.hint)


def _told_by(schema: Schema, spot: Spot, hint: tuple[str, ...]) -> list[Choice[Dates]]:
    """The dates of a row that the words beside a period may speak of."""
    own = list(_own(schema, spot))
    named = [c for c in own if c.value.attr and _says(schema, spot, c.value.attr.column, hint)]
    if named or _LIFE & set(hint):
        return named  # nobody is born when something else was
    own = [c for c in own if not (c.value.attr and _of_another(schema, spot, c.value.attr.column, hint))]
    own = [c for c in own if not (c.value.attr and _LIFE & schema.column(spot.table, c.value.attr.column).all_words)]
    names = schema.vocabulary.names
    mine = {member for noun in schema.table(spot.table).nouns for word in noun for member in (word, *family(word))}
    others = [word for word in hint if word in VERB_STEMS and word not in mine]
    elsewhere = _ELSEWHERE * any(names.spelling.knows(word) for word in others)
    return [Choice(choice.value, choice.cost + elsewhere) for choice in own]


def _says(schema: Schema, spot: Spot, column: str, hint: tuple[str, ...]) -> bool:
    """Whether the words beside a period name this date: hired, for a hire date; born, for a date of birth."""
    said = {member for word in hint for member in (word, *(family(word) if word in VERB_STEMS else ()))}
    said |= _BIRTH if said & _BIRTH else set()
    return bool(said & schema.column(spot.table, column).all_words)


def _of_another(schema: Schema, spot: Spot, column: str, hint: tuple[str, ...]) -> bool:
    """Whether a date is of another deed than the one that was said: the year of opening, for what was registered. The
    date of an order is of whatever is done with it."""
    own = {word for noun in schema.table(spot.table).nouns for word in noun} | _ANY_DEED
    said = set(hint).union(*map(family, hint))
    deeds = [{word, *family(word)} for word in schema.column(spot.table, column).all_words - own]
    return bool(VERB_STEMS & set(hint)) and any(deed & VERB_STEMS and not deed & said for deed in deeds)


def _own(schema: Schema, spot: Spot) -> Iterator[Choice[Dates]]:
    """A table's calendar goes before its instants: it is in the time of the place. The date of an order is its order
    date, whatever others there are."""
    view = schema.table(spot.table)
    calendar = _calendar(schema, spot) if len(view.calendar) > 1 else None
    if calendar:
        yield Choice(Dates(calendar), 0.0)
    for column in view.columns.values():
        if calendar and column.name in view.calendar.values():
            continue
        if found := _as_dates(schema, spot, column):
            cost = _A_DATE + _INSTANT * (column.kind == "timestamptz") + _BESIDE_CALENDAR * bool(calendar)
            yield Choice(found, cost + of_a_deed(view, column))


def _calendar(schema: Schema, spot: Spot) -> Calendar:
    view = schema.table(spot.table)
    columns = tuple((part, schema.attr(spot, view.columns[name])) for part, name in view.calendar.items())
    labels = [
        ((part, v), label) for part, name in view.calendar.items() for v, label in view.columns[name].labels.items()
    ]
    return Calendar(columns, tuple(labels))


def _as_dates(schema: Schema, spot: Spot, column: ColumnView) -> Dates | None:
    if column.dated:
        return Dates(attr=schema.attr(spot, column))
    if datable(column):
        return Dates(attr=schema.attr(spot, column), year_only=True)
    return None


def datable(column: ColumnView) -> bool:
    """Whether it holds dates, or years as numbers."""
    says_when = bool(_YEARLY & set(column.words)) or _done(column)
    return column.dated or (column.numeric and says_when and _years(column))


def _done(column: ColumnView) -> bool:
    """Founded, opened, took office: when that was done."""
    first, *others = name_words(column.name) or ("",)
    return stem(first) in VERB_STEMS and (first.endswith("ed") or first in IRREGULAR) and not _UNITS & set(others)


def _years(column: ColumnView) -> bool:
    """Years, not a number of years: years of work are small numbers."""
    low, high = column.minimum, column.maximum
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return stem("year") in column.words
    return 1000 <= high < 3000 and (low >= 1000 or column.words[-1:] == (stem("year"),))


def within(dates: Dates, pred: Dated) -> intent.Pred | None:
    """The condition that the date lies where it was said to; None where these columns cannot tell."""
    start, end = _bounds(pred)
    if start is None and end is None:
        return _recurring(dates, pred)
    if dates.calendar:
        return dates.calendar.within(start, end)
    if dates.attr is None:
        return None
    if dates.year_only:
        return _by_year(dates.attr, start, end, pred.how)
    last = f" and {pred.last.label}" if pred.last else ""
    label = f"{pred.how} {pred.period.label}{last}"
    return intent.Within(of=dates.attr, start=start and start.isoformat(), end=end and end.isoformat(), label=label)


def _bounds(pred: Dated) -> tuple[date | None, date | None]:
    """The first day in, and the first day out; neither, where no year was named."""
    start, end, last = pred.period.start, pred.period.end, pred.last
    match pred.how:
        case "in":
            return start, end
        case "before":
            return None, start
        case "after":
            return end, None
        case "since":
            return start, None
        case "until":
            return None, end
        case "between":
            return (start, last.end) if last and start and last.end and start < last.end else (None, None)


def _recurring(dates: Dates, pred: Dated) -> intent.Pred | None:
    """March of any year; the fourth of July; a third quarter."""
    period = pred.period
    if pred.how != "in" or period.start is not None:
        return None
    if dates.calendar:
        return dates.calendar.recurring(period.month, period.day, period.quarter)
    if dates.attr is None or dates.year_only:
        return None
    given = {"month": period.month, "day": period.day, "quarter": period.quarter}
    return all_of(
        [
            intent.Cmp(left=intent.Part(of=dates.attr, part=part), op="=", right=number(value))
            for part, value in given.items()
            if value is not None
        ]
    )


def _by_year(attr: intent.Attr, start: date | None, end: date | None, how: How) -> intent.Pred | None:
    """Whole years only, and as a number says it: after 2000 is more than 2000, until 2000 at most 2000."""
    if any(day and (day.month, day.day) != (1, 1) for day in (start, end)):
        return None
    if start and end and end.year - start.year > 1:
        return intent.Between(left=attr, low=number(start.year), high=number(end.year - 1))
    if start and end:
        return intent.Cmp(left=attr, op="=", right=number(start.year))
    if start:
        after = how == "after"
        return intent.Cmp(left=attr, op=">" if after else ">=", right=number(start.year - after))
    until = how == "until"
    return intent.Cmp(left=attr, op="<=" if until else "<", right=number(end.year - until)) if end else None


def buckets(
    schema: Schema, spot: Spot, grain: intent.Grain, hint: tuple[str, ...]
) -> list[Choice[tuple[intent.Key, ...]]]:
    """What `per month` groups by: the calendar's columns (the year, too, where there are several); a date, cut off.
    `hint`: shipped per month."""
    found: list[Choice[tuple[intent.Key, ...]]] = []
    for choice in _told_by(schema, spot, hint):
        dates = choice.value
        if dates.calendar:
            if keys := _calendar_keys(schema, spot, dates.calendar, grain):
                found.append(Choice(keys, choice.cost))
        elif dates.attr and not dates.year_only:
            found.append(Choice((intent.Bucket(of=dates.attr, grain=grain),), choice.cost))
        elif dates.attr and grain == "year":
            found.append(Choice((dates.attr,), choice.cost))
    return found


def _calendar_keys(schema: Schema, spot: Spot, calendar: Calendar, grain: intent.Grain) -> tuple[intent.Key, ...]:
    depth = {"year": 1, "month": 2, "day": 3}.get(grain, 0)
    if not depth or not calendar.has(depth):
        return ()
    year = schema.column(spot.table, calendar.parts["year"].column)
    one_year = depth > 1 and year.minimum is not None and year.minimum == year.maximum
    return tuple(calendar.parts[part] for part in PARTS[one_year:depth])
