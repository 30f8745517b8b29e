"""The data path on a real catalog: from files to one snapshot, whatever dies, races or is repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import boto3
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ReadTimeoutError

from datamesh.contract.profile import Profile
from datamesh.errors import CommitStateUnknown, InfrastructureError, LeaseLost
from datamesh.events import Reason
from datamesh.lake import table as lake
from datamesh.publish import manifest as manifests
from datamesh.publish import record as records
from datamesh.publish import slices
from datamesh.publish.commit import Cataloged, catalog
from datamesh.publish.endings import fail, reject
from datamesh.publish.ledger import Counts
from datamesh.publish.record import RunRecord
from datamesh.publish.transform import transform
from datamesh.publish.validate import Validated, validate
from tests.support.lakeside import HEAD, Killed, Lakeside, a_minute, own_glue

CONTRACT = (
    HEAD
    + """\
schema:
  - name: things
    customProperties:
      - property: datamesh.writeMode
        value: MODE
    quality:
      - {id: enough, metric: rowCount, mustBeLessThan: 100, severity: error}
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - name: name
        logicalType: string
        quality:
          - {id: named, metric: nullValues, mustBeLessThan: 50, unit: percent, severity: warning}
      - name: at
        logicalType: timestamp
        logicalTypeOptions: {timezone: true}
        partitioned: true
        partitionKeyPosition: 1
        customProperties:
          - {property: datamesh.partitionTransform, value: month}
"""
)
ONE = "id,name,at\n1,a,2013-01-01T00:00:00Z\n2,b,2013-02-01T00:00:00Z\nx,c,\n"
TWO = "id,name,at\n3,c,2013-01-05T00:00:00Z\n4,d,\n"


@pytest.fixture
def appending(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.replace("MODE", "append").encode())


@pytest.fixture
def replacing(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.replace("MODE", "overwrite").encode())


def cataloged(done: Any) -> Cataloged:
    assert isinstance(done, Cataloged)
    return done


def profile_of(world: Lakeside, batch_id: str) -> Profile:
    key = world.standing(batch_id).profile_key
    body = boto3.client("s3").get_object(Bucket="lake", Key=key)["Body"].read()
    return Profile.model_validate_json(body)


def test_good_rows_are_in_the_table_and_bad_ones_in_quarantine(appending: Lakeside) -> None:
    batch_id, done = appending.publish(ONE, TWO)

    committed = cataloged(done)
    assert (committed.verdict, committed.status) == ("committed", "partial")
    assert committed.reasons == (Reason(rule="type", column="id", rows=1),)
    assert appending.rows("id", "name") == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    batch = appending.standing(batch_id)
    assert (batch.state, batch.snapshot_id, batch.total_rows) == ("COMMITTED", committed.snapshot_id, 4)
    assert (batch.counts.rows_in, batch.counts.rows_published, batch.counts.rows_quarantined) == (5, 4, 1)
    assert [(step.name, step.status) for step in appending.ledger.steps("things", batch_id)] == [
        ("validate_batch", "succeeded"),
        ("transform_batch", "succeeded"),
        ("catalog_product", "succeeded"),
    ]


def test_quarantine_says_where_a_bad_row_came_from(appending: Lakeside, tmp_path: Any) -> None:
    batch_id, _ = appending.publish(ONE)

    s3 = boto3.client("s3")
    [found] = s3.list_objects_v2(Bucket="lake", Prefix=f"quarantine/things/{batch_id}/")["Contents"]
    s3.download_file("lake", found["Key"], str(tmp_path / "q.parquet"))
    [row] = pq.read_table(tmp_path / "q.parquet").to_pylist()
    assert (row["batch_id"], row["file"], row["row_number"]) == (batch_id, "things/0.csv", 3)
    assert (row["rule"], row["column"], row["value"]) == ("type", "id", "x")
    assert row["original"] == {"id": "x", "name": "c", "at": None}


def test_the_snapshot_names_its_batch_and_its_files_keep_to_their_partitions(appending: Lakeside) -> None:
    batch_id, done = appending.publish(ONE, TWO)

    table = appending.table
    summary = table.current_snapshot().summary.additional_properties
    assert (summary["datamesh.batch-id"], summary["datamesh.rows-in"]) == (batch_id, "5")
    files = [task.file for task in table.scan().plan_files()]
    assert all(f"/data/batch={batch_id}/attempt=1/slice-00000-" in file.file_path for file in files)
    assert sorted(str(file.partition[0]) for file in files) == ["516", "517", "None"]
    assert cataloged(done).snapshot_id == table.current_snapshot().snapshot_id


def test_profiles_add_up_over_appends(appending: Lakeside) -> None:
    appending.publish(ONE)
    second, _ = appending.publish(TWO)

    profile = profile_of(appending, second)

    assert (profile.rows, profile.snapshot_id) == (4, appending.standing(second).snapshot_id)
    assert [(c.name, c.nulls, c.minimum, c.maximum) for c in profile.columns] == [
        ("id", 0, 1, 4),
        ("name", 0, "a", "d"),
        ("at", 1, "2013-01-01T00:00:00+00", "2013-02-01T00:00:00+00"),
    ]
    assert profile.columns[1].values == ("a", "b", "c", "d")


def test_an_overwrite_is_one_snapshot_of_the_newest_file(replacing: Lakeside) -> None:
    replacing.publish(ONE)
    before = len(replacing.table.metadata.snapshots)

    second, done = replacing.publish(ONE, "not,even,ours\n1,2,3\n", TWO)

    assert cataloged(done).status == "published"
    assert replacing.rows("id") == [(3,), (4,)]
    assert len(replacing.table.metadata.snapshots) == before + 1
    counts = replacing.standing(second).counts
    assert (counts.rows_in, counts.rows_published, counts.rows_superseded) == (5, 2, 3)
    assert profile_of(replacing, second).rows == 2


def test_a_refused_file_rejects_its_batch_before_any_work(appending: Lakeside) -> None:
    batch_id, done = appending.publish(ONE, "name\nonly\n")

    assert isinstance(done, Validated)
    assert done.model_dump(mode="json") == {
        "verdict": "rejected",
        "slices": [],
        "many": False,
        "reasons": [{"rule": "missing-column", "column": "id", "rows": 0}],
    }
    [step] = appending.ledger.steps("things", batch_id)
    assert (step.status, step.detail["refused"]) == ("rejected", ["things/1.csv"])
    assert appending.table.current_snapshot() is None


def test_the_gate_rejects_and_says_so(appending: Lakeside) -> None:
    body = "id,name,at\n" + "".join(f"{n},,\n" for n in range(100))

    batch_id, done = appending.publish(body)

    rejected = cataloged(done)
    assert (rejected.verdict, rejected.snapshot_id) == ("rejected", None)
    assert rejected.reasons == (Reason(rule="enough", rows=100), Reason(rule="named", column="name", rows=100))
    batch = appending.standing(batch_id)
    assert (batch.state, batch.counts.rows_in, batch.counts.rows_published) == ("REJECTED", 100, 0)
    assert appending.table.current_snapshot() is None


def record_of(world: Lakeside, batch_id: str) -> RunRecord:
    record = records.find(world.standing(batch_id), s3=world.plane.client("s3"), bucket="lake")
    assert record is not None
    return record


def test_the_run_record_tells_all_of_a_run(appending: Lakeside) -> None:
    batch_id, _ = appending.publish(ONE, TWO)

    record, batch = record_of(appending, batch_id), appending.standing(batch_id)

    assert (record.status, record.attempt, record.contract_version, record.objects) == ("partial", 1, "1.0.0", 2)
    assert (record.counts, record.reasons, record.total_rows) == (batch.counts, batch.reasons, batch.total_rows)
    assert (record.snapshot_id, record.profile_key) == (batch.snapshot_id, batch.profile_key)
    assert sorted(file.uri for file in record.files) == sorted(
        task.file.file_path for task in appending.table.scan().plan_files()
    )
    s3 = boto3.client("s3")
    assert all(s3.head_object(Bucket="lake", Key=key)["ContentLength"] for key in record.quarantine)
    assert len(record.quarantine) == 1
    assert {f.rule: (f.status, f.rows) for f in record.findings if f.column == "id"} == {
        "type": ("failed", 1),
        "required": ("passed", 0),
        "primaryKey": ("passed", 0),
    }
    assert {f.rule: (f.status, f.value, f.unit) for f in record.findings if f.about == "batch"} == {
        "named": ("passed", 0.0, "percent"),
        "enough": ("passed", 4.0, "rows"),
        "maxQuarantinedPercent": ("passed", 20.0, "percent"),
    }


def test_a_rejected_run_has_a_record_too(appending: Lakeside) -> None:
    batch_id, _ = appending.publish("id,name,at\n" + "".join(f"{n},,\n" for n in range(100)))

    record = record_of(appending, batch_id)

    assert (record.status, record.snapshot_id, record.files) == ("rejected", None, ())
    assert [(f.rule, f.status, f.value) for f in record.findings if f.failed] == [
        ("named", "warning", 100.0),
        ("enough", "failed", 100.0),
    ]


ENDS: dict[str, tuple[list[str], Counts]] = {
    "published": ([TWO], Counts(rows_in=2, rows_published=2)),
    "partial": ([ONE, TWO], Counts(rows_in=5, rows_published=4, rows_quarantined=1)),
    "rejected by the gate": (
        ["id,name,at\nx,,\n" + "".join(f"{n},,\n" for n in range(100))],
        Counts(rows_in=101, rows_quarantined=1, rows_rejected=100),
    ),
    "rejected unread": ([ONE, "name\nonly\n"], Counts()),
    "rejected half read": ([ONE, "gone"], Counts(rows_in=3, rows_quarantined=1, rows_rejected=2)),
    "failed": ([ONE], Counts()),
}


@pytest.mark.parametrize("end", ENDS)
def test_the_rows_of_every_record_add_up(end: str, appending: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies, wanted = ENDS[end]
    monkeypatch.setattr(slices, "SLICE_OBJECTS", 1 if "gone" in bodies else slices.SLICE_OBJECTS)
    batch_id = appending.batch(*(TWO if body == "gone" else body for body in bodies))
    at: dict[str, Any] = {"product": "things", "batch_id": batch_id, "attempt": 1}

    if end == "failed":
        fail(appending.plane, **at, error="Transient")
    else:
        done = validate(appending.plane, **at)
        if "gone" in bodies:
            delete_the_files_of(appending, batch_id, 1)
        for number in done.slices if done.verdict == "ok" else ():
            transform(appending.plane, **at, slice_number=number)
        if done.verdict == "ok":
            catalog(appending.plane, **at, seconds_left=a_minute)
        else:
            reject(appending.plane, **at, reasons=done.reasons)

    record, batch = record_of(appending, batch_id), appending.standing(batch_id)
    assert record.status == end.split(maxsplit=1)[0]
    assert (record.counts, batch.counts) == (wanted, wanted)
    assert record.counts.balanced


def test_what_does_not_add_up_is_no_end(appending: Lakeside) -> None:
    batch_id = appending.batch(ONE)

    with pytest.raises(InfrastructureError):
        appending.ledger.rejected("things", batch_id, reasons=(), counts=Counts(rows_in=3, rows_quarantined=1))

    assert appending.standing(batch_id).state == "ASSIGNED"


def test_failed_checks_are_told_as_events(appending: Lakeside) -> None:
    told: list[dict[str, Any]] = []

    def keep(params: dict[str, Any], **_: Any) -> None:
        told.extend(params["Entries"])

    appending.plane.client("events").meta.events.register("provide-client-params.events.PutEvents", keep)

    appending.publish("id,name,at\n1,,\n2,b,\n")

    [entry] = told
    assert entry["DetailType"] == "QualityGateFailed"
    data = json.loads(entry["Detail"])["data"]
    assert (data["rule"], data["column"], data["severity"]) == ("named", "name", "warning")


def test_several_slices_are_one_commit(appending: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_OBJECTS", 1)

    batch_id, done = appending.publish(ONE, TWO)

    assert cataloged(done).verdict == "committed"
    assert len(appending.table.metadata.snapshots) == 1
    assert appending.rows("id") == [(1,), (2,), (3,), (4,)]
    assert profile_of(appending, batch_id).rows == 4


def test_a_key_in_two_slices_rejects_the_batch(appending: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_OBJECTS", 1)

    _, done = appending.publish(ONE, ONE)

    assert cataloged(done).verdict == "rejected"
    assert Reason(rule="primaryKey", column="id", rows=2) in done.reasons
    assert appending.table.current_snapshot() is None


def test_a_step_of_an_attempt_that_was_replaced_touches_nothing(appending: Lakeside) -> None:
    batch_id = appending.batch(ONE)
    at: dict[str, Any] = {"product": "things", "batch_id": batch_id, "attempt": 2}

    with pytest.raises(LeaseLost):
        validate(appending.plane, **at)
    with pytest.raises(LeaseLost):
        transform(appending.plane, **at, slice_number=0)
    with pytest.raises(LeaseLost):
        catalog(appending.plane, **at, seconds_left=a_minute)
    assert appending.ledger.steps("things", batch_id) == []


def test_whatever_call_a_run_dies_at_its_rows_are_there_once(appending: Lakeside) -> None:
    """Dying before a change is dying after the one before it; the process is started again from its beginning."""
    published, number, changes = 0, 0, ["none yet"]
    while changes[-1] != "":
        batch_id = appending.batch(f"id,name,at\n{2 * number},a,\n{2 * number + 1},b,2013-01-01\nx,,\n")

        with appending.killed_at(number) as changes:
            appending.run(batch_id)
            changes.append("")  # it came to its end
        done = cataloged(appending.run(batch_id))

        published += 2
        where = f"before change {number}, {changes[-1]}"
        batch = appending.standing(batch_id)
        assert (batch.state, batch.snapshot_id) == ("COMMITTED", done.snapshot_id), where
        assert (batch.counts.rows_in, batch.counts.rows_published) == (3, 2), where
        assert record_of(appending, batch_id).counts == batch.counts, where
        assert profile_of(appending, batch_id).rows == published == batch.total_rows, where
        appending.ledger.release("things", batch_id, attempt=1)
        number += 1

    assert {"UpdateTable", "PutObject", "UpdateItem"} <= set(changes)
    assert appending.rows("id") == [(n,) for n in sorted(range(published), key=lambda n: repr((n,)))]


@pytest.mark.parametrize(
    ("body", "state", "status"), [(ONE, "COMMITTED", "succeeded"), ("id\nx\n", "REJECTED", "rejected")]
)
def test_whoever_dies_once_a_batch_has_its_end_has_left_its_last_step(
    body: str, state: str, status: str, appending: Lakeside
) -> None:
    """An execution that was stopped has nobody who would do the step again: the sweeper tells of the end, no more."""
    number, ended = 0, False
    while not ended:
        batch_id = appending.batch(body.replace("1,", f"{number + 100},").replace("2,", f"{number + 500},"))
        with appending.killed_at(number):
            appending.run(batch_id)
        ended = appending.standing(batch_id).state == state
        appending.ledger.release("things", batch_id, attempt=1)
        number += 1

    last = appending.ledger.steps("things", batch_id)[-1]
    assert (last.name, last.status) == ("catalog_product", status)
    assert last.detail["rows_quarantined"] == 1


def test_a_later_attempt_finds_what_an_earlier_one_committed(appending: Lakeside) -> None:
    batch_id = appending.batch(ONE)
    first = cataloged(appending.run(batch_id))
    world = appending.ledger
    world.release("things", batch_id, attempt=1)
    assert world.acquire("things", batch_id, attempt=2, ttl=appending.plane.lease_ttl)

    second = cataloged(appending.run(batch_id, attempt=2))

    assert second == first
    assert appending.rows("id") == [(1,), (2,)]


def delete_the_files_of(world: Lakeside, batch_id: str, first: int = 0) -> None:
    s3 = world.plane.client("s3")
    for ref in manifests.load("things", batch_id, s3=s3, bucket=world.plane.settings.lake_bucket).objects[first:]:
        s3.delete_object(Bucket=ref.bucket, Key=ref.key, VersionId=ref.version_id)


def test_a_file_deleted_before_it_was_read_rejects_its_batch(appending: Lakeside) -> None:
    batch_id = appending.batch(ONE)
    delete_the_files_of(appending, batch_id)

    done = appending.run(batch_id)

    assert done.verdict == "rejected"
    assert [reason.rule for reason in done.reasons] == ["object-deleted"]
    assert appending.rows("id") == []


def test_a_later_attempt_cannot_reject_what_an_earlier_one_committed(appending: Lakeside) -> None:
    # Given a batch that landed, whose process died before the ledger knew, and whose file is gone since
    batch_id = appending.batch(ONE)
    with dying_before_the_ledger_knows(appending), pytest.raises(Killed):
        appending.run(batch_id)
    delete_the_files_of(appending, batch_id)
    appending.ledger.release("things", batch_id, attempt=1)
    assert appending.ledger.acquire("things", batch_id, attempt=2, ttl=appending.plane.lease_ttl)

    # When it is tried again
    done = cataloged(appending.run(batch_id, attempt=2))

    # Then the ledger agrees with the table
    batch = appending.standing(batch_id)
    assert done.verdict == "committed"
    assert (batch.state, batch.counts.rows_published if batch.counts else None) == ("COMMITTED", 2)
    assert appending.rows("id") == [(1,), (2,)]


@contextmanager
def dying_before_the_ledger_knows(world: Lakeside) -> Iterator[None]:
    def died(*_: Any, **__: Any) -> None:
        raise Killed("committed")

    with patch.object(type(world.ledger), "committed", died):
        yield


def test_a_lost_answer_is_looked_up_and_never_repeated(appending: Lakeside, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = appending.batch(ONE)
    load, outcomes = lake.load, iter(["not landed", "landed"])

    def unlucky(*name: str) -> Any:
        table = load(*name)
        glue = own_glue(table)
        update = glue.update_table

        def unheard(**request: Any) -> None:
            if next(outcomes) == "landed":
                update(**request)
            raise ReadTimeoutError(endpoint_url="glue")

        glue.update_table = unheard
        return table

    with monkeypatch.context() as patch:
        patch.setattr(lake, "load", unlucky)
        with pytest.raises(CommitStateUnknown):
            appending.run(batch_id)
        done = cataloged(appending.run(batch_id))

    assert done.snapshot_id == lake.find_batch(appending.table, batch_id).snapshot_id  # type: ignore[union-attr]
    assert len(appending.table.metadata.snapshots) == 1
    assert appending.rows("id") == [(1,), (2,)]
