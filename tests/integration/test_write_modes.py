"""What files do to a table that has rows already: merged by key, in place of partitions, late, killed and raced.

A slow reference keeps the same rows in plain Python.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import pytest

from datamesh.contract.profile import Profile
from datamesh.lake import table as lake
from datamesh.publish import outcome as outcomes
from datamesh.publish import slices
from datamesh.publish.commit import Cataloged, catalog
from datamesh.publish.ledger import Counts
from datamesh.publish.transform import transform
from datamesh.publish.validate import validate
from tests.support.lakeside import HEAD, LAKE, Lakeside, a_minute

CONTRACT = (
    HEAD
    + """\
schema:
  - name: things
    customProperties:
      - {property: datamesh.writeMode, value: MODE}
      - property: datamesh.merge
        value: {order: seq, delete: {column: op, values: [D]}}
    quality:
      - {id: enough, metric: rowCount, mustBeLessThan: 100, severity: error}
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: seq, logicalType: integer}
      - {name: op, logicalType: string}
      - {name: name, logicalType: string, required: true}
      - {name: day, logicalType: date, partitioned: true}
"""
)
HEAD = "id,seq,op,name,day\n"


class Row(NamedTuple):
    id: int | None
    seq: int | None
    op: str
    name: str
    day: str

    @property
    def line(self) -> str:
        return ",".join("" if value is None else str(value) for value in self) + "\n"

    @property
    def bad(self) -> bool:
        """Without its key; or without a name, unless it is to be deleted."""
        return self.id is None or (not self.name and self.op != "D")

    @property
    def order(self) -> tuple[bool, int]:
        return (self.seq is not None, self.seq or 0)


def csv(rows: Sequence[Row]) -> str:
    return HEAD + "".join(row.line for row in rows)


def world(mode: str) -> Lakeside:
    return Lakeside.build(CONTRACT.replace("MODE", mode).encode())


@pytest.fixture
def merging(account: None) -> Lakeside:
    return world("merge")


@pytest.fixture
def replacing(account: None) -> Lakeside:
    return world("overwritePartitions")


def table_of(there: Lakeside) -> list[tuple[Any, ...]]:
    return [(i, seq, name, str(day or "")) for i, seq, name, day in there.rows("id", "seq", "name", "day")]


def as_table(rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    return sorted(((r.id, r.seq, r.name, r.day) for r in rows), key=repr)


def profile_of(there: Lakeside, batch_id: str) -> Profile:
    key = there.standing(batch_id).profile_key
    return Profile.model_validate_json(there.plane.client("s3").get_object(Bucket=LAKE, Key=key)["Body"].read())


# Merging


def reference_merge(rows: dict[int, Row], files: Sequence[Sequence[Row]]) -> Counts:
    """Merges files into `rows`, one row at a time; where their rows went."""
    went: Counter[str] = Counter(rows_in=sum(map(len, files)))
    best: dict[int, tuple[Any, Row]] = {}
    for number, file in enumerate(files):
        for place, row in enumerate(file):
            if row.bad or row.id is None:
                went["rows_quarantined"] += 1
                continue
            rank = (row.order, number, place)
            if row.id in best:
                went["rows_superseded"] += 1
            if row.id not in best or rank > best[row.id][0]:
                best[row.id] = (rank, row)
    for key, (_, row) in best.items():
        if key in rows and rows[key].order > row.order:
            went["rows_superseded"] += 1
        elif row.op == "D":
            rows.pop(key, None)
            went["rows_deleted"] += 1
        else:
            rows[key] = row
            went["rows_published"] += 1
    return Counts(**went)


def random_file(rng: random.Random) -> list[Row]:
    return [
        Row(
            id=rng.choice([None, *range(40)]) if rng.random() < 0.05 else rng.randrange(40),
            seq=rng.choice([None, *range(30)]),
            op=rng.choice("IUUD"),
            name=rng.choice(["", "a", "b", "c"]),
            day=rng.choice(["", "2013-01-01", "2013-01-02", "2013-02-01"]),
        )
        for _ in range(rng.randrange(1, 14))
    ]


def test_many_batches_leave_what_the_reference_has(merging: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_OBJECTS", 2)
    rng, rows, total = random.Random(20131), dict[int, Row](), Counter[str]()
    for number in range(22):
        files = [random_file(rng) for _ in range(rng.randrange(1, 5))]
        files[0].append(Row(100 + number, number, "I", "new", "2013-01-01"))

        batch_id, done = merging.publish(*map(csv, files))

        expected = reference_merge(rows, files)
        batch = merging.standing(batch_id)
        assert batch.counts == expected, f"batch {number}"
        assert done.verdict == "committed"
        assert batch.total_rows == len(rows) == profile_of(merging, batch_id).rows
        assert table_of(merging) == as_table(list(rows.values())), f"batch {number}"
        total.update(expected.model_dump())
    nulls = {column.name: column.nulls for column in profile_of(merging, batch_id).columns}
    assert nulls["day"] == sum(not row.day for row in rows.values())
    assert nulls["seq"] == sum(row.seq is None for row in rows.values())
    assert total.pop("rows_rejected") == 0, "no batch was"
    assert min(total.values()) > 10, "each other fate was met with"


def test_a_merge_touches_no_file_without_a_touched_key(merging: Lakeside) -> None:
    merging.publish(csv([Row(n, 1, "I", "a", "2013-01-01") for n in (1, 2, 3)]))
    merging.publish(csv([Row(n, 1, "I", "a", "2013-01-01") for n in (7, 9)]))
    before = {task.file.file_path for task in merging.table.scan().plan_files()}

    # 8 lies between the second file's keys and is not there; 2 is in the first
    merging.publish(csv([Row(2, 2, "U", "b", "2013-01-01"), Row(8, 1, "I", "b", "2013-01-01")]))

    after = {task.file.file_path for task in merging.table.scan().plan_files()}
    assert len(before - after) == 1
    assert len(after) == 3
    [written] = [path for path in after - before if "/merged-" in path]
    assert f"/data/batch={lake_batch(merging)}/attempt=1/" in written


def lake_batch(there: Lakeside) -> str:
    return next(lake.batches(there.table)).marks[lake.BATCH]


def test_an_update_may_move_a_row_to_another_partition(merging: Lakeside) -> None:
    merging.publish(csv([Row(1, 1, "I", "a", "2013-01-01"), Row(2, 1, "I", "a", "2013-01-01")]))
    merging.publish(csv([Row(1, 2, "U", "a", "2013-01-02")]))
    assert table_of(merging) == [(1, 2, "a", "2013-01-02"), (2, 1, "a", "2013-01-01")]
    assert sorted(str(task.file.partition[0]) for task in merging.table.scan().plan_files()) == ["15706", "15707"]


def test_a_batch_of_older_rows_is_a_snapshot_that_changes_nothing(merging: Lakeside) -> None:
    merging.publish(csv([Row(1, 5, "I", "a", "")]))
    batch_id, _ = merging.publish(csv([Row(1, 4, "U", "late", ""), Row(1, 3, "D", "", "")]))
    batch = merging.standing(batch_id)
    assert batch.counts == Counts(rows_in=2, rows_superseded=2)
    assert (batch.total_rows, batch.sequence) == (1, 2)
    assert table_of(merging) == [(1, 5, "a", "")]
    assert profile_of(merging, batch_id).rows == 1


def test_rows_are_counted_in_the_table_as_it_would_be(merging: Lakeside) -> None:
    """Ninety rows, of which sixty are updated, and twenty new ones: more than a hundred only if counted twice."""
    merging.publish(csv([Row(n, 1, "I", "a", "") for n in range(90)]))
    _, done = merging.publish(csv([Row(n, 2, "U", "b", "") for n in range(60)]))
    assert done.verdict == "committed"
    batch_id, done = merging.publish(csv([Row(n, 1, "I", "b", "") for n in range(100, 110)]))
    assert done.verdict == "rejected"
    assert merging.standing(batch_id).counts.rows_published == 0
    assert len(merging.rows("id")) == 90


# In place of partitions


class Landed(NamedTuple):
    """A file of the reference: when it arrived, and its rows."""

    arrived: int
    rows: list[Row]


def reference_replace(parts: dict[str, Landed], files: Sequence[Landed]) -> Counts:
    """Each part belongs to the newest file that has rows of it, whenever that is published."""
    before = dict(parts)
    rows_in = sum(len(file.rows) for file in files)
    bad = sum(row.bad for file in files for row in file.rows)
    for file in files:
        good = [row for row in file.rows if not row.bad]
        for day in {row.day for row in good}:
            if day not in parts or parts[day].arrived < file.arrived:
                parts[day] = Landed(file.arrived, [row for row in good if row.day == day])
    new = sum(len(part.rows) for day, part in parts.items() if before.get(day) is not part)
    return Counts(rows_in=rows_in, rows_published=new, rows_quarantined=bad, rows_superseded=rows_in - bad - new)


def test_files_replace_partitions_whatever_order_they_are_published_in(
    replacing: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "SLICE_OBJECTS", 2)
    rng, key, parts = random.Random(20132), iter(range(10_000)), dict[str, Landed]()
    days = ["", *(f"2013-01-{day:02d}" for day in range(1, 7))]
    landed = []
    for number in range(30):
        rows = [Row(next(key), number, "", rng.choice(["a", "a", "a", ""]), rng.choice(days)) for _ in range(6)]
        rows.append(Row(next(key), number, "", "a", rng.choice(days)))
        landed.append((replacing.drop(csv(rows)), Landed(number, rows)))
    late = [landed.pop(rng.randrange(len(landed))) for _ in range(8)]
    while landed or late:
        source = late if late and (not landed or rng.random() < 0.3) else landed
        chosen = sorted((source.pop(0) for _ in range(min(len(source), rng.randrange(1, 5)))), key=lambda f: f[1])

        batch_id, _ = replacing.publish_objects(*(ref for ref, _ in chosen))

        expected = reference_replace(parts, [file for _, file in chosen])
        batch = replacing.standing(batch_id)
        assert batch.counts == expected
        rows = [row for part in parts.values() for row in part.rows]
        assert table_of(replacing) == as_table(rows)
        assert batch.total_rows == len(rows) == profile_of(replacing, batch_id).rows


def test_a_key_in_two_files_is_no_repetition_where_one_replaces_the_other(replacing: Lakeside) -> None:
    old = csv([Row(1, 1, "", "a", "2013-01-01"), Row(2, 1, "", "a", "2013-01-02")])
    new = csv([Row(1, 2, "", "b", "2013-01-01"), Row(1, 3, "", "c", "2013-01-01")])

    batch_id, _ = replacing.publish(old, new)

    # In the newer file the key stands twice, and its first row is kept
    assert table_of(replacing) == [(1, 2, "b", "2013-01-01"), (2, 1, "a", "2013-01-02")]
    assert replacing.standing(batch_id).counts == Counts(
        rows_in=4, rows_published=2, rows_quarantined=1, rows_superseded=1
    )


def test_one_replaced_partition_is_one_snapshot_and_leaves_the_other_files_alone(replacing: Lakeside) -> None:
    replacing.publish(csv([Row(n, 1, "", "a", f"2013-01-0{n}") for n in (1, 2, 3)]))
    before = {task.file.file_path for task in replacing.table.scan().plan_files()}
    replacing.publish(csv([Row(9, 1, "", "b", "2013-01-02")]))
    after = {task.file.file_path for task in replacing.table.scan().plan_files()}
    assert (len(before & after), len(after)) == (2, 3)
    assert len(replacing.table.metadata.snapshots) == 2


# Whole tables


def test_a_file_that_comes_late_does_not_replace_a_newer_one(account: None) -> None:
    there = world("overwrite")
    older, newer = there.drop(csv([Row(1, 1, "", "old", "")])), there.drop(csv([Row(2, 1, "", "new", "")]))
    there.publish_objects(newer)

    batch_id, done = there.publish_objects(older)

    assert done.verdict == "committed"
    assert there.standing(batch_id).counts == Counts(rows_in=1, rows_superseded=1)
    assert table_of(there) == [(2, 1, "new", "")]
    # And one that is newer than both does
    there.publish(csv([Row(3, 1, "", "newest", "")]))
    assert table_of(there) == [(3, 1, "newest", "")]


# Killed and raced


def staged(there: Lakeside, *bodies: str) -> tuple[str, dict[str, Any]]:
    """A batch that has been validated and transformed: what is left is to catalog it."""
    batch_id = there.batch(*bodies)
    at: dict[str, Any] = {"product": "things", "batch_id": batch_id, "attempt": 1}
    validated = validate(there.plane, **at)
    for number in validated.slices:
        transform(there.plane, **at, slice_number=number)
    return batch_id, at


@pytest.mark.parametrize("mode", ["merge", "overwritePartitions", "overwrite"])
def test_whatever_call_the_last_step_dies_at_a_batch_is_published_once(mode: str, account: None) -> None:
    """Dying before a change is dying after the one before it; the step is started again from its beginning."""
    there, number, changes = world(mode), 0, ["none yet"]
    there.publish(csv([Row(n, 0, "I", "a", f"2013-01-0{1 + n % 3}") for n in range(20)]))
    while changes[-1] != "":
        update, gone = Row(number, number + 1, "U", "b", "2013-01-01"), Row(19 - number, 99, "D", "d", "2013-01-02")
        old = there.table.current_snapshot().snapshot_id
        batch_id, at = staged(there, csv([gone, Row(50, number, "I", "n", "2013-01-01")]), csv([update]))

        with there.killed_at(number) as changes:
            catalog(there.plane, **at, seconds_left=a_minute)
            changes.append("")  # it came to its end
        done = catalog(there.plane, **at, seconds_left=a_minute)

        where = f"before change {number}, {changes[-1]}"
        batch, snapshots = there.standing(batch_id), there.table.metadata.snapshots
        assert (batch.state, batch.snapshot_id) == ("COMMITTED", done.snapshot_id), where
        assert batch.counts == expected_counts(mode), where
        assert sum(s.parent_snapshot_id == old for s in snapshots) == 1, where
        assert len(there.rows("id")) == batch.total_rows == profile_of(there, batch_id).rows, where
        there.ledger.release("things", batch_id, attempt=1)
        number += 1
    assert {"UpdateTable", "PutObject", "UpdateItem"} <= set(changes)
    assert number >= 5
    if mode == "merge":
        assert len(there.rows("id")) == 20 - number + 1


def expected_counts(mode: str) -> Counts:
    return {
        "merge": Counts(rows_in=3, rows_published=2, rows_deleted=1),
        "overwritePartitions": Counts(rows_in=3, rows_published=2, rows_superseded=1),
        "overwrite": Counts(rows_in=3, rows_published=1, rows_superseded=2),
    }[mode]


def test_a_merge_that_loses_a_race_is_planned_anew(merging: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    merging.publish(csv([Row(1, 1, "I", "a", ""), Row(2, 1, "I", "a", "")]))
    batch_id, at = staged(merging, csv([Row(1, 5, "U", "mine", ""), Row(2, 5, "U", "mine", "")]))
    load = lake.load

    def raced(*name: str) -> Any:
        """The table as it is, just before another batch merges a newer row into it."""
        table = load(*name)
        monkeypatch.setattr(lake, "load", load)
        merging.ledger.release("things", batch_id, attempt=1)
        merging.publish(csv([Row(1, 9, "U", "theirs", ""), Row(2, 9, "D", "", "")]))
        assert merging.ledger.acquire("things", batch_id, ttl=merging.plane.lease_ttl)
        return table

    monkeypatch.setattr(lake, "load", raced)
    done = catalog(merging.plane, **at, seconds_left=a_minute)

    assert isinstance(done, Cataloged)
    assert merging.standing(batch_id).counts == Counts(rows_in=2, rows_published=1, rows_superseded=1)
    assert table_of(merging) == [(1, 9, "theirs", ""), (2, 5, "mine", "")]


def test_the_ledger_has_the_counts_of_the_snapshot_that_landed(
    merging: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two invocations of one attempt: the first has landed, the second looked at the table before that."""
    merging.publish(csv([Row(1, 1, "I", "a", "")]))
    batch_id, at = staged(merging, csv([Row(1, 2, "U", "b", ""), Row(3, 1, "D", "", "")]))
    first, save = [], outcomes.save

    def overtaken(*given: Any, **more: Any) -> str:
        monkeypatch.setattr(outcomes, "save", save)
        catalog(merging.plane, **at, seconds_left=a_minute)
        first.append(merging.standing(batch_id))
        return save(*given, **more)

    monkeypatch.setattr(outcomes, "save", overtaken)
    catalog(merging.plane, **at, seconds_left=a_minute)

    assert merging.standing(batch_id) == first[0]
    assert first[0].counts == Counts(rows_in=2, rows_published=1, rows_deleted=1)
    assert table_of(merging) == [(1, 2, "b", "")]
