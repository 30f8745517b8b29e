"""What stands at the end of a way from a row: a column of it, and a condition on what is there."""

from __future__ import annotations

from datamesh.ask import intent
from datamesh.ask.lattice import Name
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.views import ColumnView
from datamesh.ask.read.places import Schema, Spot

__all__ = ["at_end", "placed"]


def at_end(schema: Schema, spot: Spot, walk: Walk, column: ColumnView, said: Name | None, *, text: bool) -> intent.Attr:
    """The column at the end of a walk; beyond a to-many step the condition is one of its own and starts there."""
    there = Spot(column.table, () if walk.many else spot.path + walk.path)
    return (schema.text_attr if text else schema.attr)(there, column, said)


def placed(spot: Spot, walk: Walk, where: intent.Pred, *, negated: bool = False) -> intent.Pred:
    """A condition at the end of a walk: on the row's own value or, of many rows, that one is so (or none)."""
    found = intent.Exists(path=spot.path + walk.path, where=where) if walk.many else where
    return intent.Not(pred=found) if negated else found
