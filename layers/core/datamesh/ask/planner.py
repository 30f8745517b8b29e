"""Questions in plain language to SQL, or to an honest refusal: no network, no clock, no model.

A question is annotated, read with a grammar into forms, resolved against the schema into intents. The cheapest intent
is answered if nothing else comes near it; if something does, both are named, and if nothing was read, the words are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import takewhile
from typing import Literal

from pydantic import ValidationError
from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.annotate import annotate
from datamesh.ask.compile import compile_query
from datamesh.ask.evidence import features
from datamesh.ask.explain import explain
from datamesh.ask.gate import gate
from datamesh.ask.lexicon.english import FUNCTION_WORDS
from datamesh.ask.read.chart import Exhausted, Hit, Reader
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Form
from datamesh.ask.read.grammar.question import question as whole_question
from datamesh.ask.read.places import Schema
from datamesh.ask.read.resolve import resolve
from datamesh.ask.suggest import suggestions
from datamesh.ask.values import Hit as ValueHit
from datamesh.ask.vocabulary import Vocabulary, build
from datamesh.ask.words import stems
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = ["Plan", "plan", "read"]

_UNSURE = "The question can be read, but not surely enough."

_MARGIN = 0.35  # what a reading must be cheaper by than any other
_CEILING = 2.1  # what the cheapest reading may cost
_FORMS = 40  # forms that are resolved
_CANDIDATES = 4  # meanings that are told of an ambiguous question
_STUCK = 4  # words that are told where reading ended
_LONGEST = 400  # characters of a question


@dataclass(frozen=True)
class Plan:
    """What was made of a question. Answered: `sql` over mesh names, of `intent`. Refused: `unmatched` words.
    Ambiguous: what it could mean in `candidates`. `suggestions` are questions that this caller can ask instead."""

    status: Literal["answered", "refused", "ambiguous"]
    explanation: str
    sql: exp.Expr | None = None
    intent: intent.Query | None = None
    unmatched: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    cost: float = field(default=0.0, compare=False)
    features: Mapping[str, float] = field(default_factory=dict, compare=False)  # of the reading: `evidence.py`


def plan(question: str, knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]], *, today: date) -> Plan:
    """The plan for `question` over what `readable` gives: table (domain.product) to columns.

    The vocabulary of a caller's products is kept until it changes; `read` takes one that the caller keeps.
    """
    return read(question, _SHELF.vocabulary(knowledge, readable), today=today)


def read(question: str, vocabulary: Vocabulary, *, today: date, at_least: float = 0.0) -> Plan:
    """The plan for `question`, with suggestions where it is not answered: what is less sure than `at_least` is not."""

    def answered(plan: Plan) -> bool:
        return plan.status == "answered" and plan.features["sureness"] >= at_least

    found = _read(question, vocabulary, today)
    if answered(found):
        return found
    if found.status == "answered":
        found = Plan("refused", _UNSURE, candidates=(found.explanation,), features=found.features)
    more = suggestions(vocabulary, stems(question), lambda q: answered(_read(q, vocabulary, today)))
    return replace(found, suggestions=more)


class _Shelf:
    """Vocabularies of the last callers: as long as the same products (the same objects) may be read."""

    def __init__(self, size: int) -> None:
        self._kept: OrderedDict[tuple[object, ...], tuple[tuple[ProductKnowledge, ...], Vocabulary]] = OrderedDict()
        self._size = size

    def vocabulary(self, knowledge: Knowledge, readable: Mapping[str, tuple[str, ...]]) -> Vocabulary:
        products = tuple(knowledge.products.values())
        key = (*sorted(readable.items()), *(id(product) for product in products))
        if key not in self._kept:
            self._kept[key] = (products, build(knowledge, readable))  # keeps the products, so that ids stay theirs
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return self._kept[key][1]


_SHELF = _Shelf(8)


def _read(question: str, vocabulary: Vocabulary, today: date) -> Plan:
    if len(question) > _LONGEST:
        return Plan("refused", f"A question may have {_LONGEST} characters.")
    lattice = annotate(question, vocabulary, today)
    if not lattice.tokens or lattice.unread:
        near = [hit for word in lattice.unread for hit in vocabulary.values.near(word)]
        return _refused(lattice.unread, near, vocabulary)
    reader = Reader(lattice)
    try:
        forms = whole_question(reader)
    except Exhausted:
        return Plan("refused", "The question can be read in too many ways.")
    readings = _readings(forms, Schema(vocabulary))
    believed = _near(readings)
    if not believed:
        return _refused([] if forms else _stuck_at(reader), [], vocabulary)
    labels = {name: view.label for name, view in vocabulary.tables.items()}
    if len(believed) > 1:
        candidates = tuple(dict.fromkeys(explain(reading, labels) for reading in believed[:_CANDIDATES]))
        return Plan("ambiguous", "The question can mean different things.", candidates=candidates)
    chosen = believed[0]
    found = features(chosen, readings, lattice, vocabulary)
    found["sureness"] = gate().sureness(found)
    said = " ".join([explain(chosen, labels), *(f"Taken to be misspelt: {word}." for word in lattice.corrected)])
    return Plan("answered", said, compile_query(chosen), chosen, cost=readings[chosen], features=found)


def _readings(forms: list[Hit[Form]], schema: Schema) -> dict[intent.Query, float]:
    """What the forms mean, each meaning with its lowest cost, as far as one could come near the best."""
    readings: dict[intent.Query, float] = {}
    best = _CEILING
    for form in forms[:_FORMS]:
        if form.cost > best + _MARGIN:
            break
        for choice in _meant(schema, form.value):
            cost, reading = form.cost + choice.cost, _plainly(choice.value)
            readings[reading] = min(cost, readings.get(reading, cost))
            best = min(best, cost)
    return readings


def _meant(schema: Schema, form: Form) -> list[Choice[intent.Query]]:
    """What a form means; nothing where an intent refuses, for what cannot be computed was not meant."""
    try:
        return resolve(schema, form)
    except ValidationError:
        return []


def _near(readings: dict[intent.Query, float]) -> list[intent.Query]:
    """The cheapest reading and all that come near it; none where it is too dear to be believed."""
    ordered = sorted(readings.items(), key=lambda found: found[1])
    if not ordered or ordered[0][1] > _CEILING:
        return []
    return [reading for reading, cost in ordered if cost <= ordered[0][1] + _MARGIN]


def _plainly(reading: intent.Query) -> intent.Query:
    """Whether an output was named or only implied makes no other answer."""
    if isinstance(reading, intent.SetOp):
        return reading.model_copy(update={"left": _plainly(reading.left), "right": _plainly(reading.right)})
    outputs = tuple(output.model_copy(update={"implied": False}) for output in reading.outputs)
    return reading.model_copy(update={"outputs": outputs})


def _stuck_at(reader: Reader) -> list[str]:
    """The word at which every reading ended, with the next ones while it is grammar only; else the last word."""
    words = [token for token in reader.tokens if token.kind != "mark"]
    rest = [token for token in reader.tokens[reader.furthest :] if token.kind != "mark"] or words[-1:]
    grammar = list(takewhile(lambda token: token.fold in FUNCTION_WORDS, rest))
    return [token.text for token in rest[: min(len(grammar) + 1, _STUCK)]]


def _refused(words: list[str], near: list[ValueHit], vocabulary: Vocabulary) -> Plan:
    """What was not understood; and the values that unknown words are a part of."""
    if not words:
        return Plan("refused", "The words are known, but together they mean nothing that these products can tell.")
    candidates = dict.fromkeys(f"{vocabulary.column(h.table, h.column).label}: {h.label}" for h in near)
    return Plan("refused", f"Not understood: {', '.join(words)}.", unmatched=tuple(words), candidates=tuple(candidates))
