"""Questions in plain language to SQL, or to an honest refusal: no network, no clock, no model.

A question is annotated, read with a grammar into forms, resolved against the schema into intents. The cheapest intent
is answered if nothing else comes near it; if something does, both are named, and if nothing was read, the words are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from datamesh.ask import intent
from datamesh.ask.annotate import annotate
from datamesh.ask.choosing import CEILING, FORMS, Plan, chosen, readings_of, refused, stuck_at
from datamesh.ask.electing import elected
from datamesh.ask.names.kept import Kept
from datamesh.ask.names.vocabulary import Vocabulary, build
from datamesh.ask.names.words import stems
from datamesh.ask.read.chart import Exhausted, Reader
from datamesh.ask.read.follow import edited
from datamesh.ask.read.grammar import follow
from datamesh.ask.read.grammar.question import question as whole_question
from datamesh.ask.read.places import Schema
from datamesh.ask.retrieval import WHOLE, groups, likely_tables
from datamesh.ask.suggest import suggestions
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["Plan", "plan", "read"]

_UNSURE = "The question can be read, but not surely enough."

_LONGEST = 400  # characters of a question


def plan(
    question: str,
    knowledge: Knowledge,
    readable: Mapping[str, tuple[str, ...]],
    *,
    today: date,
    previous: intent.Query | None = None,
) -> Plan:
    """The plan for `question` over what `readable` gives: table (domain.product) to columns.

    `previous` is what the question before meant: then `and in December?` is a question. The vocabulary of a caller's
    products is kept until it changes; `read` takes one that the caller keeps.
    """
    return read(question, _vocabulary(knowledge, readable), today=today, previous=previous)


def read(
    question: str,
    vocabulary: Vocabulary,
    *,
    today: date,
    at_least: float = 0.0,
    previous: intent.Query | None = None,
) -> Plan:
    """The plan for `question`, with suggestions where it is not answered: what is less sure than `at_least` is not."""

    def answered(plan: Plan) -> bool:
        return plan.status == "answered" and plan.features["sureness"] >= at_least

    found = _following(question, previous, vocabulary, today) if previous else _read(question, vocabulary, today)
    if answered(found):
        return found
    if found.status == "answered":
        found = Plan("refused", _UNSURE, candidates=(found.explanation,), features=found.features)
    about = likely_tables(question, vocabulary)
    more = suggestions(vocabulary, about, stems(question), lambda q: answered(_read(q, vocabulary, today)))
    return replace(found, suggestions=more)


_SHELF: Kept[tuple[Vocabulary, tuple[ProductKnowledge, ...]]] = Kept(8)  # of the last callers


def _vocabulary(knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]]) -> Vocabulary:
    """The one kept, as long as the same of the same contracts and profiles may be read."""
    products = tuple(knowledge.products.values())
    key = (*sorted(readable.items()), *(part for p in products for part in (id(p.contract), id(p.profile))))
    vocabulary, _ = _SHELF.get(key, lambda: (build(knowledge, readable), products))  # with them their ids stay theirs
    return vocabulary


def _read(question: str, vocabulary: Vocabulary, today: date) -> Plan:
    """The plan for `question`: over a large mesh, that of the one group of related tables which can tell."""
    if len(question) > _LONGEST:
        return Plan("refused", f"A question may have {_LONGEST} characters.")
    if len(vocabulary.tables) <= WHOLE:
        return _within(question, vocabulary, today)
    likely = groups(question, vocabulary)
    if not likely:
        return _within(question, vocabulary.within(frozenset()), today)
    return elected(likely, lambda group: _within(question, vocabulary.within(group.tables), today), vocabulary.tables)


def _within(question: str, vocabulary: Vocabulary, today: date) -> Plan:
    lattice = annotate(question, vocabulary, today)
    if not lattice.tokens or lattice.unread:
        near = [hit for word in lattice.unread for hit in vocabulary.values.near(word)]
        return refused(lattice.unread, near, vocabulary)
    reader = Reader(lattice)
    try:
        forms = whole_question(reader)
    except Exhausted:
        return Plan("refused", "The question can be read in too many ways.")
    return chosen(readings_of(forms, Schema(vocabulary, today)), lattice, vocabulary) or refused(
        [] if forms else stuck_at(reader), [], vocabulary
    )


def _following(question: str, previous: intent.Query, vocabulary: Vocabulary, today: date) -> Plan:
    """A change of the last question where the words say so, or where they are no whole question."""
    whole = _read(question, vocabulary, today)
    if not isinstance(previous, intent.Select) or len(question) > _LONGEST:
        return whole
    vocabulary = _around(previous.subject.table, vocabulary)
    reader = Reader(annotate(question, vocabulary, today))
    said = whole.status == "refused" or follow.leads(reader)
    if not said or not reader.tokens or reader.lattice.unread:
        return whole
    try:
        changes = follow.edits(reader)
    except Exhausted:
        return whole
    readings: dict[intent.Query, float] = {}
    for change in changes[:FORMS]:
        for choice in edited(Schema(vocabulary, today), change.value, previous):
            readings[choice.value] = min(change.cost + choice.cost, readings.get(choice.value, CEILING))
    return chosen(readings, reader.lattice, vocabulary) or whole


def _around(table: str, vocabulary: Vocabulary) -> Vocabulary:
    """What may be said of a table's rows: of a large mesh, only what they are related to."""
    if len(vocabulary.tables) <= WHOLE:
        return vocabulary
    return vocabulary.within(frozenset(t for t in vocabulary.tables if t == table or vocabulary.graph.walks(table, t)))
