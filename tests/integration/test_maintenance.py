"""Maintenance of a table on a real catalog: what may go goes, what somebody may want stays, whatever dies or races."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.errors import CommitConflict, CommitStateUnknown
from datamesh.lake import layout
from datamesh.lake import maintenance as lake
from datamesh.lake import table as tables
from datamesh.lake.rewrite import Sizes, plan, rewrite
from datamesh.lake.unreachable import reachable
from datamesh.publish import maintenance
from datamesh.publish import manifest as manifests
from datamesh.publish.ledger import Counts, Maintained, Step
from datamesh.publish.maintenance import maintain
from datamesh.publish.transform import transform
from tests.support.lakeside import HEAD, LAKE, Lakeside, state_of

CONTRACT = (
    HEAD
    + """\
slaProperties:
  - {property: retention, value: 20, unit: d}
schema:
  - name: things
    properties:
      - {name: id, logicalType: integer, required: true}
      - name: at
        logicalType: timestamp
        partitioned: true
        partitionKeyPosition: 1
        customProperties:
          - {property: datamesh.partitionTransform, value: year}
"""
)
SIZES = Sizes(fewest=2)
NONE = Sizes(small=0)  # nothing is small: no compaction
STATE = state_of()


@pytest.fixture
def world(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.encode())


def published(world: Lakeside, number: int, *, told: bool = True) -> str:
    """A batch of two rows, in two years, as the data path leaves it; ANNOUNCED when `told`."""
    batch_id = world.batch("id,at\n")
    manifest = manifests.load("things", batch_id, s3=world.plane.client("s3"), bucket=LAKE)
    place = layout.staging_prefix("things", 1, batch_id, 1)
    uris = [f"s3://{LAKE}/{place}/{year}.parquet" for year in (2013, 2014)]
    table = world.table
    for uri, year in zip(uris, (2013, 2014), strict=True):
        rows = {"id": [number], "at": [datetime(year, 1, 1)]}
        with table.io.new_output(uri).create() as stream:
            pq.write_table(pa.table(rows, schema=table.schema().as_arrow()), stream)
    change = tables.Change(tuple(tables.data_files(table, uris)))
    made = tables.commit(table, change, marks={tables.BATCH: batch_id})
    world.ledger.committed(
        "things",
        manifest.batch_id,
        snapshot_id=made.snapshot_id,
        sequence=made.sequence,
        counts=Counts(rows_in=2, rows_published=2),
        reasons=[],
        profile_key="",
        total_rows=made.total_rows,
    )
    if told:
        world.ledger.announced("things", batch_id)
    world.ledger.release("things", batch_id, attempt=1)
    return batch_id


def days_later(world: Lakeside, days: int) -> Any:
    return replace(world.plane, now=lambda: datetime.now(UTC) + timedelta(days=days))


def after(world: Lakeside, days: int, *, sizes: Sizes = NONE, dry_run: bool = False) -> Maintained:
    """What is done so many days later, where two snapshots stay at least."""
    return maintain(days_later(world, days), STATE, sizes=sizes, dry_run=dry_run, kept=2)


def keys(prefix: str = "tables/") -> set[str]:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=LAKE, Prefix=prefix)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def batches_of(world: Lakeside) -> list[str | None]:
    return [past.batch_id for past in lake.history(world.table)]


def test_snapshots_older_than_the_contracts_retention_expire_but_for_the_newest(world: Lakeside) -> None:
    made = [published(world, number) for number in range(4)]

    assert after(world, 19).snapshots_expired == 0, "within retention"
    done = after(world, 21)

    assert done.snapshots_expired == 2
    assert batches_of(world) == made[2:]
    assert len(world.rows("id")) == 8, "what the table holds now is never taken"
    old = lake.history(world.table)[0].snapshot_id
    assert world.table.scan(snapshot_id=old).to_arrow().num_rows == 6, "what was kept can be read"


def test_a_snapshot_whose_batch_is_not_told_of_stays(world: Lakeside) -> None:
    made = [published(world, number, told=number != 0) for number in range(4)]
    after(world, 99)
    assert batches_of(world) == [made[0], made[2], made[3]]


def test_what_expired_is_removed_and_nothing_else(world: Lakeside) -> None:
    first = published(world, 0)
    with world.table.transaction() as change:  # its rows leave the table, as an overwrite would have them leave
        change.delete("id == 0")
    published(world, 1)
    published(world, 2)
    assert after(world, 99).snapshots_expired == 2
    kept = keys()

    for past in lake.history(world.table):
        world.table.scan(snapshot_id=past.snapshot_id).to_arrow()
    assert not [key for key in kept if f"batch={first}/" in key]
    assert after(world, 99).files_removed == 0
    assert keys() == kept


def test_an_attempt_that_was_abandoned_is_removed_once_its_batch_is_over(world: Lakeside) -> None:
    published(world, 1)
    batch_id = world.batch("id,at\n2,2013-01-01 00:00:00\n")
    at = {"product": "things", "batch_id": batch_id}
    transform(world.plane, **at, attempt=1, slice_number=0)
    staged = {key for key in keys() if f"batch={batch_id}" in key}
    evidence = keys("batches/")
    assert staged

    after(world, 99)
    assert staged <= keys(), "a running batch's files are left alone"

    world.ledger.failed("things", batch_id, error="Killed")
    after(world, 6)
    assert staged <= keys(), "those of a failed one as well, for a while"
    done = after(world, 8)
    assert not staged & keys()
    assert (done.files_removed, done.bytes_removed > 0) == (len(staged), True)
    assert keys("batches/") == evidence, "manifest and results are evidence"
    assert len(world.rows("id")) == 2


def test_a_file_that_was_written_just_now_may_be_of_a_commit_under_way(world: Lakeside) -> None:
    published(world, 1)
    for place in ("metadata/snap-1.avro", "data/stray.parquet"):
        boto3.client("s3").put_object(Bucket=LAKE, Key=f"tables/things_v1/{place}", Body=b"x")
    assert after(world, 2).files_removed == 0
    assert after(world, 4).files_removed == 2
    assert len(world.rows("id")) == 2


def test_small_files_become_one_for_each_partition_with_the_same_rows(world: Lakeside) -> None:
    for number in range(3):
        published(world, number)
    before = world.rows("id", "at")

    done = after(world, 0, sizes=SIZES)

    assert (done.files_rewritten, done.files_written) == (6, 2)
    assert world.rows("id", "at") == before
    files = [task.file for task in world.table.scan().plan_files()]
    assert sorted(file.partition[0] for file in files) == [43, 44], "years since 1970: a file of each"
    assert world.table.scan(row_filter="at >= '2014-01-01T00:00:00'").to_arrow().num_rows == 3
    assert done.snapshot_id == world.table.current_snapshot().snapshot_id
    assert after(world, 0, sizes=SIZES).files_rewritten == 0, "one file is not made of one file"


def test_a_batch_goes_on_after_maintenance_as_before(world: Lakeside) -> None:
    """The profile of the next batch goes on from that of the one before, past the snapshot that maintenance made."""
    first = published(world, 1)
    second = published(world, 2)
    after(world, 0, sizes=SIZES)

    assert tables.find_batch(world.table, first) is not None
    third = published(world, 3)
    landed = tables.find_batch(world.table, third)
    assert landed is not None
    assert landed.total_rows == 6
    previous = tables.find_batch(world.table, second)
    assert previous is not None
    newest = [batch.snapshot_id for batch in tables.batches(world.table)]
    assert newest[:2] == [landed.snapshot_id, previous.snapshot_id]


def test_the_newest_batch_stays_however_much_is_maintained_after_it(world: Lakeside) -> None:
    newest = published(world, 1)
    table = world.table
    for number in range(3):
        with table.transaction() as change, change.update_snapshot({"n": str(number)}).fast_append():
            pass
    after(world, 99)
    assert newest in batches_of(world)


def test_files_of_an_older_schema_are_rewritten_in_todays(world: Lakeside) -> None:
    published(world, 1)
    with world.table.update_schema() as change:
        change.rename_column("id", "number")
    with world.table.update_schema() as change:
        change.add_column("note", world.table.schema().find_type("at"))
    published_before = world.rows("number", "note")
    with world.table.transaction() as change, change.update_snapshot().fast_append():
        pass
    table = world.table
    made = [
        rewrite(table, [task], f"s3://{LAKE}/tables/things_v1/data/maintenance=m/{n}")
        for n, task in enumerate(table.scan().plan_files())
    ]
    lake.replace(table, made, maintenance_id="m")

    assert world.rows("number", "note") == published_before == [(1, None), (1, None)]
    ids = {field.name: field.field_id for field in world.table.schema().fields}
    [written] = made[0].files
    assert set(written.value_counts) == set(ids.values())


def test_what_a_batch_replaced_meanwhile_is_not_brought_back(world: Lakeside) -> None:
    for number in range(3):
        published(world, number)
    table = world.table
    [group, _] = plan(table, SIZES)
    made = rewrite(table, group, f"s3://{LAKE}/tables/things_v1/data/maintenance=m/0")
    with world.table.transaction() as change:
        change.delete("id == 1")

    with pytest.raises(CommitConflict):
        lake.replace(table.refresh(), [made], maintenance_id="m")
    assert sorted({row[0] for row in world.rows("id")}) == [0, 2]


def test_a_batch_that_commits_while_snapshots_expire_is_not_lost(world: Lakeside) -> None:
    made = [published(world, 1), published(world, 2)]
    stale = world.table
    made.append(published(world, 3))
    lake.expire(stale, [lake.history(stale)[0].snapshot_id])
    assert batches_of(world) == made[1:]
    assert {row[0] for row in world.rows("id")} == {1, 2, 3}


def test_a_dry_run_says_what_would_be_done_and_does_nothing(world: Lakeside) -> None:
    for number in range(4):
        published(world, number)
    before, history = keys(), batches_of(world)

    said = after(world, 99, sizes=SIZES, dry_run=True)

    assert (keys(), batches_of(world)) == (before, history)
    assert world.ledger.maintained("things", "things_v1") is None
    done = after(world, 99, sizes=SIZES)
    for what in ("snapshots_expired", "files_rewritten", "files_written"):
        assert getattr(said, what) == getattr(done, what) > 0


def test_what_was_done_is_recorded_and_told(world: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        published(world, number)
    told: list[Any] = []
    world.plane.client("events").meta.events.register(
        "provide-client-params.events.PutEvents", lambda params, **_: told.extend(params["Entries"])
    )
    done = after(world, 0, sizes=SIZES)
    assert world.ledger.maintained("things", "things_v1") == done
    assert [entry["DetailType"] for entry in told] == ["TableMaintained"]
    [step] = world.ledger.steps("things", done.run_id)
    assert (step.name, step.status, step.detail["table"]) == ("maintain_table", "succeeded", "things_v1")
    assert step.detail["files_rewritten"] == done.files_rewritten > 0


def test_a_maintenance_that_fails_leaves_its_step_and_a_dry_run_none(
    world: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(world, 0)
    runs: list[tuple[str, Step]] = []
    monkeypatch.setattr(type(world.ledger), "record_step", lambda _, product, run, step: runs.append((run, step)))

    def unanswered(*_: Any, **__: Any) -> None:
        raise CommitStateUnknown("no answer")

    maintain(world.plane, STATE, dry_run=True)
    assert runs == []

    monkeypatch.setattr(maintenance, "_compacted", unanswered)
    with pytest.raises(CommitStateUnknown):
        maintain(world.plane, STATE)
    [(_, step)] = runs
    assert (step.status, step.detail) == ("failed", {"table": "things_v1", "error": "CommitStateUnknown"})
    assert world.ledger.maintained("things", "things_v1") is None


@pytest.mark.parametrize("number", range(5))
def test_a_crash_anywhere_loses_nothing_and_is_made_good_the_next_time(world: Lakeside, number: int) -> None:
    """Expire, remove, rewrite, replace, record: killed before each change, then done again."""
    published(world, 0)
    with world.table.transaction() as change:
        change.delete("id == 0")
    published(world, 1)
    published(world, 2)
    before = world.rows("id", "at")
    with world.killed_at(number) as seen:
        after(world, 99, sizes=SIZES)
    assert len(seen) == number + 1, seen
    assert world.rows("id", "at") == before

    after(world, 99, sizes=SIZES)
    after(world, 200, sizes=SIZES)  # what the killed one left behind is old by now
    assert world.rows("id", "at") == before
    reached = {uri.removeprefix(f"s3://{LAKE}/") for uri in _reached(world)}
    assert keys() - reached == set(), "nothing lies there that no snapshot leads to"


def _reached(world: Lakeside) -> frozenset[str]:
    return reachable(world.table)


def test_transform_writes_where_layout_says_a_batch_does(world: Lakeside) -> None:
    """Else a running batch's files would be taken for nobody's."""
    batch_id = world.publish("id,at\n1,2013-01-01 00:00:00\n")[0]
    files = [key for key in keys() if key.endswith(".parquet")]
    assert {layout.batch_of_key(key) for key in files} == {batch_id}
    assert layout.batch_of_key("tables/things_v1/metadata/snap-1.avro") is None
