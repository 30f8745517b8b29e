"""What goes without saying: by which way something was reached."""

from __future__ import annotations

from collections.abc import Iterable

from datamesh.ask.lexicon.verbs import VERBS
from datamesh.ask.names.words import stem
from datamesh.ask.read.form import COMPOUND, Lacking, Linked, PredForm
from datamesh.ask.read.places import Schema, Spot

__all__ = ["came_by", "says_more", "where_it_stands"]

_VERBS = frozenset(stem(verb) for verb in (*VERBS, "have"))


def came_by(schema: Schema, pred: PredForm, spot: Spot) -> bool:
    """The devices in stock that a shop has, where the stock is what relates the two: this goes without saying."""
    if not isinstance(pred, Linked) or COMPOUND in pred.hint or says_more(pred):
        return False
    named = next((target.table for target in schema.tables(pred.to.head)), spot.table)
    return named in spot.trail - {spot.table}


def where_it_stands(schema: Schema, pred: PredForm, beside: Iterable[PredForm]) -> bool:
    """Parties without delegates in elections, where an election's row holds its delegate: no other could be meant."""
    if not isinstance(pred, Linked) or pred.hint != ("in",) or says_more(pred):
        return False
    things = {target.table for target in schema.tables(pred.to.head) if not target.cost}
    lacked = [other.attr for other in beside if isinstance(other, Lacking)]
    return any({target.table for target in name.targets if target.kind == "column"} == things for name in lacked)


def says_more(pred: Linked) -> bool:
    """More than that there is a relationship."""
    to = pred.to
    said = pred.hint == ("be",) or any(word in _VERBS for word in pred.hint)
    return bool(to.preds or to.rank or pred.count or pred.negated or said)
