"""What stopped goes on (moto): the sweeper, the ends of batches, and a person's retry."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from datamesh.errors import LeaseLost, UserError
from datamesh.events import Reason
from datamesh.publish.announce import announce
from datamesh.publish.endings import fail, reject
from datamesh.publish.ledger import Batch, Counts
from datamesh.publish.record import find
from datamesh.publish.retry import retry
from datamesh.publish.sweep import sweep
from tests.support.publishing import World, product_state


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World.build("flights")


def given_a_running_batch(world: World) -> str:
    world.drop("flights/1.csv", b"1")
    world.deliver()
    [execution] = world.running()
    return str(execution["batch_id"])


def batch_of(world: World, batch_id: str) -> Batch:
    batch = world.ledger.batch("flights", batch_id)
    assert batch is not None
    return batch


def test_a_sweep_leaves_alone_what_goes_on_by_itself(world: World) -> None:
    given_a_running_batch(world)
    world.drop("flights/2.csv", b"2")
    world.deliver()
    for _ in range(3):
        world.clock.passes(minutes=10)
        world.sweep()
    assert len(world.executions()) == 1
    assert len(world.ledger.pending("flights")) == 1


def test_pending_objects_that_nobody_routes_are_routed(world: World) -> None:
    world.drop("flights/1.csv", b"1")
    with world.killed_at(0, after=True):
        world.deliver()
    assert len(world.ledger.pending("flights")) == 1

    world.sweep()
    assert len(world.running()) == 1


@pytest.mark.parametrize("changes", [1, 2, 3, 4], ids=["lease", "manifest", "batch", "assigned"])
def test_a_batch_half_formed_is_formed_once_its_lease_has_expired(world: World, changes: int) -> None:
    event = world.drop("flights/1.csv", b"1")
    with world.killed_at(changes, after=True):
        world.deliver()
    world.sweep()
    assert world.running() == [], "its router may still be at it"

    world.clock.passes(minutes=3)
    world.sweep()
    [execution] = world.running()
    assert world.arrival(event).batch_id == execution["batch_id"]


def test_an_execution_that_died_is_started_again_three_times_at_most(world: World) -> None:
    batch_id = given_a_running_batch(world)
    for attempt in (1, 2, 3):
        [execution] = world.running()
        assert execution["attempt"] == attempt
        world.end(execution)
        world.sweep()

    assert world.executions() == [batch_id, f"{batch_id}-2", f"{batch_id}-3"]
    assert batch_of(world, batch_id).state == "FAILED"
    assert batch_of(world, batch_id).error == "AttemptsExhausted"
    assert [told["attempt"] for told in world.events("BatchFailed")] == [3]
    assert world.ledger.lease("flights") is None


def test_a_next_attempt_that_was_never_started_is_started(world: World) -> None:
    batch_id = given_a_running_batch(world)
    world.end(world.running()[0])
    with world.killed_at(0, after=True):
        world.sweep()
    assert batch_of(world, batch_id).attempt == 2

    world.clock.passes(minutes=3)
    world.sweep()
    assert [execution["attempt"] for execution in world.running()] == [2]


def test_a_committed_batch_that_was_never_announced_is_announced(world: World) -> None:
    batch_id = given_a_running_batch(world)
    with world.killed_at(2, after=False) as seen:  # it has committed, and dies before the event
        world.run_executions()
    assert seen == ["UpdateItem", "UpdateItem", "PutEvents", "killed"]
    assert batch_of(world, batch_id).state == "COMMITTED"
    world.told.clear()

    world.sweep()
    [told] = world.events("DataProductPublished")
    assert (told["run_id"], told["status"], told["snapshot_id"]) == (batch_id, "published", 100)
    assert batch_of(world, batch_id).status == "published"
    assert world.ledger.lease("flights") is None


def test_one_product_that_fails_does_not_keep_the_others_waiting(world: World) -> None:
    world.ledger.put_product(product_state("airports"))
    world.ledger.put_product(product_state("planes"))
    for key in ("airports/1.csv", "planes/1.csv"):
        world.drop(key)
    with world.killed_at(1, after=True):  # both are recorded, none is routed
        world.deliver()
    world.plane.client("s3").put_object(Bucket="lake", Key="batches/airports/broken/manifest.json", Body=b"no JSON")
    world.ledger.acquire("airports", "broken", ttl=world.plane.lease_ttl)
    world.clock.passes(minutes=3)

    swept = sweep(world.plane, grants_differ=lambda _: False)

    assert (swept.products, swept.failed) == (3, {"airports": "ValidationError"})
    assert [execution["product"] for execution in world.running()] == ["planes"]


def test_a_rejected_batch_is_told_and_makes_way(world: World) -> None:
    batch_id = given_a_running_batch(world)
    waiting = world.drop("flights/2.csv", b"2")
    world.deliver()

    reject(world.plane, "flights", batch_id, attempt=1, reasons=[Reason(rule="header", rows=0)])
    world.end(world.running()[0])

    [told] = world.events("BatchRejected")
    assert (told["run_id"], told["reasons"][0]["rule"]) == (batch_id, "header")
    record = find(batch_of(world, batch_id), s3=world.plane.client("s3"), bucket="lake")
    assert record is not None
    assert (record.status, record.reasons) == ("rejected", (Reason(rule="header"),))
    world.settle()
    assert world.arrival(waiting).state == "COMMITTED"
    assert batch_of(world, batch_id).status == "rejected"


@pytest.mark.parametrize("number", range(1, 5))  # the first change is the record, which ends nothing by itself
@pytest.mark.parametrize("how", ["reject", "fail"])
def test_an_end_that_was_not_told_is_told_by_the_sweeper(world: World, number: int, how: str) -> None:
    batch_id = given_a_running_batch(world)
    waiting = world.drop("flights/2.csv", b"2")
    world.deliver()
    [execution] = world.running()
    with world.killed_at(number, after=True) as seen:
        if how == "reject":
            reject(world.plane, "flights", batch_id, attempt=1, reasons=[Reason(rule="header")])
        else:
            fail(world.plane, "flights", batch_id, attempt=1, error="Transient")
    assert seen[-1] == "killed"
    world.end(execution)
    world.settle()

    assert batch_of(world, batch_id).state == ("REJECTED" if how == "reject" else "FAILED")
    assert 1 <= len(world.events("BatchRejected") + world.events("BatchFailed")) <= 2
    assert world.arrival(waiting).state == "COMMITTED"


def test_an_end_by_an_older_attempt_is_refused(world: World) -> None:
    batch_id = given_a_running_batch(world)
    world.end(world.running()[0])
    world.sweep()
    with pytest.raises(LeaseLost):
        reject(world.plane, "flights", batch_id, attempt=1, reasons=[])
    with pytest.raises(LeaseLost):
        fail(world.plane, "flights", batch_id, attempt=1, error="Transient")
    assert world.events("BatchRejected") == world.events("BatchFailed") == []
    assert [execution["attempt"] for execution in world.running()] == [2]


def test_an_end_that_comes_too_late_leaves_the_record_alone(world: World) -> None:
    batch_id = given_a_running_batch(world)
    [execution] = world.running()
    reject(world.plane, "flights", batch_id, attempt=1, reasons=[Reason(rule="header")])

    with pytest.raises(LeaseLost):
        fail(world.plane, "flights", batch_id, attempt=1, error="Transient")

    record = find(batch_of(world, batch_id), s3=world.plane.client("s3"), bucket="lake")
    assert record is not None
    assert (record.status, record.error) == ("rejected", "")
    world.end(execution)


def test_a_batch_published_in_part_is_told_as_such(world: World) -> None:
    batch_id = given_a_running_batch(world)
    world.ledger.committed(
        "flights",
        batch_id,
        snapshot_id=1,
        sequence=1,
        counts=Counts(rows_in=3, rows_published=2, rows_quarantined=1),
        reasons=[Reason(rule="type", column="id", rows=1)],
        profile_key="profiles/flights/1.json",
        total_rows=2,
        record_key="batches/flights/b/attempt=1/run-partial.json",
    )

    announce(world.plane, "flights", batch_id, grants_differ=lambda _: False)

    [told] = world.events("DataProductPartiallyPublished")
    assert (told["run_id"], told["rows_in"], told["rows_published"], told["rows_quarantined"]) == (batch_id, 3, 2, 1)
    assert told["record"]["key"] == "batches/flights/b/attempt=1/run-partial.json"
    [published] = world.events("DataProductPublished")
    assert published["status"] == "partial"


def test_grants_that_differ_are_told_and_the_snapshot_is_announced_all_the_same(world: World) -> None:
    world.grants_differ = True
    given_a_running_batch(world)
    world.run_executions()
    assert [kind for kind, _ in world.told] == ["GrantsDiffer", "DataProductPublished"]


def test_nothing_is_announced_before_it_is_committed(world: World) -> None:
    batch_id = given_a_running_batch(world)
    with pytest.raises(LeaseLost):
        announce(world.plane, "flights", batch_id, grants_differ=lambda _: False)
    assert world.told == []


def test_a_failed_batch_runs_again_when_a_person_asks(world: World) -> None:
    event = world.drop("flights/1.csv", b"1")
    world.deliver()
    batch_id = str(world.running()[0]["batch_id"])
    with pytest.raises(UserError, match="only a failed one"):
        retry(world.plane, "flights", batch_id)
    fail(world.plane, "flights", batch_id, attempt=1, error="Transient")
    world.end(world.running()[0])
    world.settle()
    assert batch_of(world, batch_id).status == "failed"

    again = retry(world.plane, "flights", batch_id)
    assert (again.state, again.attempt) == ("ASSIGNED", 2)
    world.settle()
    assert batch_of(world, batch_id).status == "published"
    assert world.arrival(event).state == "COMMITTED"


def test_a_retry_waits_for_the_batch_that_runs(world: World) -> None:
    failed = given_a_running_batch(world)
    fail(world.plane, "flights", failed, attempt=1, error="Transient")
    world.end(world.running()[0])
    given_a_second_batch = world.drop("flights/2.csv", b"2")
    world.deliver()
    assert world.arrival(given_a_second_batch).state == "ASSIGNED"

    with pytest.raises(UserError, match="another run"):
        retry(world.plane, "flights", failed)
    with pytest.raises(UserError, match="no run"):
        retry(world.plane, "flights", "unknown")
