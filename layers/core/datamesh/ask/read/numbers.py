"""What a number says of a column: above 300, between 100 and 200, one of the texts it holds."""

from __future__ import annotations

from datamesh.ask import intent
from datamesh.ask.read.form import Compared
from datamesh.ask.read.places import Schema
from datamesh.ask.views import ColumnView

__all__ = ["holds_number", "number_is"]


def number_is(attr: intent.Attr, op: intent.Op, pred: Compared) -> intent.Pred:
    low = intent.Value(value=pred.number, kind="number")
    if pred.high is not None:
        return intent.Between(left=attr, low=low, high=intent.Value(value=pred.high, kind="number"))
    return intent.Cmp(left=attr, op=op, right=low)


def holds_number(schema: Schema, column: ColumnView, pred: Compared) -> bool:
    """Whether the number is one of a text column's values: division 1."""
    if column.kind != "text" or column.number_text or pred.op not in ("=", "<>") or pred.high is not None:
        return False
    hits = schema.vocabulary.values.find(f"{pred.number:g}")
    return any((hit.table, hit.column) == (column.table, column.name) for hit in hits)
