"""Rows that only a verb speaks of: a room that was reserved twice has two reservations."""

from __future__ import annotations

from collections.abc import Sequence

from datamesh.ask.intent import Edge
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.spelling import family
from datamesh.ask.names.words import in_words, stems
from datamesh.ask.read.places import Schema

__all__ = ["facts"]

_SHORT_STEM = 4
_UNNAMED = 0.3  # rows that were not named


def facts(schema: Schema, table: str, hint: Sequence[str]) -> list[Walk]:
    """The steps to the rows that belong to one of `table`: those that the verb names; else the only ones there are."""
    if named := _named(schema, table, hint):
        return named if len(named) == 1 else []
    edges = [edge for edge in schema.vocabulary.graph.edges.get(table, ()) if edge.many]
    elsewhere = any(schema.vocabulary.names.deed(verb) for verb in hint)  # what is done is kept by something else
    return [Walk(table, (edges[0],), _UNNAMED)] if len(edges) == 1 and not elsewhere else []


def _named(schema: Schema, table: str, hint: Sequence[str]) -> list[Walk]:
    """Those that the verb names: the admissions of a patient, for admitted."""
    edges = (edge for edge in schema.vocabulary.graph.edges.get(table, ()) if edge.many)
    return [Walk(table, (edge,), _UNNAMED) for edge in edges if any(_names(schema, edge, verb) for verb in hint)]


def _names(schema: Schema, edge: Edge, verb: str) -> bool:
    """Reserved: the reservations."""
    nouns = {word for noun in schema.table(edge.to).nouns for word in noun}
    said = nouns.union(stems(in_words(edge.relationship)))
    return any(_akin(verb, word) for word in said)


def _akin(verb: str, word: str) -> bool:
    short = min(len(verb), len(word))
    return bool(family(verb) & family(word)) or (short >= _SHORT_STEM and verb[:short] == word[:short])
