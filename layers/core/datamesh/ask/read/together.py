"""Conditions put together and taken apart: all of them as one, in one order, and what of a row each of them asks."""

from __future__ import annotations

from collections.abc import Iterable

from datamesh.ask import intent

__all__ = ["both", "excluding", "in_order", "parts", "shape"]


def both(preds: Iterable[intent.Pred]) -> intent.Pred | None:
    """All of them, in one order: the order of a question's conditions means nothing."""
    ordered = in_order(part for pred in preds for part in parts(pred))
    return intent.And(preds=ordered) if len(ordered) > 1 else next(iter(ordered), None)


def parts(pred: intent.Pred | None) -> tuple[intent.Pred, ...]:
    """Those that hold together."""
    return () if pred is None else pred.preds if isinstance(pred, intent.And) else (pred,)


def in_order(preds: Iterable[intent.Pred]) -> tuple[intent.Pred, ...]:
    """Each once, in whatever order they were said."""
    return tuple(sorted(dict.fromkeys(preds), key=repr))


def shape(pred: intent.Pred) -> object:
    """Where a condition looks, whatever it wants there."""
    if isinstance(pred, intent.Not):
        return shape(pred.pred)
    if isinstance(pred, intent.Exists):
        return pred.path, shape(pred.where) if pred.where else None
    return _restricted(pred) or pred


def excluding(preds: tuple[intent.Pred | None, ...]) -> bool:
    """Whether they ask different things of one value of a row: then other rows are meant for each."""
    of = [_restricted(pred) for pred in preds]
    return of[0] is not None and len(set(of)) == 1


def _restricted(pred: intent.Pred | None) -> intent.Attr | None:
    """The one column of the row itself that a condition restricts."""
    match pred:
        case intent.Cmp(op="<>"):
            return None
        case intent.Cmp(left=intent.Attr() as of) | intent.In(left=intent.Attr() as of):
            return of
        case intent.Between(left=intent.Attr() as of) | intent.Within(of=of) | intent.Text(of=of):
            return of
        case intent.Between(left=intent.Part(of=of)) | intent.Cmp(left=intent.Part(of=of)):
            return of
        case intent.And(preds=preds):
            each = {_restricted(one) for one in preds}
            return each.pop() if len(each) == 1 else None
        case _:
            return None
