"""Questions that a caller could ask instead: made of their own products' words, near to what they asked, and tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from datamesh.ask.names.views import TableView
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import plural, singular, soft, stems
from datamesh.ask.retrieval import WHOLE

__all__ = ["suggestions"]

_TRIED = 24  # candidates that are looked at for one refusal
_TRIED_IN_MANY = 3  # of which so many are planned anew where the mesh is large: what is known to work is kept
_DIMENSIONS, _NUMBERS = 3, 3  # columns of a table that suggestions are made of


@dataclass(frozen=True)
class _Candidate:
    question: str
    overlap: int


def suggestions(
    vocabulary: Vocabulary, about: Iterable[str], asked: Iterable[str], answers: Callable[[str], bool], wanted: int = 6
) -> tuple[str, ...]:
    """At most `wanted` questions that `answers`, those with most stems in common with `asked` first.

    They are of the tables `about`: a large mesh has too many to look at.
    """
    said = frozenset(asked)
    pools = [
        sorted(_rated(_of_table(vocabulary, vocabulary.tables[name]), said), key=lambda c: -c.overlap) for name in about
    ]
    pools.sort(key=lambda pool: -max((c.overlap for c in pool), default=0))
    found: list[str] = []
    planned, most = 0, _TRIED if len(vocabulary.tables) <= WHOLE else _TRIED_IN_MANY
    in_turn = (c.question for turn in zip_longest(*_in_pairs(pools)) for pair in turn if pair for c in pair)
    for tried, question in enumerate(in_turn):
        if len(found) == wanted or planned == most or tried == _TRIED:
            break
        if question not in vocabulary.answerable:
            planned += 1
            vocabulary.answerable[question] = answers(question)
        if vocabulary.answerable[question]:
            found.append(question)
    return tuple(found)


def _rated(questions: Iterable[str], said: frozenset[str]) -> Iterator[_Candidate]:
    for question in dict.fromkeys(questions):
        yield _Candidate(question, len(said & frozenset(stems(question))))


def _in_pairs(pools: list[list[_Candidate]]) -> list[list[list[_Candidate]]]:
    """Two questions of each table in turn, so that one table does not take all places."""
    return [[pool[at : at + 2] for at in range(0, len(pool), 2)] for pool in pools]


def _of_table(vocabulary: Vocabulary, view: TableView) -> Iterator[str]:
    rows = _rows(vocabulary, view)
    groups = list(_groups(vocabulary, view))
    numbers = [soft(c.label) for c in view.columns.values() if c.counts and not c.dimension]
    yield f"How many {rows} are there?"
    for group in groups:
        yield f"How many {rows} are there for each {group}?"
        yield f"Which {group} has the most {rows}?"
    for number in numbers[:_NUMBERS]:
        yield f"What is the average {number} of {rows}?"
        if groups:
            yield f"What is the average {number} of {rows} for each {groups[0]}?"
    for measure in view.measures.values():
        yield (
            f"What is the {soft(measure.label)} for each {groups[0]}?"
            if groups
            else f"What is the {soft(measure.label)}?"
        )
    if view.calendar.keys() >= {"year", "month"} or any(column.dated for column in view.columns.values()):
        yield f"How many {rows} are there per month?"


def _rows(vocabulary: Vocabulary, view: TableView) -> str:
    """What its rows are called; in a large mesh, where other domains have such things too, with the domain."""
    rows, domain = plural(soft(view.label)), view.name.partition(".")[0]
    if len(vocabulary.tables) <= WHOLE or len(stems(domain)) != 1:
        return rows
    homes = {name.partition(".")[0] for name in vocabulary.postings.get(stems(rows)[-1], ())}
    return f"{domain} {rows}" if len(homes) > 1 else rows


def _groups(vocabulary: Vocabulary, view: TableView) -> Iterator[str]:
    """What rows may be grouped by: the things they belong to, then their own text columns."""
    edges = [edge for edge in vocabulary.graph.edges.get(view.name, ()) if not edge.many and len(edge.columns) == 1]
    named = [singular(soft(edge.role or vocabulary.tables[edge.to].label)) for edge in edges]
    own = [
        soft(c.label)
        for c in view.columns.values()
        if c.kind == "text" and not c.identifies and c.name not in view.shown_by and not c.labels
    ]
    yield from list(dict.fromkeys([*named, *own]))[:_DIMENSIONS]
