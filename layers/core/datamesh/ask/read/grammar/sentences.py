"""A question in two sentences: which airports have two runways? List their names and codes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import Aggregate, Count, Form, Out, Plain, SetForm, Thing
from datamesh.ask.read.grammar import outputs

__all__ = ["told_again"]

_AGAIN = 0.1


def told_again(r: Reader, first: list[Hit[Form]]) -> Iterator[Hit[Form]]:
    """What the second sentence asks for, of what the first one found."""
    for hit in first:
        if r.word(hit.end, "?", "."):
            also = r.word(hit.end + 1, "also")
            at = hit.end + 1 + also
            while op := r.longest(at, "please"):
                at = r.comma(op.end)
            at += r.word(at, "just", "only", "then", "also")
            for op in r.op(at, "show"):
                for said in outputs.outputs(r, op.end):
                    if found := _together(hit.value, said.value):
                        found = _beside(hit.value, found) if also else found
                        yield Hit(said.end, found, hit.cost + said.cost + _AGAIN)


def _beside(first: Form, second: Form) -> Form:
    """Also tell me the count: besides what was asked for first."""
    return replace(second, outputs=(*first.outputs, *(out for out in second.outputs if out not in first.outputs)))


def _together(first: Form, said: tuple[Out, ...]) -> Form | None:
    if any(isinstance(out, Count) for out in first.outputs):
        return _of_numbers(first, said)
    sets = {out.of for out in first.outputs if isinstance(out, Thing | Plain)}
    if (
        len(sets) != 1
        or not all(order.by for order in first.order)
        or any(isinstance(out, Count | Aggregate) for out in first.outputs)
    ):
        return None
    of = sets.pop()
    if of is None:
        return None
    shown = [_of_these(out, of) for out in said]
    return replace(first, outputs=tuple(out for out in shown if out)) if all(shown) else None


def _of_these(out: Out, of: SetForm) -> Out | None:
    if isinstance(out, Count | Aggregate):
        return out
    if not isinstance(out, Plain | Thing):
        return None
    if of.head is None:  # who does it: the second sentence says of which kind they are
        kind = out.of.head.only("table") if out.of and out.of.head and _plain(out.of) else None
        return replace(out, of=replace(of, head=kind)) if kind else None
    if out.of is None or _same(out.of, of):
        return replace(out, of=of)
    attr = out.of.head.only("column") if isinstance(out, Thing) and out.of.head and _plain(out.of) else None
    return Plain(attr, of) if attr else None


def _plain(said: SetForm) -> bool:
    return not (said.preds or said.rank or said.number or said.verb)


def _same(said: SetForm, of: SetForm) -> bool:
    """The claim, after claims with certain properties."""
    if said.head is None or of.head is None or not _plain(said):
        return False
    tables = {t.table for t in of.head.targets if t.kind == "table"}
    return any(t.kind == "table" and t.table in tables for t in said.head.targets)


def _of_numbers(first: Form, said: tuple[Out, ...]) -> Form | None:
    """How many orders has each customer placed? List the customer's city and the number [of orders]."""
    numbers = iter([out for out in first.outputs if isinstance(out, Count)])
    shown: list[Out] = []
    for out in said:
        if isinstance(out, Count):
            number = next(numbers, None)
            if number is None or not (out.of.head is None or _same(out.of, number.of)):
                return None
            shown.append(number)
        elif isinstance(out, Plain) and not (out.of and (out.of.preds or out.of.rank)):
            shown.append(out)
        else:
            return None
    return None if next(numbers, None) else replace(first, outputs=tuple(shown))
