"""What speaks for a reading and against it, in figures: what the gate decides by and a measurement shows. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from datamesh.ask import intent
from datamesh.ask.values import ValueIndex

__all__ = ["MARGIN_CAP", "features"]

R = TypeVar("R", bound=intent.Node)

MARGIN_CAP = 1.0  # a rival that is dearer by more is as good as none


def features(chosen: R, readings: Mapping[R, float], words: int, values: ValueIndex) -> dict[str, float]:
    """Figures of the reading `chosen` of a question of `words` words, among its rivals in `readings` (with costs).

    `cost` is the reading's own, `margin` what the nearest rival costs more; `homes` grows with the columns that hold
    the same values. The others count what the reading is made of.
    """
    cost = readings[chosen]
    rivals = [other - cost for reading, other in readings.items() if reading is not chosen]
    nodes = list(_nodes(chosen))
    parts = Counter(type(node).__name__ for node in nodes)
    selects = [node for node in nodes if isinstance(node, intent.Select)]
    return {
        "cost": round(cost, 4),
        "margin": round(min([*rivals, MARGIN_CAP]), 4),
        "rivals": float(len(rivals)),
        "words": float(words),
        "outputs": float(sum(len(select.outputs) for select in selects)),
        "edges": float(parts["Edge"]),
        "exists": float(parts["Exists"]),
        "conditions": float(sum(parts[kind] for kind in ("Cmp", "In", "Text", "Between", "Within", "Missing"))),
        "homes": round(sum(_homes(node, values) for node in nodes if isinstance(node, intent.Value)), 4),
        "measures": float(parts["Measure"]),
        "keys": float(sum(len(select.group) for select in selects)),
        "limited": float(parts["Limit"]),
        "selects": float(len(selects)),
        "distinct": float(any(select.distinct for select in selects)),
    }


def _homes(value: intent.Value, values: ValueIndex) -> float:
    """How many columns hold the text `value`, as a power of two."""
    if not isinstance(value.value, str):
        return 0.0
    return math.log2(max(1, len({(hit.table, hit.column) for hit in values.find(value.value)})))


def _nodes(node: Any) -> Iterator[BaseModel]:
    if isinstance(node, BaseModel):
        if not isinstance(node, intent.Source):
            yield node
            for name in type(node).model_fields:
                yield from _nodes(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from _nodes(item)
