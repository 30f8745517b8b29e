"""Small rules that all others use: being and not being, numbers with their comparisons, lists of values, periods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar, cast

from datamesh.ask.dates import Period, in_year_of
from datamesh.ask.intent import MeasureFn, Op
from datamesh.ask.lattice import Literal, Name, Operator
from datamesh.ask.lexicon.english import IRREGULAR, ORDINALS
from datamesh.ask.names.spelling import VERB_STEMS
from datamesh.ask.names.units import unit_end
from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import AnyOf, Both, Compared, Dated, Direction, How, PredForm, Yard

__all__ = [
    "UNREAD_VERB",
    "Amount",
    "Time",
    "adjective",
    "amount",
    "attrs",
    "being",
    "comparison",
    "dates",
    "dearer",
    "direction",
    "function",
    "holds_numbers",
    "holds_values",
    "measurable",
    "number",
    "one_or_other",
    "ordinal",
    "participle",
    "time",
    "to_show",
    "values",
]

UNREAD_VERB = 0.2  # what is left of a sentence whose verb means nothing by itself
_NO_THAN = 0.3
_ORDINAL = 0.1
_IN_PART = 0.4
_WHOLE = 0.2  # what a name costs that is said in whole
_NO_VERB = 0.1  # nothing asks to show it
T = TypeVar("T")


@dataclass(frozen=True)
class Amount:
    """A number as it is compared with; `compared` where a word said how."""

    op: Op
    number: float | Yard
    high: float | None = None
    compared: bool = True

    @property
    def whole(self) -> int | None:
        """How many things it may be: one number, and a whole one."""
        if self.high is not None or isinstance(self.number, Yard) or not float(self.number).is_integer():
            return None
        return int(self.number)


@dataclass(frozen=True)
class Time:
    how: How
    period: Period
    last: Period | None = None


def dearer(hits: Iterable[Hit[T]], cost: float) -> Iterator[Hit[T]]:
    """The same readings, believed less."""
    for hit in hits:
        yield Hit(hit.end, hit.value, hit.cost + cost)


def comparison(op: Operator) -> Op:
    return cast(Op, op.payload)


def direction(op: Operator) -> Direction:
    return cast(Direction, op.payload)


def function(op: Operator) -> MeasureFn:
    return cast(MeasureFn, op.payload)


def attrs(r: Reader, i: int) -> Iterator[Name]:
    """[the] attribute; a number of floors, where that is one"""
    at = r.the(i)
    yield from r.names(at, "column")
    if r.word(at, "number", "amount") and r.word(at + 1, "of"):
        yield from r.names(r.the(at + 2), "column")


def being(r: Reader, i: int) -> tuple[int, bool]:
    """[is] [not]: the index after it, and whether it was negated."""
    op = r.longest(i, "be")
    at = op.end if op else i
    no = r.longest(at, "not")
    return (no.end, True) if no else (at, False)


def number(r: Reader, i: int) -> Iterator[tuple[int, float]]:
    """A number, with its unit or without: the unit says no more than the column does."""
    found = r.number(i)
    if found is None:
        return
    yield i + 1, found
    end = i + 1
    while r.lattice.unit(end) or r.word(end, "%"):
        end += 1
        yield r.reach(end), found
    if (behind := unit_end(r.tokens, i + 1)) > i + 1:  # 700 (in dollars)
        yield r.reach(behind), found


def participle(r: Reader, name: Name) -> bool:
    """Whether it is a verb, that only speaks of a column: (who was) hired is no hire date."""
    token = r.tokens[name.end - 1]
    formed = token.fold in IRREGULAR and not token.fold.endswith("s")  # makes and models
    done = token.fold.endswith("ed") or formed  # an opening is a noun
    verb = done and token.stem in VERB_STEMS
    cost = name.targets[0].cost
    if name.end - name.start > 1:  # orders shipped, where there is a date of shipping
        return verb and cost >= _IN_PART
    return verb and not (token.fold in r.lattice.vocabulary.names.spoken and cost < _WHOLE)


def adjective(r: Reader, name: Name) -> bool:
    """Whether it says yes or no of the things behind it: public (operators), which asks for no attribute."""
    column = name.targets[0]
    flag = column.kind == "column" and r.lattice.vocabulary.column(column.table, column.name).no is not None
    return flag and any(thing.targets[0].table == column.table for thing in r.names(name.end, "table"))


def ordinal(r: Reader, i: int) -> Iterator[Hit[Compared]]:
    """(on the) third floor; fourth grade (classrooms)"""
    found = ORDINALS.get(r.tokens[i].fold) if i < len(r.tokens) else None
    for name in r.names(i + 1, "column") if found else ():
        yield Hit(name.end, Compared(name, "=", found or 0), _ORDINAL)


def to_show(r: Reader, i: int) -> dict[int, float]:
    """[show me]: where what is shown begins, and the cost."""
    return {i: _NO_VERB} | {op.end: 0.0 for op in r.op(i, "show")}


def holds_numbers(r: Reader, name: Name) -> bool:
    """Whether every column that a name may be of holds what can be counted: seats, police officers."""
    columns = (r.lattice.vocabulary.column(t.table, t.name) for t in name.targets if t.kind == "column")
    return all(column.counts for column in columns)


def holds_values(r: Reader, op: Operator) -> bool:
    """Types of status, which is an attribute: its values. Types of planes are none of the planes, nor what is a type
    already."""
    at = r.the(op.end)
    return any(r.names(at, "column")) and not any(r.names(at, "table")) and not any(r.names(op.start, "column"))


def measurable(r: Reader, i: int, *functions: MeasureFn) -> Iterator[Name]:
    """(the average) price; (the average) rating, where ratings are rows of one number"""
    yield from r.names(i, "column", "table") if set(functions) == {"avg"} else r.names(i, "column")


def one_or_other(r: Reader, i: int) -> Iterator[tuple[int, float, float]]:
    """3 or 4"""
    for middle, one in number(r, i):
        for end, other in number(r, middle + 1) if r.word(middle, "or") else ():
            yield end, one, other


@rule
def amount(r: Reader, i: int) -> Iterator[Hit[Amount]]:
    """More than 300; 300 or more; between 120 and 150; 300."""
    for op in r.op(i, "cmp"):
        for end, found in number(r, r.the(op.end)):
            yield Hit(end, Amount(comparison(op), found))
        yield from (Hit(one.end, Amount(comparison(op), 1)) for one in r.op(op.end, "single"))
    for end, found in number(r, i):
        for op in r.op(end, "after_cmp"):
            yield Hit(op.end, Amount(comparison(op), found))
        yield Hit(end, Amount("=", found, compared=False), 0.05)
    for op in r.op(i, "more"):  # (whose age is) greater 30
        for end, found in number(r, op.end):
            yield Hit(end, Amount(comparison(op), found), _NO_THAN)
    for op in r.op(i, "between"):
        yield from _range(r, op.end, "and")
    if r.word(i, "from"):
        yield from _range(r, i + 1, "to")


def _range(r: Reader, i: int, joint: str) -> Iterator[Hit[Amount]]:
    for middle, low in number(r, i):
        if r.word(middle, joint):
            for end, high in number(r, middle + 1):
                yield Hit(end, Amount("=", low, high))


@rule
def values(r: Reader, i: int) -> Iterator[Hit[tuple[Literal, ...]]]:
    """'Tokyo'; Tokyo or Beijing; either Tokyo, Beijing or Seoul."""
    start = r.the(next((op.end for op in r.op(i, "either")), i))
    found: list[Hit[tuple[Literal, ...]]] = [
        Hit(literal.end, (literal,), literal.cost) for at in {i, start} for literal in r.literals(at)
    ]
    for _ in range(5):
        yield from found
        found = [
            Hit(literal.end, (*hit.value, literal), hit.cost + literal.cost + extra)
            for hit in found
            for at, extra in _joints(r, hit.end)
            for literal in r.literals(r.the(at))
        ]


def _joints(r: Reader, i: int) -> Iterator[tuple[int, float]]:
    after = r.comma(i)
    if r.word(after, "or", "nor"):
        yield after + 1, 0.0
    elif r.word(after, "and"):
        yield after + 1, 0.2
    elif after > i:
        yield after, 0.1


@rule
def time(r: Reader, i: int) -> Iterator[Hit[Time]]:
    """In March; on 2013-07-04; before 1990; since 2010; between March and May 2012; from May to July; last month."""
    if r.word(i, "in", "on", "during", "of", "for", "at", "within", "from"):
        at = r.the(i + 1)
        for end, period in r.periods(at + 2 if r.word(at, "year") and r.word(at + 1, "of") else at):
            yield Hit(end, Time("in", period))
            for op in r.op(end, "after_cmp") if r.word(i, "in", "on", "from") else ():  # in 2019 or later
                yield Hit(op.end, Time("since" if comparison(op) == ">=" else "until", period))
    for op in r.op(i, "before", "after", "since", "until"):
        for end, period in r.periods(r.the(op.end)):
            yield Hit(end, Time(cast(How, op.category), period))
    for op in r.op(i, "between"):
        yield from _span(r, op.end, "and")
    if r.word(i, "from"):
        yield from _span(r, i + 1, "to", "until")
    if r.word(i, "last", "this", "previous", "past", "yesterday", "today", "year", "quarter", "month", "ytd"):
        for end, period in r.periods(i):
            yield Hit(end, Time("in", period))


def _span(r: Reader, i: int, *joints: str) -> Iterator[Hit[Time]]:
    for middle, first in r.periods(r.the(i)):
        if r.word(middle, *joints):
            for end, last in r.periods(r.the(middle + 1)):
                yield Hit(end, Time("between", in_year_of(first, last), last))


def dates(
    r: Reader, i: int, name: Name | None = None, *, hint: tuple[str, ...] = (), negated: bool = False
) -> Iterator[Hit[PredForm]]:
    """In 2010; in 2010 or 2012; after 2010 or before 2000; in both 2010 and 2011: of a date, named or not."""
    for when in time(r, i):
        first = _dated(when.value, name, hint, negated=negated)
        yield Hit(when.end, first, when.cost)
        if not negated:
            yield from _or_when(r, Hit(when.end, first, when.cost), name, hint)
    for op in r.op(i + r.word(i, "in", "on", "at", "during", "for"), "both"):
        for middle, one in r.periods(r.the(op.end)):
            for end, other in r.periods(r.the(middle + 1)) if r.word(middle, "and") else ():
                both = tuple(_dated(Time("in", period), name, hint) for period in (one, other))
                yield Hit(end, Both(both))


def _or_when(r: Reader, first: Hit[Dated], name: Name | None, hint: tuple[str, ...]) -> Iterator[Hit[PredForm]]:
    if not r.word(first.end, "or", "and"):
        return
    doubt = 0.2 if r.word(first.end, "and") else 0.0
    again = [Hit(end, Time("in", period)) for end, period in r.periods(r.the(first.end + 1))]
    for when in (*time(r, first.end + 1), *(again if first.value.how == "in" else ())):
        second = _dated(when.value, name, hint)
        yield Hit(when.end, AnyOf((first.value, second)), first.cost + when.cost + doubt)


def _dated(when: Time, name: Name | None, hint: tuple[str, ...], *, negated: bool = False) -> Dated:
    return Dated(name, when.how, when.period, when.last, hint, negated)
