"""What speaks for a reading and against it, in figures: what the gate decides by and a measurement shows. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from datamesh.ask import intent

__all__ = ["MARGIN_CAP", "features", "shape"]

R = TypeVar("R", bound=intent.Node)

MARGIN_CAP = 1.0  # a rival that is dearer by more is as good as none
_CONDITIONS = ("Cmp", "In", "Text", "Between", "Within", "Missing")


def features(chosen: R, readings: Mapping[R, float]) -> dict[str, float]:
    """Figures of the reading `chosen` of a question, among its rivals in `readings` (with costs).

    `cost` is the reading's own, `margin` what the nearest rival costs more. The others count what it is made of.
    """
    cost = readings[chosen]
    rivals = [other - cost for reading, other in readings.items() if reading is not chosen]
    parts = Counter(type(node).__name__ for node in _nodes(chosen))
    return {
        "cost": round(cost, 4),
        "margin": round(min([*rivals, MARGIN_CAP]), 4),
        "rivals": float(len(rivals)),
        "edges": float(parts["Edge"]),
        "exists": float(parts["Exists"]),
        "conditions": float(sum(parts[kind] for kind in _CONDITIONS)),
        "limited": float(parts["Limit"]),
    }


def shape(query: intent.Query) -> tuple[str, ...]:
    """What a reading computes, whatever it is of: two of one shape are one question of other tables."""
    return tuple(f"{type(node).__name__} {getattr(node, 'fn', '')}" for node in _nodes(query))


def _nodes(node: Any) -> Iterator[BaseModel]:
    if isinstance(node, BaseModel):
        if not isinstance(node, intent.Source):
            yield node
            for name in type(node).model_fields:
                yield from _nodes(getattr(node, name))
    elif isinstance(node, tuple):
        for item in node:
            yield from _nodes(item)
