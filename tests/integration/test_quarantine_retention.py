"""Rows in quarantine stay as long as their contract wants, and for ever where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from cli import quarantine
from cli.screen import Screen
from cli.target import ProductName, Target
from datamesh.errors import UserError
from datamesh.publish import record as records
from datamesh.publish.endings import fail
from datamesh.publish.ledger import Arrival, Ledger, Maintained
from datamesh.publish.maintenance import maintain
from tests.support.lakeside import HEAD, LAKE, Lakeside, state_of

CONTRACT = (
    HEAD
    + """\
slaProperties:
  - {property: quarantineRetention, value: 30, unit: d}
schema:
  - name: things
    properties:
      - {name: id, logicalType: integer, required: true}
"""
)
FOR_EVER = CONTRACT.replace("quarantineRetention", "latency")
PARTLY = "id\n1\nx\n"
NAME = ProductName("testing", "things")


@pytest.fixture
def world(account: None) -> Lakeside:
    return Lakeside.build(CONTRACT.encode())


def published(world: Lakeside, body: str = PARTLY) -> str:
    batch_id, done = world.publish(body)
    if done.verdict == "committed":
        world.ledger.announced("things", batch_id)
    return batch_id


def after(world: Lakeside, days: int, *, major: int = 1, dry_run: bool = False) -> Maintained:
    plane = replace(world.plane, now=lambda: datetime.now(UTC) + timedelta(days=days))
    return maintain(plane, state_of(major=major), dry_run=dry_run)


def kept(batch_id: str) -> int:
    found = boto3.client("s3").list_objects_v2(Bucket=LAKE, Prefix=f"quarantine/things/{batch_id}/")
    return int(found["KeyCount"])


def test_rows_are_removed_once_their_time_is_over_and_their_record_stays(world: Lakeside) -> None:
    first = published(world)
    assert (after(world, 29).quarantine_removed, kept(first)) == (0, 1)
    assert (after(world, 31, dry_run=True).quarantine_removed, kept(first)) == (1, 1)

    done = after(world, 31)

    assert (done.quarantine_removed, kept(first)) == (1, 0)
    assert after(world, 31).quarantine_removed == 0
    record = records.find(world.standing(first), s3=world.plane.client("s3"), bucket=LAKE)
    assert record is not None
    assert (record.counts.rows_quarantined, len(record.quarantine)) == (1, 1)
    assert world.rows("id") == [(1,)]


def test_a_contract_that_says_nothing_keeps_them_for_ever(account: None) -> None:
    world = Lakeside.build(FOR_EVER.encode())
    first = published(world)
    assert (after(world, 9_999).quarantine_removed, kept(first)) == (0, 1)


def test_they_go_whatever_their_runs_end_was(world: Lakeside) -> None:
    rejected, published_in_part = published(world, "id\nx\ny\n"), published(world)
    assert (kept(rejected), kept(published_in_part)) == (1, 1)

    assert after(world, 31).quarantine_removed == 2
    assert (kept(rejected), kept(published_in_part)) == (0, 0)


def test_of_a_run_that_goes_on_nothing_goes(world: Lakeside) -> None:
    running = world.batch(PARTLY)
    key = f"quarantine/things/{running}/attempt=1/slice-00000.parquet"
    for each in (key, key.replace(running, "20130101T000000Z-00000000")):  # and one of nobody's
        boto3.client("s3").put_object(Bucket=LAKE, Key=each, Body=b"x")

    assert after(world, 99).quarantine_removed == 0

    fail(world.plane, "things", running, attempt=1, error="Transient")
    assert (after(world, 99).quarantine_removed, kept(running)) == (1, 0)
    assert kept("20130101T000000Z-00000000") == 1


def test_each_major_version_has_its_own_say(world: Lakeside) -> None:
    first = published(world)
    assert (after(world, 99, major=2).quarantine_removed, kept(first)) == (0, 1)


@pytest.mark.parametrize(("state", "left"), [("PENDING", 1), ("ASSIGNED", 1), ("COMMITTED", 0), ("REJECTED", 0)])
def test_a_replay_under_way_is_waited_for(
    state: Any, left: int, world: Lakeside, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published(world)
    sent = Arrival(bucket="landing", key="things/_replay", version_id="v", state=state, product="things")
    monkeypatch.setattr(Ledger, "replay", lambda _, product, batch_id: sent if batch_id == first else None)

    after(world, 31)

    assert kept(first) == left


@dataclass(frozen=True)
class Mesh(Target):
    world: Any = None

    def client(self, service: str, config: Any = None) -> Any:
        return self.world.plane.client(service)

    def parameters(self, plane: str) -> Mapping[str, str]:
        return {"lake-bucket": LAKE}

    def ledger(self, domain: str) -> Any:
        return self.world.ledger


def test_people_are_told_that_they_are_gone(world: Lakeside) -> None:
    mesh, first = Mesh(stage="dev", session=None, world=world), published(world)
    second = published(world, "id\n2\ny\nz\n")
    boto3.client("s3").delete_object(Bucket=LAKE, Key=quarantine_key(world, first))

    held = {each.batch.batch_id: each for each in quarantine.kept(mesh, NAME)}

    assert {run: each.state for run, each in held.items()} == {first: "removed", second: "open"}
    with quarantine.fetched(mesh, Screen(as_json=True), held[second]) as [path]:
        assert path.stat().st_size > 0
    with pytest.raises(UserError, match="are gone"), quarantine.fetched(mesh, Screen(as_json=True), held[first]):
        pass


def quarantine_key(world: Lakeside, batch_id: str) -> str:
    record = records.find(world.standing(batch_id), s3=world.plane.client("s3"), bucket=LAKE)
    assert record is not None
    [key] = record.quarantine
    return key
