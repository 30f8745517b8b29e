"""What a number says of a column: above 300, between 100 and 200, one of the texts it holds."""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.ask import intent
from datamesh.ask.lexicon.english import BIRTH_WORDS
from datamesh.ask.names.views import ColumnView
from datamesh.ask.names.words import stem
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Compared
from datamesh.ask.read.places import BY_ADJECTIVE, Schema, Spot

__all__ = ["FLIPPED", "aged", "holds_number", "number_is"]

FLIPPED: dict[intent.Op, intent.Op] = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_BIRTH = frozenset(stem(word) for word in BIRTH_WORDS)
_OLDEST = 150  # years; a larger number is a year


def aged(schema: Schema, spot: Spot, pred: Compared) -> Iterator[Choice[intent.Pred]]:
    """(patients) older than 60, where it is known when they were born: whole years up to the day of the question."""
    if schema.today is None or pred.adjective not in ("old", "young") or not isinstance(pred.number, int | float):
        return
    op = pred.op if pred.adjective == "old" else FLIPPED[pred.op]
    for column in schema.table(spot.table).columns.values():
        if column.dated and column.all_words & _BIRTH and pred.number <= _OLDEST:
            now = intent.Value(value=schema.today.isoformat(), kind="date")
            age = intent.Elapsed(start=schema.attr(spot, column), end=now, unit="year")
            found = number_is(age, op, pred)
            yield Choice(intent.Not(pred=found) if pred.negated else found, BY_ADJECTIVE)


def number_is(attr: intent.Attr | intent.Elapsed, op: intent.Op, pred: Compared) -> intent.Pred:
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
