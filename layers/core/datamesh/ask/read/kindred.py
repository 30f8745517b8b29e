"""Things that have others of their kind: persons who have friends under 30, who are friends with Bob."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask import intent
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.naming import Target
from datamesh.ask.read import conditions as restrict
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Linked, PredForm, Valued
from datamesh.ask.read.places import Schema, Spot
from datamesh.ask.read.together import both

__all__ = ["kindred"]


def kindred(schema: Schema, pred: Linked, spot: Spot, relation: Target) -> Iterator[Choice[intent.Pred]]:
    """What is said of the friends is said of the persons at the other end of the rows that are the one's own.

    Whose friend somebody is (a friend of Bob) is said the other way round, and not read here.
    """
    said = pred.to.preds
    if pred.hint == ("be",) and not (said and all(_with_whom(inner) for inner in said)):
        return
    own, other = schema.kin_edges(relation.table)
    count = intent.CountOf(op=pred.count[0], n=pred.count[1]) if pred.count else None
    middle = spot.onward(Walk(spot.table, (own,), 0.0), inside=True)
    there = middle.onward(Walk(middle.table, (other,), 0.0))
    for found in restrict.conditions(schema, said, there) if said else [Choice((), 0.0)]:
        rows = intent.Exists(path=(*spot.path, own), where=both(found.value), count=count)
        yield Choice(intent.Not(pred=rows) if pred.negated else rows, found.cost + relation.cost)


def _with_whom(pred: PredForm) -> bool:
    return isinstance(pred, Valued) and pred.hint == ("with",)
