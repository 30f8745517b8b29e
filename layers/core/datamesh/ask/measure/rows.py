"""Whether rows are the right ones: as a multiset, columns in any order, numbers to six digits. Pure.

What means the same is the same: 1, 1.0, '1' and true; a day, its text and its midnight. In order only where an answer
is ordered; rows that tie in any order, and any of the tied ones where a limit fell among them.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from datamesh.ask.measure.questions import Expected, Rows

__all__ = ["alike", "meets", "plain"]

Row = tuple[Any, ...]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?(\.\d+)?(?:Z|\+00:00)?")
_SPAN = re.compile(r"P0M(-?\d+)DT(-?[\d.]+)S")
_ASSIGNMENTS = 5_000  # orders of columns that are tried


def plain(rows: Rows) -> list[Row]:
    """`rows` with one form for all values that mean the same."""
    return [tuple(_plain(value) for value in row) for row in rows]


def meets(answer: Expected, rows: Sequence[Row], *, extra_columns: bool = False) -> bool:
    """Whether `rows` (plain) are what `answer` expects; with `extra_columns` they may have more columns."""
    wanted = plain(answer.expected)
    if len(wanted) != len(rows) or not wanted:
        return len(wanted) == len(rows)
    tie = answer.limit_tie
    for columns in _assignments(wanted, rows, extra=extra_columns, exact=tie is None):
        shown = [tuple(row[column] for column in columns) for row in rows]
        if tie is None:
            right = _equal(answer, wanted, shown)
        else:
            certain = _equal(answer, wanted[: tie.sure], shown[: tie.sure])
            right = certain and Counter(shown[tie.sure :]) <= Counter(plain(tie.pool))
        if right:
            return True
    return False


def alike(one: Rows, other: Rows) -> bool:
    """Whether two answers hold the same rows, in whatever order."""
    return meets(Expected(expected=one), plain(other))


def _plain(value: Any) -> Any:
    match value:
        case None:
            return None
        case bool() | int() | float() | Decimal():
            return _rounded(float(value))
        case timedelta():
            return _rounded(value.total_seconds())
        case datetime():
            text = value.replace(tzinfo=None).isoformat(sep=" ")
        case date() | time():
            text = value.isoformat()
        case _:
            text = str(value).strip()
    return _read(text)


def _read(text: str) -> Any:
    if _NUMBER.fullmatch(text):
        return _rounded(float(text))
    if moment := _MOMENT.fullmatch(text):
        day, minute, second, fraction = moment.groups()
        clock = minute + (second or ":00") + (fraction or "").rstrip("0").rstrip(".")
        return day if clock == "00:00:00" else f"{day} {clock}"
    if span := _SPAN.fullmatch(text):
        return _rounded(int(span[1]) * 86_400 + float(span[2]))
    return text


def _rounded(number: float) -> float | None:
    return None if math.isnan(number) else float(f"{number:.6g}")


def _equal(answer: Expected, wanted: Sequence[Row], shown: Sequence[Row]) -> bool:
    if not answer.ordered:
        return Counter(wanted) == Counter(shown)
    places = answer.order_groups or range(len(wanted))
    start = 0
    for end in range(1, len(wanted) + 1):
        if end == len(wanted) or places[end] != places[end - 1]:
            if Counter(wanted[start:end]) != Counter(shown[start:end]):
                return False
            start = end
    return True


def _assignments(wanted: Sequence[Row], rows: Sequence[Row], *, extra: bool, exact: bool) -> Iterator[tuple[int, ...]]:
    """For each wanted column one of `rows`; where answers are `exact`, only one that holds the same values."""
    width, have = len(wanted[0]), len(rows[0])
    if have < width or (have > width and not extra):
        return iter(())
    fitting = [list(range(have))] * width
    if exact:
        held = [Counter(row[column] for row in rows) for column in range(have)]
        sought = [Counter(row[column] for row in wanted) for column in range(width)]
        fitting = [[column for column in range(have) if held[column] == values] for values in sought]
    return islice(_chosen(fitting, ()), _ASSIGNMENTS)


def _chosen(fitting: Sequence[Sequence[int]], taken: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(taken) == len(fitting):
        yield taken
        return
    for column in fitting[len(taken)]:
        if column not in taken:
            yield from _chosen(fitting, (*taken, column))
