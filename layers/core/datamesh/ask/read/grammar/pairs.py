"""Both ... and ...: what holds of one thing or of one value by a row each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.form import AnyOf, Both, Compared, Dated, Linked, Post, PredForm, Ranked, Valued
from datamesh.ask.read.grammar import nested, predicates
from datamesh.ask.read.grammar.common import amount
from datamesh.ask.read.grammar.possible import possible

__all__ = ["alike", "both", "but_not", "denied", "joined", "paired", "said_alike"]

Part = Callable[[Reader, int], Iterable[Hit[Post]]]


def both(r: Reader, i: int, part: Part) -> Iterator[Hit[Post]]:
    """both ... and ..., where `part` reads each"""
    for op in r.op(i, "both"):
        yield from paired(r, op.end, part)


def paired(r: Reader, i: int, part: Part, joint: str = "and") -> Iterator[Hit[Post]]:
    """(shared by) A and B, A and A; (neither) A nor B"""
    for first in list(part(r, i)):
        if isinstance(first.value, Ranked):
            continue
        if parts := _split(first.value):
            yield Hit(first.end, Both(parts), first.cost)
        for op in r.op(r.comma(first.end), joint, *(("too",) if joint == "and" else ())):
            for second in (*part(r, op.end), *alike(r, op.end, first.value)):
                if not isinstance(second.value, Ranked | Both | AnyOf):
                    yield Hit(second.end, Both((first.value, second.value)), first.cost + second.cost)


def alike(r: Reader, i: int, first: PredForm) -> Iterator[Hit[Post]]:
    """... and B, or ... nor B, which is not so either"""
    if isinstance(first, Valued | Linked | Compared) and first.negated:
        yield from denied(said_alike(r, i, replace(first, negated=False)))
    else:
        yield from said_alike(r, i, first)


def _split(pred: PredForm) -> tuple[PredForm, ...]:
    """Boston and Newark; planes by Boeing and Airbus; in 2010 and 2011: one for each."""
    match pred:
        case Valued(values=values) if len(values) > 1 and not pred.negated:
            return tuple(replace(pred, values=(value,)) for value in values)
        case AnyOf(preds=preds) if all(isinstance(one, Dated | Compared) for one in preds):
            return preds
        case Linked(to=to) if to.preds and not pred.negated:
            inner = _split(to.preds[-1])
            if not inner and len(to.preds) > 1:
                inner = to.preds[-2:]
                return tuple(replace(pred, to=replace(to, preds=(*to.preds[:-2], one))) for one in inner)
            return tuple(replace(pred, to=replace(to, preds=(*to.preds[:-1], one))) for one in inner)
        case _:
            return ()


def but_not(r: Reader, i: int, last: PredForm) -> Iterator[Hit[Post]]:
    """(who take fencing but) not judo; (with matches but) no courses; (ordered A) as well as B"""
    if no := r.longest(i, "not"):
        yield from denied(said_alike(r, no.end, last))
    elif r.word(i, "no") and isinstance(last, Linked):
        yield from denied(said_alike(r, i + 1, last))
    elif r.word(i - 1, "as") and r.word(i - 2, "well"):
        yield from said_alike(r, i, last)


def denied(hits: Iterable[Hit[Post]]) -> Iterator[Hit[Post]]:
    """The same, which is not so."""
    for hit in hits:
        if isinstance(hit.value, Valued | Linked | Compared) and not hit.value.negated:
            yield Hit(hit.end, replace(hit.value, negated=True), hit.cost)


def said_alike(r: Reader, i: int, last: PredForm) -> Iterator[Hit[Post]]:
    """(higher than 1000 or) lower than 500; (in Boston or) Newark airport; (with records below 100 and) above 500"""
    yield from same_attribute(r, i, last)
    match last:
        case Linked(to=to) if to.preds and not last.negated and not last.count:
            for hit in same_attribute(r, i, to.preds[-1]):
                if not isinstance(hit.value, Ranked):
                    yield Hit(hit.end, replace(last, to=replace(to, preds=(*to.preds[:-1], hit.value))), hit.cost)
        case _:
            pass
    if isinstance(last, Valued | Linked) and last.hint and not last.negated:
        yield from possible(r, predicates.complement(r, i, last.hint))


def same_attribute(r: Reader, i: int, last: PredForm) -> Iterator[Hit[Post]]:
    """(a score below 100 and) above 500; (higher than 1000 or) lower than 500; (lower than in May or) than in June"""
    if isinstance(last, Compared) and (last.attr or last.adjective):
        for hit in [*amount(r, i), *nested.than(r, i)]:
            if hit.value.compared:
                yield Hit(
                    hit.end, replace(last, op=hit.value.op, number=hit.value.number, high=hit.value.high), hit.cost
                )


def joined(preds: tuple[PredForm, ...], new: PredForm, joint: str) -> tuple[PredForm, ...]:
    if joint != "or":
        return (*preds, new)
    last = preds[-1]
    either = last.preds if isinstance(last, AnyOf) else (last,)
    return (*preds[:-1], AnyOf((*either, new)))
