"""How a batch is cut into slices: a pure function of its manifest, so that every step sees the same ones.

A slice is what one function works on: small files together, a large one by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from datamesh.publish.manifest import ObjectRef

__all__ = ["FEW_SLICES", "SLICE_BYTES", "SLICE_OBJECTS", "are_many", "slices"]

SLICE_BYTES = 256 * 2**20
SLICE_OBJECTS = 200  # many tiny files cost time by their number, not their size
FEW_SLICES = 8


def slices(objects: Sequence[ObjectRef]) -> tuple[tuple[ObjectRef, ...], ...]:
    """The objects in their order, in groups of at most `SLICE_BYTES`; an object above that is a slice of its own."""
    cut: list[list[ObjectRef]] = []
    room = 0
    for ref in objects:
        if not cut or ref.size > room or len(cut[-1]) == SLICE_OBJECTS:
            cut.append([])
            room = SLICE_BYTES
        cut[-1].append(ref)
        room -= ref.size
    return tuple(tuple(group) for group in cut)


def are_many(objects: Sequence[ObjectRef]) -> bool:
    """Whether the slices are worth executions of their own (a Distributed Map): hundreds of files, or many slices."""
    return len(objects) > SLICE_OBJECTS or len(slices(objects)) > FEW_SLICES
