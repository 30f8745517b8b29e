"""Dates and periods: what people write, and that a calendar of columns means what a date would."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamesh.ask import intent
from datamesh.ask.dates import Period, after, back, floor, periods
from datamesh.ask.names.words import tokens
from datamesh.ask.read.calendars import Calendar

TODAY = date(2025, 6, 15)  # a Sunday
DAYS = st.dates(min_value=date(2019, 1, 1), max_value=date(2026, 12, 31))


def read(text: str) -> Period | None:
    """The longest period that the text begins with, if it is all of the text."""
    words = tokens(text)
    found = [period for end, period in periods(words, 0, TODAY) if end == len(words)]
    return found[-1] if found else None


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2013", "2013-01-01", "2014-01-01"),
        ("year 2013", "2013-01-01", "2014-01-01"),
        ("2013-07-04", "2013-07-04", "2013-07-05"),
        ("March 2013", "2013-03-01", "2013-04-01"),
        ("december 1999", "1999-12-01", "2000-01-01"),
        ("Mar 5, 2013", "2013-03-05", "2013-03-06"),
        ("March 5th 2013", "2013-03-05", "2013-03-06"),
        ("4 July 2013", "2013-07-04", "2013-07-05"),
        ("4th of July, 2013", "2013-07-04", "2013-07-05"),
        ("Q4 2024", "2024-10-01", "2025-01-01"),
        ("second quarter of 2024", "2024-04-01", "2024-07-01"),
        ("today", "2025-06-15", "2025-06-16"),
        ("1990s", "1990-01-01", "2000-01-01"),
        ("yesterday", "2025-06-14", "2025-06-15"),
        ("this week", "2025-06-09", "2025-06-16"),
        ("last week", "2025-06-02", "2025-06-09"),
        ("this month", "2025-06-01", "2025-07-01"),
        ("last month", "2025-05-01", "2025-06-01"),
        ("last quarter", "2025-01-01", "2025-04-01"),
        ("previous year", "2024-01-01", "2025-01-01"),
        ("last 7 days", "2025-06-08", "2025-06-15"),
        ("past 3 months", "2025-03-15", "2025-06-15"),
        ("last 2 quarters", "2024-12-15", "2025-06-15"),
        ("year to date", "2025-01-01", "2025-06-16"),
        ("YTD", "2025-01-01", "2025-06-16"),
        ("month to date", "2025-06-01", "2025-06-16"),
    ],
)
def test_a_period_has_its_days(text: str, start: str, end: str) -> None:
    found = read(text)
    assert found is not None
    assert (found.start, found.end) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    ("text", "month", "day", "quarter"),
    [("March", 3, None, None), ("4 July", 7, 4, None), ("July 4th", 7, 4, None), ("Q3", None, None, 3)],
)
def test_without_a_year_it_comes_every_year(text: str, month: int | None, day: int | None, quarter: int | None) -> None:
    found = read(text)
    assert found is not None
    assert (found.start, found.month, found.day, found.quarter) == (None, month, day, quarter)


@pytest.mark.parametrize(
    "text",
    ["may", "march", "31 June 2013", "2013-02-30", "13", "Q5", "last 0 days", "32 May", "next month", "99999", "1995s"],
)
def test_it_rather_refuses_than_guesses(text: str) -> None:
    assert read(text) is None


@given(day=DAYS, grain=st.sampled_from(["week", "month", "quarter", "year"]))
def test_a_day_lies_in_its_period(day: date, grain: str) -> None:
    start = floor(day, grain)
    assert start <= day < after(start, grain)
    assert floor(start, grain) == start
    assert floor(after(start, grain), grain) == after(start, grain)


@given(day=DAYS, number=st.integers(1, 40))
def test_months_back_keep_the_day_or_take_the_last(day: date, number: int) -> None:
    found = back(day, "month", number)
    months = (day.year - found.year) * 12 + day.month - found.month
    assert months == number
    assert found.day == day.day or (found + timedelta(days=1)).day == 1


CALENDAR = Calendar(tuple((part, intent.Attr(column=part, kind="number")) for part in ("year", "month", "day")))


def holds(pred: intent.Pred, day: date) -> bool:
    """The condition, computed by hand for one day."""
    match pred:
        case intent.And():
            return all(holds(part, day) for part in pred.preds)
        case intent.Or():
            return any(holds(part, day) for part in pred.preds)
        case intent.Between(left=intent.Attr(column=part)):
            return pred.low.value <= getattr(day, part) <= pred.high.value  # type: ignore[operator]
        case intent.Cmp(left=intent.Attr(column=part), right=intent.Value(value=wanted)):
            number = getattr(day, part)
            return {
                "=": number == wanted,
                "<": number < wanted,
                ">": number > wanted,
                ">=": number >= wanted,
                "<=": number <= wanted,
            }[pred.op]
    raise AssertionError(pred)


@given(start=st.none() | DAYS, end=st.none() | DAYS, day=DAYS)
def test_a_calendar_of_columns_means_what_a_date_would(start: date | None, end: date | None, day: date) -> None:
    # Given a period that is open at neither end, at one, or empty
    if start and end and start >= end:
        start, end = end, start + timedelta(days=1)

    # When
    found = CALENDAR.within(start, end)

    # Then the condition holds just for the days in it
    if start is None and end is None:
        assert found is None
    else:
        assert found is not None
        assert holds(found, day) == ((start is None or day >= start) and (end is None or day < end))


@given(month=st.integers(1, 12), day=DAYS)
def test_a_month_of_any_year(month: int, day: date) -> None:
    found = CALENDAR.recurring(month, None, None)
    assert found is not None
    assert holds(found, day) == (day.month == month)


@given(quarter=st.integers(1, 4), day=DAYS)
def test_a_quarter_of_any_year(quarter: int, day: date) -> None:
    found = CALENDAR.recurring(None, None, quarter)
    assert found is not None
    assert holds(found, day) == ((day.month - 1) // 3 + 1 == quarter)
