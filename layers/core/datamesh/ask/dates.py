"""Dates and periods as people write them, against a given day: a small grammar that rather refuses than guesses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from datamesh.ask.names.words import Token

__all__ = ["GRAINS", "MONTHS", "Period", "in_year_of", "periods"]

GRAINS = {"year": "year", "quarter": "quarter", "month": "month", "week": "week", "day": "day", "date": "day"}
_FOLDED = {f"{grain}s": name for grain, name in GRAINS.items()} | GRAINS

_NAMES = """
january jan;february feb;march mar;april apr;may;june jun;july jul;august aug;september sep sept;october oct
november nov;december dec"""
MONTHS = {
    name: n for n, names in enumerate(_NAMES.strip().replace("\n", ";").split(";"), start=1) for name in names.split()
}
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)$")
_ORDER = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
_QUARTER = re.compile(r"q([1-4])$")
_DECADE = re.compile(r"([12]\d\d0)s$")


@dataclass(frozen=True)
class Period:
    """From `start` on and before `end`; or, where no year was named, a month or a quarter of any year."""

    start: date | None
    end: date | None
    label: str
    month: int | None = None
    quarter: int | None = None
    day: int | None = None


def periods(tokens: Sequence[Token], i: int, today: date) -> Iterator[tuple[int, Period]]:
    """The periods that begin at token `i`, each with the index after its last token."""
    for rule in (_iso, _month_first, _day_first, _year, _decade, _quarter, _relative):
        yield from rule(tokens, i, today)


def _label(tokens: Sequence[Token], i: int, end: int) -> str:
    return " ".join(token.text for token in tokens[i:end])


def _day(year: int, month: int, day: int, label: str) -> Period | None:
    try:
        start = date(year, month, day)
    except ValueError:
        return None
    return Period(start, start + timedelta(days=1), label)


def _month(year: int, month: int, label: str) -> Period:
    return Period(date(year, month, 1), date(year + month // 12, month % 12 + 1, 1), label)


def _year_of(tokens: Sequence[Token], i: int) -> int | None:
    """A year as a bare number of four digits."""
    if i < len(tokens) and tokens[i].kind == "number" and re.fullmatch(r"[12]\d{3}", tokens[i].text):
        return int(tokens[i].text)
    return None


def _day_of(tokens: Sequence[Token], i: int) -> int | None:
    if i >= len(tokens):
        return None
    match = _ORDINAL.match(tokens[i].fold)
    text = match.group(1) if match else tokens[i].text
    return int(text) if text.isdecimal() and len(text) <= 2 and 1 <= int(text) <= 31 else None


def _month_of(tokens: Sequence[Token], i: int) -> int | None:
    """A month's name; `may` and `march` also are verbs and want a capital."""
    if i >= len(tokens) or tokens[i].kind != "word":
        return None
    word = tokens[i].fold
    return None if word in ("may", "mar", "march", "sun", "sat") and not tokens[i].capital else MONTHS.get(word)


def _comma(tokens: Sequence[Token], i: int) -> int:
    return i + 1 if i < len(tokens) and tokens[i].text in (",", "of") else i


def _iso(tokens: Sequence[Token], i: int, _: date) -> Iterator[tuple[int, Period]]:
    if tokens[i].kind == "date":
        year, month, day = map(int, tokens[i].text.split("-"))
        if found := _day(year, month, day, tokens[i].text):
            yield i + 1, found


def _month_first(tokens: Sequence[Token], i: int, _: date) -> Iterator[tuple[int, Period]]:
    """March; March 2013; March 5; March 5, 2013."""
    month = _month_of(tokens, i)
    if month is None:
        return
    year_at = _comma(tokens, i + 1)
    if year := _year_of(tokens, year_at):
        yield year_at + 1, _month(year, month, _label(tokens, i, year_at + 1))
        return
    if day := _day_of(tokens, i + 1):
        year_at = _comma(tokens, i + 2)
        year = _year_of(tokens, year_at)
        if year and (found := _day(year, month, day, _label(tokens, i, year_at + 1))):
            yield year_at + 1, found
        elif not year:
            yield i + 2, Period(None, None, _label(tokens, i, i + 2), month=month, day=day)
        return
    yield i + 1, Period(None, None, tokens[i].text, month=month)


def _day_first(tokens: Sequence[Token], i: int, _: date) -> Iterator[tuple[int, Period]]:
    """4 July 2013; the 4th of July 2013; 4 July."""
    day = _day_of(tokens, i)
    month_at = _comma(tokens, i + 1)
    month = _month_of(tokens, month_at)
    if day is None or month is None:
        return
    year_at = _comma(tokens, month_at + 1)
    year = _year_of(tokens, year_at)
    if year and (found := _day(year, month, day, _label(tokens, i, year_at + 1))):
        yield year_at + 1, found
    elif not year:
        yield month_at + 1, Period(None, None, _label(tokens, i, month_at + 1), month=month, day=day)


def _year(tokens: Sequence[Token], i: int, _: date) -> Iterator[tuple[int, Period]]:
    """2013; the year 2013."""
    at = i + 1 if tokens[i].fold in ("year", "years") else i
    if year := _year_of(tokens, at):
        yield at + 1, Period(date(year, 1, 1), date(year + 1, 1, 1), str(year))


def _decade(tokens: Sequence[Token], i: int, _: date) -> Iterator[tuple[int, Period]]:
    """2010s."""
    if match := _DECADE.match(tokens[i].fold):
        year = int(match.group(1))
        yield i + 1, Period(date(year, 1, 1), date(year + 10, 1, 1), tokens[i].text)


def in_year_of(first: Period, last: Period) -> Period:
    """March, of between March and May 2024: in the year that is said once, behind."""
    if first.start or not last.start or first.day or not (first.month or first.quarter):
        return first
    start = date(last.start.year, first.month or (first.quarter or 1) * 3 - 2, 1)
    return Period(start, after(start, "month" if first.month else "quarter"), f"{first.label} {start.year}")


def _quarter(tokens: Sequence[Token], i: int, _: date) -> Iterator[tuple[int, Period]]:
    """Q3; Q3 2024; the third quarter of 2024."""
    match = _QUARTER.match(tokens[i].fold)
    spelled = _ORDER.get(tokens[i].fold) if i + 1 < len(tokens) and tokens[i + 1].fold == "quarter" else None
    if not match and not spelled:
        return
    quarter = spelled or int(match.group(1) if match else 0)
    end = i + 2 if spelled else i + 1
    at = _comma(tokens, end)
    if year := _year_of(tokens, at):
        first = date(year, quarter * 3 - 2, 1)
        yield at + 1, Period(first, after(first, "quarter"), _label(tokens, i, at + 1))
    elif tokens[i].fold != "last":  # without a year it is the one before this
        yield end, Period(None, None, _label(tokens, i, end), quarter=quarter)


def _relative(tokens: Sequence[Token], i: int, today: date) -> Iterator[tuple[int, Period]]:
    """Today, yesterday; this, last (the last whole) week, month, quarter, year; the last 7 days, today left out;
    the year to date, today included."""
    word = tokens[i].fold
    if word in ("today", "yesterday"):
        start = today if word == "today" else today - timedelta(days=1)
        yield i + 1, Period(start, start + timedelta(days=1), word)
    grain: str | None = GRAINS.get(word, "year" if word == "ytd" else None)
    end = i + 1 if word == "ytd" else i + 3
    if grain and (word == "ytd" or [token.fold for token in tokens[i + 1 : end]] == ["to", "date"]):
        yield end, Period(floor(today, grain), today + timedelta(days=1), _label(tokens, i, end))
    if word not in ("this", "last", "previous", "past") or i + 1 >= len(tokens):
        return
    grain = GRAINS.get(tokens[i + 1].fold)
    if grain:
        start = floor(today, grain)
        if word == "this":
            yield i + 2, Period(start, after(start, grain), _label(tokens, i, i + 2))
        else:
            yield i + 2, Period(floor(start - timedelta(days=1), grain), start, _label(tokens, i, i + 2))
    elif tokens[i + 1].kind == "number" and i + 2 < len(tokens) and word != "this":
        grain = _FOLDED.get(tokens[i + 2].fold, "")
        number = tokens[i + 1].number
        if grain in ("day", "week", "month", "quarter", "year") and isinstance(number, int) and 0 < number <= 1000:
            yield i + 3, Period(back(today, grain, number), today, _label(tokens, i, i + 3))


def floor(day: date, grain: str) -> date:
    """The first day of the year, quarter, month or week (from Monday) that `day` is in."""
    if grain == "week":
        return day - timedelta(days=day.weekday())
    first = {"year": 1, "quarter": (day.month - 1) // 3 * 3 + 1}.get(grain, day.month)
    return day if grain == "day" else day.replace(month=first, day=1)


def after(start: date, grain: str) -> date:
    """The first day of the next one."""
    days = {"day": 1, "week": 7}.get(grain)
    if days:
        return start + timedelta(days=days)
    months = {"month": 1, "quarter": 3, "year": 12}[grain]
    total = start.year * 12 + start.month - 1 + months
    return date(total // 12, total % 12 + 1, 1)


def back(day: date, grain: str, number: int) -> date:
    """So many days, weeks, months, quarters or years before; at a month's end, its last day."""
    if grain in ("day", "week"):
        return day - timedelta(days=number * (7 if grain == "week" else 1))
    total = day.year * 12 + day.month - 1 - number * {"year": 12, "quarter": 3}.get(grain, 1)
    last = after(date(total // 12, total % 12 + 1, 1), "month") - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))
