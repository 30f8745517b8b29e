"""What is inside a nested column: its fields, elements, keys and values, each with a path as Iceberg names it.

`order.lines.element.price` is a field of the objects in the array `lines`; a map has `key` and `value`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from datamesh.contract.model import Column

__all__ = ["ELEMENT", "KEY", "MAX_DEPTH", "VALUE", "Place", "Step", "inside"]

ELEMENT, KEY, VALUE = "element", "key", "value"
MAX_DEPTH = 8  # how many objects, arrays and maps may stand in each other

Step = tuple[Literal["field", "each", "keys", "values"], str]  # and the field's name in the file


@dataclass(frozen=True)
class Place:
    """A column inside the column, and the steps that lead to it from there."""

    path: str
    column: Column
    steps: tuple[Step, ...]

    @property
    def many(self) -> bool:
        """Whether one row may hold several of it."""
        return any(kind != "field" for kind, _ in self.steps)


def inside(column: Column) -> Iterator[Place]:
    """All places in a nested column, outer ones first."""
    yield from _inside(Place(column.name, column, ()))


def _inside(place: Place) -> Iterator[Place]:
    for column in place.column.type.inner:
        found = Place(f"{place.path}.{column.name}", column, (*place.steps, _step(place.column, column)))
        yield found
        yield from _inside(found)


def _step(outer: Column, inner: Column) -> Step:
    if outer.type.kind == "array":
        return "each", ""
    if outer.type.kind == "map":
        return "keys" if inner.name == KEY else "values", ""
    return "field", inner.source or inner.name
