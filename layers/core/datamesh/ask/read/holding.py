"""What must hold of a group to be told of: for each brand with more than 2 products; months with over 100 orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from datamesh.ask import intent
from datamesh.ask.read.form import Count, Form, KeyForm, Linked, SetForm
from datamesh.ask.read.together import both

__all__ = ["Holding", "having", "held"]


@dataclass(frozen=True)
class Holding:
    """So many of what is counted."""

    count: Count
    op: intent.Op
    n: int


def held(form: Form) -> Iterator[tuple[Form, tuple[Holding, ...]]]:
    """The form without what is counted of its groups, and that; of things, as rows of theirs, too."""
    groups = tuple(replace(key, of=_uncounted(key.of)) for key in form.groups)
    first = form.first and replace(form.first, preds=tuple(p for p in form.first.preds if not _counts(p)))
    told = tuple(_holdings([*(key.of for key in form.groups), form.first]))
    if not told or all(_of_thing(key) for key in form.groups if key.of):
        yield form, ()
    if told:
        yield replace(form, groups=groups, first=first), told


def having(told: Sequence[Holding], measures: Sequence[intent.Measure]) -> intent.Pred | None:
    return both(
        tuple(
            intent.Cmp(left=measure, op=holding.op, right=intent.Value(value=holding.n, kind="number"))
            for holding, measure in zip(told, measures, strict=True)
        )
    )


def _holdings(sets: Sequence[SetForm | None]) -> Iterator[Holding]:
    for of in sets:
        for pred in of.preds if of else ():
            if isinstance(pred, Linked) and pred.count and _counts(pred):
                yield Holding(Count(pred.to), *pred.count)


def _counts(pred: object) -> bool:
    return isinstance(pred, Linked) and pred.count is not None and not pred.negated and pred.to.head is not None


def _uncounted(of: SetForm | None) -> SetForm | None:
    rest = tuple(pred for pred in of.preds if not _counts(pred)) if of else ()
    return replace(of, preds=rest) if of and rest else None


def _of_thing(key: KeyForm) -> bool:
    return key.name is not None and any(target.kind == "table" for target in key.name.targets)
