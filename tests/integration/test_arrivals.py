"""Files become batches (moto): whoever routes, however often, in whatever order, and wherever a router dies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto import mock_aws

from datamesh.publish import gathering
from datamesh.publish.arrivals import ObjectCreated, record
from datamesh.publish.manifest import load
from datamesh.publish.routing import route
from tests.support.publishing import World, one_call_at_a_time, product_state


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World.build("flights")


def test_files_of_one_delivery_are_one_batch(world: World) -> None:
    dropped = [world.drop(f"flights/{n}.csv", b"%d" % n) for n in range(3)]

    world.deliver()

    [execution] = world.running()
    manifest = load("flights", execution["batch_id"], s3=world.plane.client("s3"), bucket="lake")
    assert [ref.key for ref in manifest.objects] == ["flights/0.csv", "flights/1.csv", "flights/2.csv"]
    assert (manifest.table, manifest.contract_version) == ("flights_v1", "1.0.0")
    assert execution["name"] == execution["batch_id"]
    assert {world.arrival(event).state for event in dropped} == {"ASSIGNED"}

    world.run_executions()
    assert {world.arrival(event).state for event in dropped} == {"COMMITTED"}
    assert len(world.events("DataProductPublished")) == 1
    assert world.ledger.lease("flights") is None


def test_files_that_arrive_while_a_batch_runs_are_the_next_one(world: World) -> None:
    world.drop("flights/1.csv", b"1")
    world.deliver()
    late = [world.drop(f"flights/{n}.csv", b"%d" % n) for n in (2, 3)]
    world.deliver()

    assert len(world.running()) == 1
    assert {world.arrival(event).state for event in late} == {"PENDING"}

    world.run_executions()  # its end asks for the next
    world.deliver()
    assert {world.arrival(event).state for event in late} == {"ASSIGNED"}
    assert len(world.executions()) == 2


def test_an_event_told_twice_or_late_changes_nothing(world: World) -> None:
    event = world.drop("flights/1.csv", b"1")
    world.send(event)
    world.settle()
    world.send(event)
    world.settle()

    assert len(world.executions()) == 1
    assert len(world.events("DataProductPublished")) == 1


def test_the_same_file_again_is_a_duplicate_unless_asked_to_be_taken_again(world: World) -> None:
    first = world.drop("flights/1.csv", b"1")
    world.settle()
    again = world.drop("flights/1.csv", b"1")
    world.settle()

    assert world.arrival(again).state == "DUPLICATE"
    assert world.arrival(again).batch_id == world.arrival(first).batch_id
    assert len(world.executions()) == 1

    asked = world.drop("flights/1.csv", b"1", Metadata={"datamesh-again": "f2a1"})
    world.settle()
    assert world.arrival(asked).state == "COMMITTED"
    assert len(world.executions()) == 2


def test_each_version_of_a_key_is_its_own_object(world: World) -> None:
    first = world.drop("flights/1.csv", b"old", send=False)
    second = world.drop("flights/1.csv", b"new", send=False)
    for event in (second, first):  # out of order
        world.send(event)
    world.settle()

    assert world.arrival(first).state == world.arrival(second).state == "COMMITTED"
    assert world.arrival(first).object_id != world.arrival(second).object_id


def test_an_event_without_a_version_finds_the_one_it_was_about(world: World) -> None:
    first = world.drop("flights/1.csv", b"old", send=False)
    second = world.drop("flights/1.csv", b"new", send=False)
    for event in (first, second):
        told = {**event["detail"]["object"]}
        del told["version-id"]
        world.send({"detail": {**event["detail"], "object": told}})
    world.settle()

    assert world.arrival(first).state == world.arrival(second).state == "COMMITTED"
    assert world.arrival(first).object_id != world.arrival(second).object_id


@pytest.mark.parametrize("key", ["flights/2013/a file+with %20 in it.csv", "flights/ünï.csv"])
def test_keys_are_taken_as_they_are(world: World, key: str) -> None:
    event = world.drop(key)
    world.settle()
    assert world.arrival(event).state == "COMMITTED"


@pytest.mark.parametrize("key", ["boats/1.csv", "stray.csv", "flights/"])
def test_a_file_of_no_product_is_told_of_and_stays(world: World, key: str) -> None:
    event = world.drop(key)
    world.settle()
    world.send(event)
    world.settle()

    assert (world.arrival(event).state, world.arrival(event).rule) == ("REJECTED", "unknown-product")
    [told] = world.events("ArrivalRejected")
    assert (told["object"]["key"], told["rule"]) == (key, "unknown-product")
    assert world.plane.client("s3").head_object(Bucket="landing", Key=key)
    assert world.executions() == []


def test_a_retired_product_takes_no_files(world: World) -> None:
    world.ledger.put_product(product_state("boats", status="retired"))
    event = world.drop("boats/1.csv")
    world.settle()
    assert world.arrival(event).rule == "retired-product"


def test_a_file_deleted_before_it_was_looked_at_is_told_of(world: World) -> None:
    event = world.drop("flights/1.csv")
    version = event["detail"]["object"]["version-id"]
    world.plane.client("s3").delete_object(Bucket="landing", Key="flights/1.csv", VersionId=version)
    world.settle()

    assert world.arrival(event).rule == "object-deleted"
    assert len(world.events("ArrivalRejected")) == 1


def test_concurrent_routers_make_one_batch_and_lose_nothing(world: World) -> None:
    dropped = [world.drop(f"flights/{n}.csv", b"%d" % n, send=False) for n in range(12)]

    def arrives(event: dict[str, object]) -> str | None:
        record(world.plane, ObjectCreated.model_validate(event))
        return route(world.plane, "flights")

    with one_call_at_a_time(), ThreadPoolExecutor(6) as pool:
        started = [batch_id for batch_id in pool.map(arrives, dropped) if batch_id]
    assert len(started) == 1
    assert len(world.running()) == 1

    world.settle()
    batches = {world.arrival(event).batch_id for event in dropped}
    assert {world.arrival(event).state for event in dropped} == {"COMMITTED"}
    assert 1 <= len(batches) <= 2
    assert sum(world.ledger.batch("flights", b).objects for b in batches) == 12  # type: ignore[arg-type, union-attr]


def test_an_expired_lease_is_resumed_for_the_same_batch_by_the_next_router(world: World) -> None:
    world.drop("flights/1.csv", b"1")
    with world.killed_at(1, after=True) as seen:  # the lease is taken, and that is all
        world.deliver()
    assert seen == ["TransactWriteItems", "PutItem", "killed"]
    lease = world.ledger.lease("flights")
    assert lease is not None

    world.deliver()  # redelivered too early: somebody may be at it
    assert world.running() == []
    world.clock.passes(minutes=3)
    world.drop("flights/2.csv", b"2")
    world.deliver()

    [execution] = world.running()
    assert execution["batch_id"] == lease.batch_id
    assert world.ledger.pending("flights") == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(25))
def test_a_crash_at_any_change_is_made_good(world: World, number: int, after: bool) -> None:
    """Two files, a third while their batch runs, and one process that is killed at its `number`th change."""
    dropped = [world.drop(f"flights/{n}.csv", b"%d" % n) for n in (1, 2)]
    third = world.drop("flights/3.csv", b"3", send=False)
    with world.killed_at(number, after=after) as seen:
        world.deliver()
        world.send(third)
        world.deliver()
        world.run_executions()
        world.deliver()
    world.send(third)  # S3 tells of it, whatever happened to us
    world.settle()

    arrivals = [world.arrival(event) for event in (*dropped, third)]
    assert {arrival.state for arrival in arrivals} == {"COMMITTED"}, seen
    batches = {arrival.batch_id for arrival in arrivals}
    assert batches == world.commits.keys(), "each batch is one commit, and no commit is without a batch"
    assert {told["run_id"] for told in world.events("DataProductPublished")} == batches
    for batch_id in batches:
        batch = world.ledger.batch("flights", batch_id or "")
        assert batch is not None
        assert batch.state == "ANNOUNCED"
    assert seen[number + 1] == "killed"


def test_a_burst_becomes_few_batches(world: World) -> None:
    """Given files that come faster than batches end, one batch takes what is there at first, the next all the rest."""
    dropped = [world.drop(f"flights/{n}.csv", b"%d" % n) for n in range(60)]
    world.deliver()
    for _ in range(5):
        world.deliver()
    world.settle()

    assert {world.arrival(event).state for event in dropped} == {"COMMITTED"}
    sizes = sorted(batch.objects for batch in world.ledger.batches("flights"))
    assert sizes == [10, 50]


def test_a_burst_is_gathered_while_files_come_and_no_longer(world: World) -> None:
    """Given more pending files than a person drops, the batch holds the lease and waits until no more have come."""
    events = [world.drop(f"flights/{n}.csv", b"%d" % n, send=False) for n in range(30)]
    for event in events[:25]:
        record(world.plane, ObjectCreated.model_validate(event))
    assert route(world.plane, "flights") is None
    lease = world.ledger.lease("flights")
    assert lease is not None
    assert world.running() == []

    for event in events[25:]:
        record(world.plane, ObjectCreated.model_validate(event))
    world.deliver()  # it looks: five more
    assert world.running() == []
    world.deliver()  # it looks again: no more

    [execution] = world.running()
    assert execution["batch_id"] == lease.batch_id
    assert {world.arrival(event).state for event in events} == {"ASSIGNED"}


def test_a_batch_does_not_wait_for_ever(world: World) -> None:
    """Given files that never stop coming, the batch forms when its lease expires, wherever its message is."""
    for number in range(60):
        event = world.drop(f"flights/{number}.csv", b"%d" % number, send=False)
        record(world.plane, ObjectCreated.model_validate(event))
        if number >= 30:
            route(world.plane, "flights")
            world.clock.passes(seconds=2)
    [execution] = world.running()
    assert world.ledger.batch("flights", execution["batch_id"]).objects == 46  # type: ignore[union-attr]


def test_a_full_batch_does_not_wait_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_OBJECTS", 25)
    for number in range(25):
        event = world.drop(f"flights/{number}.csv", b"%d" % number, send=False)
        record(world.plane, ObjectCreated.model_validate(event))
    assert route(world.plane, "flights") in {execution["batch_id"] for execution in world.running()}


def test_a_gathering_that_is_forgotten_is_formed_by_whoever_finds_its_lease(world: World) -> None:
    for n in range(25):
        record(world.plane, ObjectCreated.model_validate(world.drop(f"flights/{n}.csv", b"%d" % n, send=False)))
    route(world.plane, "flights")
    lost = {"gather": "flights", "batch_id": world.ledger.lease("flights").batch_id, "seen": 25}  # type: ignore[union-attr]
    world.plane.client("sqs").purge_queue(QueueUrl=world.plane.settings.arrivals_queue_url)
    world.clock.passes(minutes=3)
    world.sweep()

    [execution] = world.running()
    assert execution["batch_id"] == lost["batch_id"]
    world.run_executions()
    world.send(lost)  # it comes after all, when its batch has ended
    world.drop("flights/late.csv", b"late")
    world.settle()
    assert len(world.executions()) == 2
