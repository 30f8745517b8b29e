"""Dates that are kept as columns for year, month and day: periods as conditions on these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from datamesh.ask import intent

__all__ = ["PARTS", "Calendar", "all_of", "number"]

PARTS = ("year", "month", "day")


def number(value: int, label: str = "") -> intent.Value:
    return intent.Value(value=value, kind="number", label=label)


def all_of(preds: Sequence[intent.Pred]) -> intent.Pred:
    return preds[0] if len(preds) == 1 else intent.And(preds=tuple(sorted(preds, key=repr)))


@dataclass(frozen=True)
class Calendar:
    """The columns for the parts of a date; `labels`: what the contract calls a number of a part, (month, 3) March."""

    columns: tuple[tuple[str, intent.Attr], ...]
    labels: tuple[tuple[tuple[str, str], str], ...] = ()

    @property
    def parts(self) -> Mapping[str, intent.Attr]:
        return dict(self.columns)

    def has(self, depth: int) -> bool:
        """Whether the first `depth` of year, month and day are there."""
        return self.parts.keys() >= set(PARTS[:depth])

    def value(self, part: str, value: int) -> intent.Value:
        return number(value, dict(self.labels).get((part, str(value)), ""))

    def equal(self, part: str, value: int) -> intent.Pred:
        return intent.Cmp(left=self.parts[part], op="=", right=self.value(part, value))

    def between(self, part: str, low: int, high: int) -> intent.Pred:
        if low == high:
            return self.equal(part, low)
        return intent.Between(left=self.parts[part], low=self.value(part, low), high=self.value(part, high))

    def recurring(self, month: int | None, day: int | None, quarter: int | None) -> intent.Pred | None:
        """March of any year; the fourth of July; a third quarter."""
        wanted = {part for part, given in (("month", month or quarter), ("day", day)) if given}
        if not wanted or not wanted <= self.parts.keys():
            return None
        found = [self.equal(part, given) for part, given in (("month", month), ("day", day)) if given]
        return all_of([*found, self.between("month", quarter * 3 - 2, quarter * 3)] if quarter else found)

    def within(self, start: date | None, end: date | None) -> intent.Pred | None:
        """From `start` on and before `end`: as few comparisons as say it; None where a part is missing for it."""
        if start and end and (inside := self._inside_a_year(start, end - timedelta(days=1))):
            return inside
        bounds = [self._bound(start, ">=") if start else None, self._bound(end, "<") if end else None]
        found = [bound for bound in bounds if bound is not None]
        return all_of(found) if found and len(found) == bool(start) + bool(end) else None

    def _inside_a_year(self, first: date, last: date) -> intent.Pred | None:
        """A year, some months of one, some days of a month."""
        after = last + timedelta(days=1)
        if first.year != last.year or not self.has(1):
            return None
        found = [self.equal("year", first.year)]
        if (first.month, first.day, after.month, after.day) == (1, 1, 1, 1):
            return found[0]
        if first.day == after.day == 1 and self.has(2):
            return all_of([*found, self.between("month", first.month, last.month)])
        if first.month == last.month and self.has(3):
            return all_of([*found, self.equal("month", first.month), self.between("day", first.day, last.day)])
        return None

    def _bound(self, day: date, op: Literal[">=", "<"]) -> intent.Pred | None:
        """year > y or (year = y and (month > m or (month = m and day >= d))), no deeper than the bound needs."""
        depth = 1 if (day.month, day.day) == (1, 1) else 2 if day.day == 1 else 3
        if not self.has(depth):
            return None
        beyond: intent.Op = ">" if op == ">=" else "<"
        found: intent.Pred | None = None
        for part, value in reversed(list(zip(PARTS[:depth], (day.year, day.month, day.day), strict=False))):
            if found is None:
                found = intent.Cmp(left=self.parts[part], op=op, right=self.value(part, value))
                continue
            strictly = intent.Cmp(left=self.parts[part], op=beyond, right=self.value(part, value))
            found = intent.Or(preds=(strictly, intent.And(preds=(self.equal(part, value), found))))
        return found
