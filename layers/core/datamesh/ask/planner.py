"""Questions in plain language to SQL, or to an honest refusal: no network, no clock, no model.

A question is annotated, read with a grammar into forms, resolved against the schema into intents. The cheapest intent is
answered if nothing else comes near it; if something does, both are named, and if nothing was read, the words are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.annotate import Lattice, annotate
from datamesh.ask.compile import compile_query
from datamesh.ask.explain import explain
from datamesh.ask.read.chart import Exhausted, Reader
from datamesh.ask.read.grammar.question import question as whole_question
from datamesh.ask.read.places import Choice, Schema
from datamesh.ask.read.resolve import resolve
from datamesh.ask.vocabulary import Vocabulary, build
from datamesh.registry.knowledge import Knowledge

__all__ = ["Plan", "plan", "read"]

_MARGIN = 0.35  # what a reading must be cheaper by than any other
_CEILING = 3.0  # what the cheapest reading may cost
_FORMS = 40  # forms that are resolved
_LONGEST = 400  # characters of a question


@dataclass(frozen=True)
class Plan:
    """What was made of a question. Answered: `sql` over mesh names, of `intent`. Refused: `unmatched` words.
    Ambiguous: what it could mean in `candidates`. `suggestions` are questions that this caller can ask instead."""

    status: Literal["answered", "refused", "ambiguous"]
    explanation: str
    sql: exp.Expr | None = None
    intent: intent.Select | None = None
    unmatched: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    cost: float = field(default=0.0, compare=False)


def plan(question: str, knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]], *, today: date) -> Plan:
    """The plan for `question` over what `readable` gives (table to columns)."""
    return read(question, build(knowledge, readable), today=today)


def read(question: str, vocabulary: Vocabulary, *, today: date) -> Plan:
    if len(question) > _LONGEST:
        return Plan("refused", f"A question may have {_LONGEST} characters.")
    lattice = annotate(question, vocabulary, today)
    if lattice.unread:
        return _refused(lattice.unread)
    reader = Reader(lattice)
    try:
        forms = whole_question(reader)
    except Exhausted:
        return Plan("refused", "The question can be read in too many ways.")
    schema = Schema(vocabulary)
    readings: dict[intent.Select, float] = {}
    best = _CEILING
    for form in forms[:_FORMS]:
        if form.cost > best + _MARGIN:
            break
        for choice in resolve(schema, form.value):
            cost, reading = form.cost + choice.cost, _plainly(choice.value)
            readings[reading] = min(cost, readings.get(reading, cost))
            best = min(best, cost)
    return _decided(readings, forms != [], reader, vocabulary)


def _plainly(reading: intent.Select) -> intent.Select:
    """Whether an output was named or only implied makes no other answer."""
    outputs = tuple(intent.Output(item=output.item, source=output.source) for output in reading.outputs)
    return reading.model_copy(update={"outputs": outputs})


def _decided(readings: dict[intent.Select, float], formed: bool, reader: Reader, vocabulary: Vocabulary) -> Plan:
    labels = {name: view.label for name, view in vocabulary.tables.items()}
    ordered = sorted(readings.items(), key=lambda found: found[1])
    near = [r for r, cost in ordered if cost <= ordered[0][1] + _MARGIN]
    if not near or ordered[0][1] > _CEILING:
        words = [] if formed else [t.text for t in reader.tokens[reader.furthest :]][:3]
        return _refused(words)
    if len(near) > 1:
        candidates = tuple(explain(r, labels) for r in near[:4])
        return Plan("ambiguous", "The question can mean different things.", candidates=candidates, cost=ordered[0][1])
    chosen = near[0]
    return Plan("answered", explain(chosen, labels), compile_query(chosen), chosen, cost=ordered[0][1])


def _refused(words: list[str]) -> Plan:
    if not words:
        return Plan("refused", "The words are known, but together they mean nothing that these products can tell.")
    return Plan("refused", f"Not understood: {', '.join(words)}.", unmatched=tuple(words))
