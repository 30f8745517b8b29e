"""What a question has said itself it hardly asks for: how many rows there are of one key, the year of those in 2004."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.places import Schema
from datamesh.ask.read.together import parts

__all__ = ["doubting_the_known"]

_KNOWN = 0.8
_Column = tuple[intent.Path, str]


def doubting_the_known(schema: Schema, found: Iterable[Choice[intent.Query]]) -> Iterator[Choice[intent.Query]]:
    """The same meanings, those believed less whose answer the conditions give away."""
    for choice in found:
        query = choice.value
        known = isinstance(query, intent.Select) and _answers_itself(schema, query)
        yield Choice(query, choice.cost + _KNOWN) if known else choice


def _answers_itself(schema: Schema, query: intent.Select) -> bool:
    """Degrees in 2000 of one campus, where there is one row of a campus and a year: not how many, nor which year."""
    fixed = _fixed(schema, query.where)
    if not fixed or query.group or query.having or query.limit:
        return False
    shown = [output.item for output in query.outputs]
    if any(isinstance(item, intent.Measure) for item in shown):
        key = schema.table(query.subject.table).key
        counts = all(isinstance(item, intent.Measure) and item.fn == "count" and item.of is None for item in shown)
        return counts and bool(key) and all(((), column) in fixed for column in key)
    return all(isinstance(item, intent.Attr) and (item.path, item.column) in fixed for item in shown)


def _fixed(schema: Schema, where: intent.Pred | None) -> set[_Column]:
    """The columns that can have one value only; a key has one where what it leads to is just one row."""
    said = [p for p in parts(where) if isinstance(p, intent.Cmp) and p.op == "=" and isinstance(p.right, intent.Value)]
    fixed = {(pred.left.path, pred.left.column) for pred in said if isinstance(pred.left, intent.Attr)}
    for path, column in list(fixed):
        if path and schema.names_row(path[-1].to, column) and not path[-1].many:
            fixed.update((path[:-1], near) for near in path[-1].columns)
    return fixed
