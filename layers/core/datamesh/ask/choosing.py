"""Of what a question may mean, what is believed: one reading, a few that come near each other, or none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from pydantic import ValidationError
from sqlglot import exp

from datamesh.ask import intent
from datamesh.ask.compile import compile_query, compile_ties
from datamesh.ask.evidence import features
from datamesh.ask.explain import explain
from datamesh.ask.gate import gate
from datamesh.ask.intent.checks import first_side
from datamesh.ask.lattice import Lattice
from datamesh.ask.lexicon.english import FUNCTION_WORDS
from datamesh.ask.names.values import Hit as ValueHit
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.read.chart import Hit, Reader
from datamesh.ask.read.choices import Choice
from datamesh.ask.read.form import Form
from datamesh.ask.read.places import Schema
from datamesh.ask.read.resolve import resolve
from datamesh.ask.same import lifted, merged, one_meaning

__all__ = ["AMBIGUOUS", "CANDIDATES", "CEILING", "FORMS", "Plan", "chosen", "readings_of", "refused", "stuck_at"]

AMBIGUOUS = "The question can mean different things."
CEILING = 3.0  # what the cheapest reading may cost
FORMS = 40  # forms that are resolved
CANDIDATES = 4  # meanings that are told of an ambiguous question
_MARGIN = 0.35  # what a reading must be cheaper by than any other
_STUCK = 4  # words that are told where reading ended


@dataclass(frozen=True)
class Plan:
    """What was made of a question. Answered: `sql` over mesh names, of `intent`, and `ties`, which counts its rows and
    those that tie with one of them (None: it leaves none out). Refused: `unmatched` words.
    Ambiguous: what it could mean in `candidates`. `suggestions` are questions that this caller can ask instead."""

    status: Literal["answered", "refused", "ambiguous"]
    explanation: str
    sql: exp.Expr | None = None
    intent: intent.Query | None = None
    ties: exp.Expr | None = None
    unmatched: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()
    cost: float = field(default=0.0, compare=False)
    features: Mapping[str, float] = field(default_factory=dict, compare=False)  # of the reading: `evidence.py`


def chosen(readings: dict[intent.Query, float], lattice: Lattice, vocabulary: Vocabulary) -> Plan | None:
    """The cheapest reading, or all that come near it; None where there is none to be believed."""
    believed = _near(readings)
    if len(believed) > 1:
        dearer = {reading: cost for reading, cost in readings.items() if reading not in believed}
        readings = one_meaning({reading: readings[reading] for reading in believed}) | dearer
        believed = _near(readings)
    if not believed:
        return None
    label = vocabulary.label
    chosen = believed[0]
    if len(believed) > 1:
        candidates = _told(believed[:CANDIDATES], label)
        cost = readings[chosen]
        return Plan("ambiguous", AMBIGUOUS, candidates=candidates, cost=cost)
    found = features(chosen, readings)
    found["sureness"] = gate().sureness(found)
    said = " ".join([explain(chosen, label), *(f"Taken to be misspelt: {word}." for word in lattice.corrected)])
    sql, ties = compile_query(chosen), compile_ties(chosen)
    return Plan("answered", said, sql, chosen, ties, cost=readings[chosen], features=found)


def readings_of(forms: list[Hit[Form]], schema: Schema) -> dict[intent.Query, float]:
    """What the forms mean, each meaning with its lowest cost, as far as one could come near the best."""
    readings: dict[intent.Query, float] = {}
    best = CEILING
    for form in forms[:FORMS]:
        if form.cost > best + _MARGIN:
            break
        for choice in _meant(schema, form.value):
            cost, reading = form.cost + choice.cost, lifted(_plainly(choice.value))
            readings[reading] = min(cost, readings.get(reading, cost))
            best = min(best, cost)
    return merged(readings)


def _meant(schema: Schema, form: Form) -> list[Choice[intent.Query]]:
    """What a form means; nothing where an intent refuses, for what cannot be computed was not meant."""
    try:
        return resolve(schema, form)
    except ValidationError:
        return []


def _near(readings: dict[intent.Query, float]) -> list[intent.Query]:
    """The cheapest reading and all that come near it; none where it is too dear to be believed."""
    ordered = sorted(readings.items(), key=lambda found: found[1])
    if not ordered or ordered[0][1] > CEILING:
        return []
    return [reading for reading, cost in ordered if cost <= ordered[0][1] + _MARGIN]


def _told(readings: Sequence[intent.Query], label: Callable[[str], str]) -> tuple[str, ...]:
    """What each would compute; where that is said alike of different products, of which."""
    said = [explain(reading, label) for reading in readings]
    return tuple(
        dict.fromkeys(
            text if said.count(text) == 1 else f"{text.rstrip('.')} ({first_side(reading).subject.table})."
            for text, reading in zip(said, readings, strict=True)
        )
    )


def _plainly(reading: intent.Query) -> intent.Query:
    """Whether an output was named or only implied makes no other answer."""
    if isinstance(reading, intent.SetOp):
        return reading.model_copy(update={"left": _plainly(reading.left), "right": _plainly(reading.right)})
    outputs = tuple(output.model_copy(update={"implied": False}) for output in reading.outputs)
    return reading.model_copy(update={"outputs": outputs})


def stuck_at(reader: Reader) -> list[str]:
    """The word at which every reading ended, with the next ones while it is grammar only; else the last word."""
    words = [token for token in reader.tokens if token.kind != "mark"]
    rest = [token for token in reader.tokens[reader.furthest :] if token.kind != "mark"] or words[-1:]
    grammar = list(takewhile(lambda token: token.fold in FUNCTION_WORDS, rest))
    return [token.text for token in rest[: min(len(grammar) + 1, _STUCK)]]


def refused(words: list[str], near: list[ValueHit], vocabulary: Vocabulary) -> Plan:
    """What was not understood; and the values that unknown words are a part of."""
    if not words:
        return Plan("refused", "The words are known, but together they mean nothing that these products can tell.")
    candidates = dict.fromkeys(f"{vocabulary.column(h.table, h.column).label}: {h.label}" for h in near)
    return Plan("refused", f"Not understood: {', '.join(words)}.", unmatched=tuple(words), candidates=tuple(candidates))
