"""Slices: every object once, in order, small ones together."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from datamesh.publish.forming import MAX_BYTES, MAX_OBJECTS
from datamesh.publish.manifest import ObjectRef
from datamesh.publish.slices import FEW_SLICES, SLICE_BYTES, SLICE_OBJECTS, are_many, slices
from datamesh.publish.validate import Validated

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


def test_hundreds_of_files_are_many_and_so_are_a_few_large_ones() -> None:
    assert not are_many(objects([1] * SLICE_OBJECTS))
    assert are_many(objects([1] * (SLICE_OBJECTS + 1)))
    assert not are_many(objects([SLICE_BYTES] * FEW_SLICES))
    assert are_many(objects([SLICE_BYTES] * (FEW_SLICES + 1)))


def test_a_batch_as_large_as_one_may_be_fits_into_a_state() -> None:
    """Step Functions carries 262,144 bytes; the answer of validate_batch is the numbers of the slices."""
    largest = (
        MAX_BYTES // SLICE_BYTES * 2 + MAX_OBJECTS // SLICE_OBJECTS
    )  # two neighbours are more than one slice's bytes
    answer = Validated(verdict="ok", slices=tuple(range(largest)), many=True)
    assert len(answer.model_dump_json()) < 16_384
