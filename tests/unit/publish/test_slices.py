"""Slices: every object once, in order, small ones together."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from datamesh.publish.manifest import ObjectRef
from datamesh.publish.slices import SLICE_BYTES, SLICE_OBJECTS, slices

NOW = datetime(2013, 1, 1, tzinfo=UTC)


def objects(sizes: list[int]) -> list[ObjectRef]:
    return [
        ObjectRef(bucket="b", key=f"k{i}", size=size, checksum="c", object_id=f"{i}", arrived_at=NOW)
        for i, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(0, 2 * SLICE_BYTES), max_size=50))
def test_no_object_is_lost_and_no_slice_too_large(sizes: list[int]) -> None:
    given_objects = objects(sizes)

    cut = slices(given_objects)

    assert list(chain(*cut)) == given_objects
    assert all(group and (len(group) == 1 or sum(ref.size for ref in group) <= SLICE_BYTES) for group in cut)


def test_tiny_files_are_cut_by_their_number() -> None:
    assert [len(group) for group in slices(objects([1] * (SLICE_OBJECTS + 1)))] == [SLICE_OBJECTS, 1]


def test_small_neighbours_stay_together() -> None:
    assert [len(group) for group in slices(objects([10, SLICE_BYTES - 10, 1, 2 * SLICE_BYTES, 5]))] == [2, 1, 1, 1]
