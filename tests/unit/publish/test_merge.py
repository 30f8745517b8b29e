"""Merging on the primary key: which rows win, told on plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from datamesh.contract.intake import Merge
from datamesh.contract.model import Table
from datamesh.engine.duck import connect
from datamesh.lake.files import PLACE, ROW
from datamesh.publish.merge import Merged, Stored, looked_at, merge
from tests.support.staging import column, table

KEY, SEQ, OP = column("id", "integer", primary_key_position=1), column("seq", "integer"), column("op")
ORDERED = table(KEY, SEQ, OP, write_mode="merge", merge=Merge("seq", "op", ("D", "X")))
PLAIN = table(KEY, SEQ, OP, write_mode="merge")

Row = tuple[int, int | None, str | None]


def stream(files: Sequence[Sequence[Row]]) -> pa.Table:
    flat = [(place, n, row) for place, rows in enumerate(files) for n, row in enumerate(rows)]
    return pa.table(
        {
            "id": pa.array([row[0] for _, _, row in flat], pa.int64()),
            "seq": pa.array([row[1] for _, _, row in flat], pa.int64()),
            "op": pa.array([row[2] for _, _, row in flat], pa.string()),
            PLACE: pa.array([place for place, _, _ in flat], pa.int32()),
            ROW: pa.array([n for _, n, _ in flat], pa.int64()),
        }
    )


class Files:
    """The table's files, which say the least and greatest key that they hold; what was read of them is noted."""

    def __init__(self, *files: Sequence[Row], bounds: bool = True) -> None:
        self.files, self.known, self.read = files, bounds, list[int]()

    @property
    def stored(self) -> Stored:
        return Stored(self._bounds, self._read)

    def _bounds(self, name: str) -> pa.Table:
        keys = [[row[0] for row in rows] if self.known else [None] for rows in self.files]
        return pa.table(
            {
                PLACE: pa.array(range(len(self.files)), pa.int32()),
                "low": pa.array([min(k, key=lambda v: v or 0) for k in keys], pa.int64()),
                "high": pa.array([max(k, key=lambda v: v or 0) for k in keys], pa.int64()),
            }
        )

    def _read(self, places: Sequence[int]) -> pa.Table:
        self.read = list(places)
        return stream([self.files[place] for place in places])


def merged(wanted: Table, batch: Sequence[Sequence[Row]], files: Files | None = None) -> Merged:
    with connect(memory_mb=300, threads=2) as con:
        return merge(con, wanted, stream(batch), files.stored if files else None)


def places(found: Any) -> dict[int, list[int]]:
    return {place: rows.to_pylist() for place, rows in found.items()}


def counts(done: Merged) -> tuple[int, int, int]:
    return done.published, done.superseded, done.deleted


def test_only_what_decides_is_looked_at() -> None:
    assert looked_at(ORDERED) == ("id", "seq", "op")
    assert looked_at(PLAIN) == ("id",)


def test_into_an_empty_table_each_key_goes_once() -> None:
    done = merged(ORDERED, [[(1, 1, "I"), (2, 1, "I")], [(1, 3, "U")], [(1, 2, "U"), (2, 1, "U")]])
    # 1: the greatest order, which is in the second file; 2: the same order twice, so the later file
    assert counts(done) == (2, 3, 0)
    assert places(done.incoming) == {0: [0, 1], 2: [0]}


def test_without_an_order_the_later_file_then_the_later_row_counts() -> None:
    done = merged(PLAIN, [[(1, 9, None)], [(1, 1, None), (1, 0, None)]])
    assert counts(done) == (1, 2, 0)
    assert places(done.incoming) == {0: [0], 1: [0]}


@pytest.mark.parametrize(
    ("theirs", "mine", "stays"),
    [(1, 2, False), (2, 2, False), (3, 2, True), (None, 2, False), (2, None, True), (None, None, False)],
)
@pytest.mark.parametrize("mark", ["U", "D"])
def test_a_newer_row_of_the_table_stays(theirs: int | None, mine: int | None, stays: bool, mark: str) -> None:
    done = merged(ORDERED, [[(1, mine, mark)]], Files([(7, 1, "I"), (1, theirs, "I")]))
    if stays:
        assert counts(done) == (0, 1, 0)
        assert (places(done.incoming), places(done.stored)) == ({0: [0]}, {})
    else:
        assert counts(done) == ((0, 0, 1) if mark == "D" else (1, 0, 0))
        assert (places(done.incoming), places(done.stored)) == ({0: [0]} if mark == "D" else {}, {0: [1]})


def test_any_of_the_marks_deletes_and_a_key_that_is_not_there_is_deleted_as_well() -> None:
    done = merged(ORDERED, [[(1, 2, "D"), (2, 2, "X"), (3, 2, "d"), (4, 2, None)]], Files([(1, 1, "I")]))
    assert counts(done) == (2, 0, 2)
    assert places(done.stored) == {0: [0]}


def test_the_last_of_a_key_may_delete_what_the_batch_itself_brought() -> None:
    assert counts(merged(ORDERED, [[(1, 1, "I"), (1, 2, "D")]])) == (0, 1, 1)
    assert counts(merged(ORDERED, [[(1, 1, "D"), (1, 2, "I")]])) == (1, 1, 0)


def test_only_files_that_may_hold_a_key_are_read() -> None:
    files = Files([(1, 1, ""), (5, 1, "")], [(6, 1, ""), (9, 1, "")], [(10, 1, ""), (19, 1, "")], [(20, 1, "")])
    done = merged(ORDERED, [[(5, 2, "U"), (12, 2, "I"), (21, 2, "I")]], files)
    # 12 lies within the third file's bounds and is not in it
    assert files.read == [0, 2]
    assert places(done.stored) == {0: [1]}


def test_files_that_say_nothing_of_their_keys_are_read() -> None:
    files = Files([(1, 1, "")], [(2, 1, "")], bounds=False)
    assert places(merged(ORDERED, [[(2, 2, "U")]], files).stored) == {1: [0]}
    assert files.read == [0, 1]


def test_a_key_of_several_columns_is_one_key() -> None:
    wanted = table(KEY, column("seq", "integer", primary_key_position=2), OP, write_mode="merge")
    done = merged(wanted, [[(1, 1, ""), (1, 2, ""), (2, 1, ""), (1, 1, "")]], Files([(1, 2, ""), (2, 2, "")]))
    assert counts(done) == (3, 1, 0)
    assert places(done.stored) == {0: [0]}
