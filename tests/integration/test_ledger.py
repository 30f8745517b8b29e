"""The ledger on DynamoDB (moto): what may move, what may be repeated, and who is fenced off."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from datamesh.errors import InfrastructureError, LeaseLost
from datamesh.events import ObjectPointer, Reason
from datamesh.publish.ledger import ContractOutcome, Counts, Ledger, ProductState, Step
from datamesh.publish.manifest import Manifest, ObjectRef, find, load, save
from tests.support.publishing import START, Clock, one_call_at_a_time

TTL = timedelta(minutes=2)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        yield boto3.resource("dynamodb").create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )


@pytest.fixture
def ledger(table: Any, clock: Clock) -> Ledger:
    return Ledger(table, now=clock)


def ref(number: int = 1, *, key: str = "", version: str = "", content: str = "") -> ObjectRef:
    return ObjectRef(
        bucket="landing",
        key=key or f"flights/{number}.csv",
        version_id=version or f"v{number}",
        size=10,
        checksum="c",
        object_id=content or f"object-{number}",
        arrived_at=START + timedelta(seconds=number),
    )


def manifest(batch_id: str, *objects: ObjectRef) -> Manifest:
    return Manifest(
        product="flights",
        batch_id=batch_id,
        contract=ObjectPointer(bucket="lake", key="contracts/flights/1.0.0.odcs.yaml"),
        contract_version="1.0.0",
        database="datamesh_dev_operations",
        table="flights_v1",
        location="s3://lake/tables/flights_v1",
        objects=objects,
    )


def given_a_batch(ledger: Ledger, *objects: ObjectRef, batch_id: str = "b1") -> str:
    for each in objects:
        ledger.record("flights", each)
    assert ledger.acquire("flights", batch_id, ttl=TTL)
    ledger.open_batch(manifest(batch_id, *objects))
    ledger.assign("flights", batch_id, objects)
    return batch_id


def given_committed(ledger: Ledger, batch_id: str, *, snapshot_id: int = 7, **counts: int) -> None:
    ledger.committed(
        "flights",
        batch_id,
        snapshot_id=snapshot_id,
        sequence=1,
        counts=Counts(**counts) if counts else Counts(rows_in=3, rows_published=2, rows_quarantined=1),
        reasons=[Reason(rule="required", column="tailnum", rows=1)],
        profile_key="profiles/flights/7.json",
        total_rows=2,
    )


def test_an_arrival_is_pending_until_a_batch_takes_it_and_then_shares_the_batchs_fate(ledger: Ledger) -> None:
    assert ledger.arrival("landing", "flights/1.csv", "v1") is None

    assert ledger.record("flights", ref(1)) == "pending"
    arrival = ledger.arrival("landing", "flights/1.csv", "v1")
    assert arrival is not None
    assert (arrival.state, arrival.product, arrival.object_id) == ("PENDING", "flights", "object-1")
    assert ledger.pending("flights") == [ref(1)]

    given_a_batch(ledger, ref(1))
    arrival = ledger.arrival("landing", "flights/1.csv", "v1")
    assert arrival is not None
    assert (arrival.state, arrival.batch_id) == ("ASSIGNED", "b1")
    assert ledger.pending("flights") == []

    given_committed(ledger, "b1")
    arrival = ledger.arrival("landing", "flights/1.csv", "v1")
    assert arrival is not None
    assert arrival.state == "COMMITTED"


def test_an_event_told_twice_is_known(ledger: Ledger) -> None:
    ledger.record("flights", ref(1))
    assert ledger.record("flights", ref(1)) == "known"
    given_a_batch(ledger, ref(1))
    assert ledger.record("flights", ref(1)) == "known"
    assert ledger.pending("flights") == []


def test_the_same_content_in_a_new_version_is_a_duplicate_of_the_first(ledger: Ledger) -> None:
    again = ref(2, key="flights/1.csv", content="object-1")
    ledger.record("flights", ref(1))
    assert ledger.record("flights", again) == "duplicate"
    assert ledger.record("flights", again) == "known"
    assert ledger.pending("flights") == [ref(1)]

    given_a_batch(ledger, ref(1))
    arrival = ledger.arrival("landing", "flights/1.csv", "v2")
    assert arrival is not None
    assert (arrival.state, arrival.batch_id) == ("DUPLICATE", "b1")


def test_content_whose_batch_was_rejected_is_taken_again_when_it_comes_again(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    ledger.rejected("flights", "b1", reasons=[Reason(rule="header")], attempt=1)
    ledger.release("flights", "b1", attempt=1)

    again = ref(2, key="flights/1.csv", content="object-1")
    assert ledger.record("flights", ref(1)) == "known"
    assert ledger.record("flights", again) == "pending"
    given_a_batch(ledger, again, batch_id="b2")
    given_committed(ledger, "b2")

    first, second = (ledger.arrival("landing", "flights/1.csv", version) for version in ("v1", "v2"))
    assert first is not None
    assert second is not None
    assert (first.state, first.batch_id) == ("REJECTED", "b1")
    assert (second.state, second.batch_id) == ("COMMITTED", "b2")
    assert ledger.record("flights", ref(3, key="flights/1.csv", content="object-1")) == "duplicate"


def test_pending_objects_come_oldest_first_whatever_the_order_of_their_events(ledger: Ledger) -> None:
    for number in (3, 1, 2):
        ledger.record("flights", ref(number))
    assert ledger.pending("flights") == [ref(1), ref(2), ref(3)]
    assert ledger.pending("flights", limit=2) == [ref(1), ref(2)]


def test_a_file_of_no_product_is_recorded_once_with_the_rule(ledger: Ledger) -> None:
    assert ledger.reject_arrival("landing", "stray.csv", "v1", rule="unknown-product")
    assert not ledger.reject_arrival("landing", "stray.csv", "v1", rule="unknown-product")
    arrival = ledger.arrival("landing", "stray.csv", "v1")
    assert arrival is not None
    assert (arrival.state, arrival.rule, arrival.product) == ("REJECTED", "unknown-product", None)


def test_more_objects_than_a_transaction_takes_are_assigned_and_again_after_a_crash(ledger: Ledger) -> None:
    objects = [ref(n) for n in range(120)]
    given_a_batch(ledger, *objects)
    ledger.assign("flights", "b1", objects)
    assert ledger.pending("flights") == []


def test_objects_are_taken_under_the_lease_only(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    with pytest.raises(LeaseLost):
        ledger.assign("flights", "b2", [ref(1)])


def test_one_of_many_gets_the_lease(ledger: Ledger) -> None:
    with one_call_at_a_time(), ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: ledger.acquire("flights", f"b{n}", ttl=TTL), range(8)))
    assert sum(taken) == 1


def test_a_lease_taken_twice_by_the_same_attempt_is_taken_once(ledger: Ledger) -> None:
    """The SDK asks again when an answer was lost."""
    assert ledger.acquire("flights", "b1", ttl=TTL)
    assert ledger.acquire("flights", "b1", ttl=TTL)
    assert not ledger.acquire("flights", "b1", ttl=TTL, attempt=2)


def test_an_older_attempt_does_not_give_back_the_lease_of_a_newer_one(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    ledger.next_attempt("flights", "b1", after=1, ttl=TTL)
    assert not ledger.release("flights", "b1", attempt=1)
    assert ledger.release("flights", "b1", attempt=2)


def test_an_expired_lease_is_taken_over_once_and_for_the_same_batch(ledger: Ledger, clock: Clock) -> None:
    ledger.acquire("flights", "b1", ttl=TTL)
    lease = ledger.lease("flights")
    assert lease is not None
    assert not ledger.expired(lease)

    clock.passes(minutes=3)
    assert ledger.expired(lease)
    assert not ledger.acquire("flights", "b2", ttl=TTL)
    assert ledger.take_over(lease, ttl=TTL)
    assert not ledger.take_over(lease, ttl=TTL)
    held = ledger.lease("flights")
    assert held is not None
    assert held.batch_id == "b1"
    assert not ledger.expired(held)


def test_an_older_attempt_is_fenced_off(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    ledger.renew("flights", "b1", attempt=1)

    assert ledger.next_attempt("flights", "b1", after=1, ttl=TTL)
    assert not ledger.next_attempt("flights", "b1", after=1, ttl=TTL)
    with pytest.raises(LeaseLost):
        ledger.renew("flights", "b1", attempt=1)
    with pytest.raises(LeaseLost):
        ledger.rejected("flights", "b1", reasons=[], attempt=1)
    with pytest.raises(LeaseLost):
        ledger.failed("flights", "b1", error="Transient", attempt=1)
    ledger.renew("flights", "b1", attempt=2)


def test_a_batch_needs_its_products_lease_to_begin(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost):
        ledger.open_batch(manifest("b1", ref(1)))
    assert ledger.batch("flights", "b1") is None


def test_opening_a_batch_twice_changes_nothing(ledger: Ledger, clock: Clock) -> None:
    given_a_batch(ledger, ref(1))
    clock.passes(seconds=9)
    assert ledger.open_batch(manifest("b1", ref(1))).created_at == START


def test_a_run_that_ends_well(ledger: Ledger, clock: Clock) -> None:
    given_a_batch(ledger, ref(1), ref(2))
    ledger.record_step("flights", "b1", Step(name="validate", status="succeeded", started_at=START, seconds=0.5))
    ledger.record_step(
        "flights", "b1", Step(name="transform", status="succeeded", started_at=START, seconds=1.25, detail={"slice": 0})
    )
    clock.passes(seconds=4)
    given_committed(ledger, "b1")
    given_committed(ledger, "b1")  # the same commit told again

    batch = ledger.batch("flights", "b1")
    assert batch is not None
    assert (batch.state, batch.status, batch.snapshot_id) == ("COMMITTED", "running", 7)
    assert batch.reasons == (Reason(rule="required", column="tailnum", rows=1),)

    ledger.announced("flights", "b1")
    ledger.announced("flights", "b1")
    batch = ledger.batch("flights", "b1")
    assert batch is not None
    assert (batch.state, batch.status, batch.seconds, batch.objects, batch.size) == ("ANNOUNCED", "partial", 4, 2, 20)
    assert [(step.name, step.seconds, step.detail) for step in ledger.steps("flights", "b1")] == [
        ("transform", 1.25, {"slice": 0}),
        ("validate", 0.5, {}),
    ]


def test_rows_that_do_not_add_up_are_not_committed(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    with pytest.raises(InfrastructureError, match="do not add up"):
        given_committed(ledger, "b1", rows_in=3, rows_published=1)


def test_an_end_is_final(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    given_committed(ledger, "b1")
    with pytest.raises(LeaseLost):
        given_committed(ledger, "b1", snapshot_id=8)
    with pytest.raises(LeaseLost):
        ledger.rejected("flights", "b1", reasons=[])
    with pytest.raises(LeaseLost):
        ledger.failed("flights", "b1", error="Transient")


def test_nothing_is_announced_before_it_is_committed(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    with pytest.raises(LeaseLost):
        ledger.announced("flights", "b1")


def test_a_failed_batch_keeps_its_objects_and_runs_again(ledger: Ledger) -> None:
    given_a_batch(ledger, ref(1))
    ledger.failed("flights", "b1", error="Transient", attempt=1)
    ledger.failed("flights", "b1", error="Transient", attempt=1)
    ledger.release("flights", "b1", attempt=1)
    arrival = ledger.arrival("landing", "flights/1.csv", "v1")
    assert arrival is not None
    assert (arrival.state, arrival.batch_id) == ("ASSIGNED", "b1")

    assert ledger.acquire("flights", "b1", ttl=TTL, attempt=1)
    assert ledger.next_attempt("flights", "b1", after=1, ttl=TTL, state="FAILED")
    batch = ledger.batch("flights", "b1")
    assert batch is not None
    assert (batch.state, batch.attempt, batch.error, batch.ended_at) == ("ASSIGNED", 2, "", None)


def test_batches_come_newest_first(ledger: Ledger) -> None:
    for number in range(3):
        given_a_batch(ledger, ref(number), batch_id=f"b{number}")
        ledger.release("flights", f"b{number}", attempt=1)
    ledger.put_product(product_state(sequence=1))
    assert [b.batch_id for b in ledger.batches("flights", limit=2)] == ["b2", "b1"]
    assert [b.batch_id for b in ledger.batches()] == ["b2", "b1", "b0"]


def product_state(*, sequence: int) -> ProductState:
    return ProductState(
        product="flights",
        contract=ObjectPointer(bucket="lake", key="contracts/flights/1.0.0.odcs.yaml"),
        contract_version="1.0.0",
        sequence=sequence,
        database="datamesh_dev_operations",
        table="flights_v1",
        location="s3://lake/tables/flights_v1",
        status="active",
        source_modified_at=START,
    )


def test_a_products_contract_follows_the_one_before_it(ledger: Ledger) -> None:
    first, second = product_state(sequence=1), product_state(sequence=2)
    assert ledger.put_product(first)
    assert not ledger.put_product(first)
    assert ledger.put_product(second, after=first)
    assert not ledger.put_product(second, after=first)
    assert ledger.product("flights") == product_state(sequence=2)
    assert ledger.products() == [product_state(sequence=2)]
    assert ledger.product("planes") is None


def test_what_became_of_a_contract(ledger: Ledger) -> None:
    outcome = ContractOutcome(outcome="rejected", version="1.0.0", findings=({"rule": "domain", "line": 3},))
    assert ledger.contract_outcome("flights", "v1") is None
    ledger.put_contract_outcome("flights", "v1", outcome)
    assert ledger.contract_outcome("flights", "v1") == outcome


def test_the_first_manifest_of_a_batch_stands(table: Any) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    assert find("flights", "b1", s3=s3, bucket="lake") is None
    with pytest.raises(InfrastructureError):
        load("flights", "b1", s3=s3, bucket="lake")

    first, second = manifest("b1", ref(1)), manifest("b1", ref(1), ref(2))
    assert save(first, s3=s3, bucket="lake") == first
    assert save(second, s3=s3, bucket="lake") == first
    assert load("flights", "b1", s3=s3, bucket="lake") == first
