"""What a question has said itself it hardly asks for: how many rows there are of one key, the year of those in 2004."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from datamesh.ask import intent
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.places import Schema
from datamesh.ask.read.together import parts

__all__ = ["doubting_the_known"]

_KNOWN = 0.8
_OF_SEVERAL = ("avg", "median", "min", "max")
_Column = tuple[intent.Path, str]


def doubting_the_known(schema: Schema, found: Iterable[Choice[intent.Query]]) -> Iterator[Choice[intent.Query]]:
    """The same meanings, those believed less whose answer the conditions give away, none that is no question."""
    for choice in found:
        query = choice.value
        if isinstance(query, intent.Select) and _of_one_row(schema, query):
            continue
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


def _of_one_row(schema: Schema, query: intent.Select) -> bool:
    """The statuses and average populations of each city: a city has one population, and no average of it."""
    own = schema.table(query.subject.table).key
    keys = {column for key in query.group if isinstance(key, intent.EntityKey) and not key.path for column in key.keys}
    measures = [output.item for output in query.outputs if isinstance(output.item, intent.Measure)]
    return bool(own) and keys >= set(own) and any(map(_of_several, measures))


def _of_several(measure: intent.Measure) -> bool:
    """Whether it says something of several numbers of the rows themselves, and nothing of one."""
    return measure.fn in _OF_SEVERAL and isinstance(measure.of, intent.Attr) and not measure.of.path


def _fixed(schema: Schema, where: intent.Pred | None) -> set[_Column]:
    """The columns that can have one value only; a key has one where what it leads to is just one row."""
    said = [p for p in parts(where) if isinstance(p, intent.Cmp) and p.op == "=" and isinstance(p.right, intent.Value)]
    fixed = {(pred.left.path, pred.left.column) for pred in said if isinstance(pred.left, intent.Attr)}
    for path, column in list(fixed):
        if path and schema.names_row(path[-1].to, column) and not path[-1].many:
            fixed.update((path[:-1], near) for near in path[-1].columns)
    return fixed
