"""Numbers made of numbers: the share of open orders, revenue in 2024 versus 2023, the difference between two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, cast

from datamesh.ask.read.chart import Hit, Reader, rule
from datamesh.ask.read.form import (
    Aggregate,
    Calculated,
    Changed,
    Count,
    Dated,
    Form,
    Out,
    Plain,
    Portion,
    PredForm,
    Ranked,
    SetForm,
    Thing,
    Valued,
)
from datamesh.ask.read.grammar import outputs, predicates, sets
from datamesh.ask.read.grammar.common import time, to_show, values
from datamesh.ask.read.grammar.spreads import spread

__all__ = ["asked"]

_SIDE = 0.1
How = Literal["difference", "growth"]
Op = Literal["+", "-", "*", "/"]


@rule
def asked(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """[show me] a number that is made of others"""
    for start, cost in to_show(r, i).items():
        for make in (_calculated, _share, _change, _compared, spread):
            for hit in make(r, start):
                yield Hit(hit.end, hit.value, hit.cost + cost)
    yield from _how_much(r, i)


def _calculated(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """The difference between the highest and the lowest price [of books]; the amount divided by the quantity"""
    for op in r.op(r.the(i), "calc"):
        for two in outputs.items(r, op.end):
            yield from _made_of(r, two, cast(Op, op.payload))
        for first in outputs.items(r, op.end):
            if r.word(first.end, "to"):
                yield from _second(r, first, first.end + 1, cast(Op, op.payload))
    for first in outputs.items(r, r.the(i)):
        for op in r.op(first.end, "infix"):
            yield from _second(r, first, op.end, cast(Op, op.payload))


def _second(r: Reader, first: Hit[tuple[Out, ...]], i: int, op: Op) -> Iterator[Hit[Form]]:
    if len(first.value) == 1:
        for second in outputs.items(r, r.the(i)):
            if len(second.value) == 1:
                two = Hit(second.end, (*first.value, *second.value), first.cost + second.cost)
                yield from _made_of(r, two, op)


def _made_of(r: Reader, two: Hit[tuple[Out, ...]], op: Op) -> Iterator[Hit[Form]]:
    if len(two.value) == 2 and len({isinstance(out, Plain) for out in two.value}) == 1:
        for owned in outputs.of_whom(r, two):
            yield Hit(owned.end, Form(owned.value, made=Calculated(op)), owned.cost)


def _share(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """The share of orders that are open; what percentage of customers are from France; share of revenue per brand"""
    start = r.the(i)
    if any(True for _ in r.names(start, "column")):
        return  # a percentage that is there already
    for op in r.op(start, "share"):
        percent = op.payload == "100"
        for rows in sets.noun_set(r, op.end):
            if rows.value.rank is None and rows.value.number is None and not rows.value.each:
                yield from _portions(r, Hit(rows.end, (Count(rows.value),), rows.cost), percent)
        for listed in outputs.items(r, op.end):
            for owned in outputs.of_whom(r, listed):
                if added := _added_up(owned.value):
                    yield from _portions(r, Hit(owned.end, added, owned.cost), percent)


def _added_up(outs: tuple[Out, ...]) -> tuple[Aggregate, ...] | None:
    """One number that adds up; not an attribute as it stands, which may be a share already."""
    only = outs[0]
    if len(outs) > 1 or (only.of and only.of.rank):
        return None
    return (only,) if isinstance(only, Aggregate) and only.fn in ("sum", "contract") else None


def _portions(r: Reader, whole: Hit[tuple[Count | Aggregate, ...]], percent: bool) -> Iterator[Hit[Form]]:
    """What is said after a verb is the part; else the one thing that is said of the rows. A period is of the whole."""
    (out,) = whole.value
    of = out.of or SetForm(None)
    for post in predicates.predicate(r, whole.end):
        if not isinstance(post.value, Ranked):
            for more in sets.with_posts(r, Hit(post.end, SetForm(None, (post.value,)), whole.cost + post.cost)):
                part, rest = _split(more.value.preds)
                if more.value.rank is None and part:
                    yield Hit(more.end, _portion(out, of.plus(*rest), part, percent), more.cost)
    part, rest = _split(of.preds)
    if len(part) <= 1:
        yield Hit(whole.end, _portion(out, replace(of, preds=rest), part, percent), whole.cost)


def _portion(out: Count | Aggregate, of: SetForm, part: tuple[PredForm, ...], percent: bool) -> Form:
    said = of if of.head or of.preds or isinstance(out, Count) else None
    shown = replace(out, of=said) if isinstance(out, Aggregate) else Count(of)
    return Form((shown,), made=Portion(part, percent))


def _split(preds: tuple[PredForm, ...]) -> tuple[tuple[PredForm, ...], tuple[PredForm, ...]]:
    part = tuple(pred for pred in preds if not isinstance(pred, Dated))
    return part, tuple(pred for pred in preds if isinstance(pred, Dated))


def _change(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """The growth of revenue from 2023 to 2024; the change in orders per month; revenue growth between May and June"""
    for op in r.op(r.the(i), "change"):
        for number in _number(r, op.end):
            yield from _from_to(r, number.end, number, cast(How, op.payload))
    for number in _number(r, i):
        for op in r.op(number.end, "changed"):
            yield from _from_to(r, op.end, number, cast(How, op.payload))


def _how_much(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """How much did revenue grow from 2023 to 2024?"""
    if r.word(i, "how") and r.word(i + 1, "much") and r.word(i + 2, "did", "has", "have"):
        for number in _number(r, i + 3):
            if r.word(number.end, "grow", "grown", "change", "changed", "increase", "increased", "rise", "risen"):
                yield from _from_to(r, number.end + 1, number, "difference")


def _number(r: Reader, i: int) -> Iterator[Hit[Count | Aggregate]]:
    """Revenue; the number of orders; orders, which are counted"""
    for hit in outputs.output(r, i):
        only = hit.value[0]
        if len(hit.value) == 1 and isinstance(only, Count | Aggregate) and not (only.of and only.of.rank):
            yield Hit(hit.end, only, hit.cost)
        elif len(hit.value) == 1 and isinstance(only, Thing) and _rows(r, only.of):
            yield Hit(hit.end, Count(only.of), hit.cost)


def _rows(r: Reader, of: SetForm) -> bool:
    """Orders, by what a table's rows are called: not a kind of them, which could be a side as well."""
    named = of.head is not None and any(name.end == of.head.end for name in r.names(of.head.start, "table"))
    return named and not (of.rank or of.number or of.each)


def _from_to(r: Reader, i: int, number: Hit[Count | Aggregate], how: How) -> Iterator[Hit[Form]]:
    """Between two periods; or from each group to the next."""
    yield Hit(i, Form((number.value,), made=Changed(how)), number.cost)
    for word, joint in (("from", "to"), ("between", "and")):
        if r.word(i, word):
            for before in _sides(r, i + 1):
                if r.word(before.end, joint):
                    for now in _sides(r, before.end + 1):
                        if type(now.value) is type(before.value):
                            made = Changed(how, now.value, before.value)
                            yield Hit(now.end, Form((number.value,), made=made), number.cost + before.cost + now.cost)


def _sides(r: Reader, i: int) -> Iterator[Hit[PredForm]]:
    """2023; in March; Playwell"""
    for end, period in r.periods(r.the(i)):
        yield Hit(end, Dated(None, "in", period))
    for when in time(r, i):
        if when.value.how == "in":
            yield Hit(when.end, Dated(None, "in", when.value.period), when.cost)
    for hit in values(r, i):
        if len(hit.value) == 1:
            yield Hit(hit.end, Valued(None, hit.value), hit.cost + _SIDE)


def _compared(r: Reader, i: int) -> Iterator[Hit[Form]]:
    """Revenue in 2024 versus 2023; compare revenue of Playwell with Deepwood; orders this month against last month"""
    joints: dict[bool, tuple[str, ...]] = {False: (), True: ("with", "to", "and")}
    starts = {i: False} | {op.end: True for op in r.op(i, "compare_with")}
    for start, said in starts.items():
        for number in _number(r, start):
            if not (number.value.of and number.value.of.preds):
                continue
            at = {op.end for op in r.op(r.comma(number.end), "versus")}
            at |= {number.end + 1} if r.word(number.end, *joints[said]) else set()
            for end in at:
                yield from _against(r, end + r.word(end, "."), number)


def _against(r: Reader, i: int, number: Hit[Count | Aggregate]) -> Iterator[Hit[Form]]:
    """The last thing that was said of the number is one side; the other is of its kind."""
    of = number.value.of
    if of is None or not of.preds:
        return
    mine, rest = of.preds[-1], replace(of, preds=of.preds[:-1])
    for other in _sides(r, i):
        side = _same_kind(mine, other.value)
        if side is not None:
            of_both = rest if rest.head or rest.preds or isinstance(number.value, Count) else None
            shown = replace(number.value, of=of_both) if isinstance(number.value, Aggregate) else Count(rest)
            yield Hit(other.end, Form((shown,), made=Changed("both", mine, side)), number.cost + other.cost)


def _same_kind(mine: PredForm, other: PredForm) -> PredForm | None:
    """The other value of the same attribute, the other period of the same date."""
    if isinstance(mine, Dated) and isinstance(other, Dated) and mine.how == "in" and not mine.negated:
        return replace(other, attr=mine.attr, hint=mine.hint)
    if isinstance(mine, Valued) and isinstance(other, Valued) and len(mine.values) == 1 and not mine.negated:
        return replace(other, attr=mine.attr, hint=mine.hint)
    return None
