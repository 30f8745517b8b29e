"""What speaks for a reading and against it, in figures: what the gate decides by and a measurement shows. Pure.

The grammar accounts for each word once, at a price. Here the reading is held against the question once more, as a
whole: which words does nothing of it bear, and which of its tables and columns did nobody name?
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, TypeVar

from pydantic import BaseModel

from datamesh.ask import intent
from datamesh.ask.annotate import Lattice
from datamesh.ask.lexicon.english import FUNCTION_WORDS
from datamesh.ask.vocabulary import Vocabulary
from datamesh.ask.words import name_words, stems

__all__ = ["MARGIN_CAP", "features"]

R = TypeVar("R", bound=intent.Node)

MARGIN_CAP = 1.0  # a rival that is dearer by more is as good as none
_CONDITIONS = ("Cmp", "In", "Text", "Between", "Within", "Missing")


def features(chosen: R, readings: Mapping[R, float], lattice: Lattice, vocabulary: Vocabulary) -> dict[str, float]:
    """Figures of the reading `chosen` of a question, among its rivals in `readings` (with costs).

    `cost` is the reading's own, `margin` what the nearest rival costs more; `unheard` are words that neither grammar
    nor anything of the reading has, `unsaid_...` what the reading has and no word names; `homes` grows with the columns
    that hold the same values. The others count what the reading is made of.
    """
    cost = readings[chosen]
    rivals = [other - cost for reading, other in readings.items() if reading is not chosen]
    nodes = list(_nodes(chosen))
    parts = Counter(type(node).__name__ for node in nodes)
    selects = [node for node in nodes if isinstance(node, intent.Select)]
    said = {token.stem for token in lattice.tokens if token.kind != "mark"}
    tables = {name: _table_words(name, vocabulary) for name in _tables(nodes)}
    columns = {node.column: _column_words(node) for node in nodes if isinstance(node, intent.Attr)}
    texts = [str(node.value) for node in nodes if isinstance(node, intent.Value | intent.Text)]
    meant = frozenset(chain(*tables.values(), *columns.values(), *map(stems, texts)))
    counted = {
        "rivals": len(rivals),
        "words": len(lattice.tokens),
        "unheard": _unheard(lattice, meant),
        "unsaid_tables": sum(not words & said for words in tables.values()),
        "unsaid_columns": sum(not words & said for words in columns.values()),
        "outputs": sum(len(select.outputs) for select in selects),
        "edges": parts["Edge"],
        "exists": parts["Exists"],
        "conditions": sum(parts[kind] for kind in _CONDITIONS),
        "measures": parts["Measure"] + parts["Tally"],
        "keys": sum(len(select.group) for select in selects),
        "limited": parts["Limit"],
        "selects": len(selects),
        "distinct": any(select.distinct for select in selects),
    }
    return {
        "cost": round(cost, 4),
        "margin": round(min([*rivals, MARGIN_CAP]), 4),
        "homes": round(sum(_homes(text, vocabulary) for text in texts), 4),
        **{name: float(count) for name, count in counted.items()},
    }


def _unheard(lattice: Lattice, meant: frozenset[str]) -> int:
    grammar = {i for start, found in lattice.operators.items() for op in found for i in range(start, op.end)}
    return sum(
        token.kind == "word" and token.fold not in FUNCTION_WORDS and token.stem not in meant and i not in grammar
        for i, token in enumerate(lattice.tokens)
    )


def _tables(nodes: list[BaseModel]) -> set[str]:
    subjects = {node.table for node in nodes if isinstance(node, intent.Entity | intent.EntityKey)}
    return subjects | {node.to for node in nodes if isinstance(node, intent.Edge)}


def _table_words(name: str, vocabulary: Vocabulary) -> frozenset[str]:
    """Every word that the table is called by; the rows of a query have none."""
    view = vocabulary.tables.get(name)
    return frozenset(chain(*view.nouns)) if view else frozenset()


def _column_words(attr: intent.Attr) -> frozenset[str]:
    return frozenset((*stems(attr.label), *stems(" ".join(name_words(attr.column)))))


def _homes(text: str, vocabulary: Vocabulary) -> float:
    """How many columns hold `text`, as a power of two."""
    return math.log2(max(1, len({(hit.table, hit.column) for hit in vocabulary.values.find(text)})))


def _nodes(node: Any) -> Iterator[BaseModel]:
    if isinstance(node, BaseModel):
        if not isinstance(node, intent.Source):
            yield node
            for name in type(node).model_fields:
                yield from _nodes(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from _nodes(item)
