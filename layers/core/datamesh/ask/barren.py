"""Whether profiles tell that no row can be meant: mountains above 5,000 m, where the highest has 4,800. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from datamesh.ask import intent
from datamesh.ask.names.views import TableView

__all__ = ["barren"]


def barren(query: intent.Query, tables: Mapping[str, TableView]) -> bool:
    """Whether a query asks for numbers that its columns were never seen to hold."""
    if isinstance(query, intent.SetOp):
        left, right = barren(query.left, tables), barren(query.right, tables)
        return left if query.op == "except" else left or right if query.op == "intersect" else left and right
    return query.where is not None and _never(query.where, query.subject.table, tables)


def _never(pred: intent.Pred, subject: str, tables: Mapping[str, TableView]) -> bool:
    match pred:
        case intent.And():
            return any(_never(each, subject, tables) for each in pred.preds)
        case intent.Or():
            return all(_never(each, subject, tables) for each in pred.preds)
        case intent.Between():
            low, high = pred.low.value, pred.high.value
            return _beyond(pred.left, ">=", low, subject, tables) or _beyond(pred.left, "<=", high, subject, tables)
        case intent.Cmp(left=left, op=op, right=intent.Value(value=value)):
            return _beyond(left, op, value, subject, tables)
    return False


def _beyond(left: object, op: str, value: object, subject: str, tables: Mapping[str, TableView]) -> bool:
    """Whether no number between the least and the greatest that a column was seen to hold compares like this."""
    if not isinstance(left, intent.Attr) or not _number(value):
        return False
    view = tables.get(left.path[-1].to if left.path else subject)
    column = view.columns.get(left.column) if view else None
    if column is None or not _number(column.minimum) or not _number(column.maximum):
        return False
    low, high, wanted = float(str(column.minimum)), float(str(column.maximum)), float(str(value))
    return {
        ">": high <= wanted,
        ">=": high < wanted,
        "<": low >= wanted,
        "<=": low > wanted,
        "=": not low <= wanted <= high,
    }.get(op, False)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
