"""When something was: when was the shop opened, when was the last order."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask.lattice import Name
from datamesh.ask.names.naming import Target
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Form, Plain, SetForm
from datamesh.ask.read.grammar import sets
from datamesh.ask.read.grammar.inquiries import of_what
from datamesh.ask.read.periods import datable

__all__ = ["when_was"]

_ITS_DATE = 0.2  # the one date that a thing has


def when_was(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """When was Mill Hall opened; when did the Atlas launch; when was the last match [played]"""
    for op in r.op(i + 1, "be", "aux") if r.word(i, "when") else ():
        for of in (*of_what(r, op.end), *sets.best_set(r, op.end)):
            if of.value.each:
                continue
            for name in r.names(of.end, "column") if r.lattice.relation(of.end) else ():
                if moment := _moments(r, name):
                    yield Hit(name.end, Form((Plain(moment, of.value),)), of.cost)
            if own := _its_date(r, of.value):
                ends = {of.end, *(tail.end for tail in r.op(of.end, "tail") if not r.word(tail.start, "in", "on"))}
                for end in ends:
                    yield Hit(end, Form((Plain(own, of.value),)), of.cost + _ITS_DATE)


def _moments(r: Reader, name: Name) -> Name | None:
    """Opened: the columns that hold when that was."""
    kept = [t for t in name.targets if t.kind == "column" and datable(r.lattice.vocabulary.column(t.table, t.name))]
    return Name(name.start, name.end, name.text, tuple(kept), name.span) if kept else None


def _its_date(r: Reader, of: SetForm) -> Name | None:
    """The date of the last match, which has one only."""
    if of.head is None or of.rank is None:
        return None
    first = of.head.targets[0]
    view = r.lattice.vocabulary.tables[first.table]
    dates = [column for column in view.columns.values() if datable(column)] if first.kind == "table" else []
    targets = (Target("column", first.table, dates[0].name, 0.0),) if len(dates) == 1 else ()
    return Name(of.head.start, of.head.end, of.head.text, targets, of.head.span) if targets else None
