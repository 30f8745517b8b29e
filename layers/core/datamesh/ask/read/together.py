"""Conditions put together and taken apart: all of them as one, in one order, and what of a row each of them asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice

__all__ = ["at_odds", "both", "excluding", "gone_before", "in_order", "parts", "shape"]


def both(preds: Iterable[intent.Pred]) -> intent.Pred | None:
    """All of them, in one order: the order of a question's conditions means nothing. That there is the one row which
    another of them speaks of goes without saying."""
    said = [part for pred in preds for part in parts(pred)]
    looked = [attr.path for attr in map(_restricted, said) if attr and attr.path]
    ordered = in_order(part for part in said if not _is_there(part, looked))
    return intent.And(preds=ordered) if len(ordered) > 1 else next(iter(ordered), None)


def _is_there(pred: intent.Pred, looked: Sequence[intent.Path]) -> bool:
    """Whether a condition is only that one row is there, at which or beyond which another looks."""
    if not isinstance(pred, intent.Exists) or pred.where is not None or pred.count is not None:
        return False
    one = not any(edge.many for edge in pred.path)
    return one and any(path[: len(pred.path)] == pred.path for path in looked)


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


def at_odds(preds: Iterable[intent.Pred]) -> bool:
    """Whether a row's value is to be one thing, and another or not another: then rows of two kinds were meant."""
    named: dict[intent.Attr, intent.Value] = {}
    compared = [p for p in preds if isinstance(p, intent.Cmp) and p.op in ("=", "<>")]
    for pred in sorted(compared, key=lambda p: p.op, reverse=True):  # = before <>
        if isinstance(pred.left, intent.Attr) and isinstance(pred.right, intent.Value):
            if pred.left in named and named[pred.left] != pred.right:
                return True
            if pred.op == "=":
                named[pred.left] = pred.right
    return False


def gone_before(parts: Sequence[Sequence[Choice[intent.Pred]]], preds: tuple[intent.Pred, ...]) -> float:
    """What it costs to go to where another of them looks already: of many rows, as each may be so by another row."""
    saved, seen = 0.0, set[object]()
    for choices, pred in zip(parts, preds, strict=True):
        there = pred.pred if isinstance(pred, intent.Not) else pred
        if isinstance(there, intent.Exists) and there.where and not there.count:
            where = shape(pred)
            saved += next(choice.cost for choice in choices if choice.value == pred) if where in seen else 0.0
            seen.add(where)
    return saved


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
