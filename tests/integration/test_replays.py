"""Quarantined rows of a run come again (moto): once, whoever sends them, in whatever order, wherever a router dies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from datamesh.lake.layout import replay_key
from datamesh.publish.endings import reject
from tests.support.publishing import World


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World.build("flights")


@pytest.fixture
def run(world: World) -> str:
    """A run that was published."""
    first = world.drop("flights/1.csv", b"1")
    world.settle()
    return world.arrival(first).batch_id or ""


def replay(world: World, run: str, rows: bytes = b"rows") -> dict[str, Any]:
    return world.drop(replay_key("flights", run, rows.decode()), rows)


def rejected(world: World) -> None:
    """The batch that is running breaks its contract."""
    world.deliver()
    [execution] = world.running()
    reject(world.plane, "flights", execution["batch_id"], attempt=1, reasons=[])
    world.end(execution)


def test_rows_of_a_run_go_through_once(world: World, run: str) -> None:
    first = replay(world, run)
    world.settle()
    same, other = replay(world, run), replay(world, run, b"mended")
    world.settle()

    assert world.arrival(first).state == "COMMITTED"
    assert (world.arrival(same).state, world.arrival(same).batch_id) == ("DUPLICATE", world.arrival(first).batch_id)
    assert (world.arrival(other).state, world.arrival(other).rule) == ("REJECTED", "replayed-already")
    assert [told["rule"] for told in world.events("ArrivalRejected")] == ["replayed-already"]
    assert len(world.commits) == 2
    assert world.ledger.replay("flights", run) == world.arrival(first)


def test_while_rows_of_a_run_are_on_their_way_no_others_of_it_are_taken(world: World, run: str) -> None:
    replay(world, run)
    world.deliver()
    other = replay(world, run, b"mended")
    world.deliver()

    assert world.arrival(other).rule == "replayed-already"


@pytest.mark.parametrize("rows", [b"rows", b"mended"], ids=["the same", "others"])
def test_rows_whose_batch_was_rejected_may_come_again_mended_or_not(world: World, run: str, rows: bytes) -> None:
    first = replay(world, run)
    rejected(world)
    again = replay(world, run, rows)
    world.settle()

    assert world.arrival(first).state == "REJECTED"
    assert world.arrival(again).state == "COMMITTED"
    assert world.ledger.replay("flights", run) == world.arrival(again)


def test_of_rejected_rows_and_their_mended_ones_only_those_go_through_that_came_first(world: World, run: str) -> None:
    replay(world, run)
    rejected(world)
    mended = replay(world, run, b"mended")
    world.deliver()
    old = replay(world, run)
    world.settle()

    assert world.arrival(mended).state == "COMMITTED"
    assert world.arrival(old).rule == "replayed-already"
    assert len(world.commits) == 2


def test_rows_of_what_was_never_published_are_refused(world: World, run: str) -> None:
    unknown = replay(world, "20000101T000000Z-00000000")
    world.drop("flights/2.csv", b"2")
    rejected(world)
    [batch, _] = world.ledger.batches("flights")
    of_rejected = replay(world, batch.batch_id)
    world.settle()

    assert world.arrival(unknown).rule == "unknown-run"
    assert world.arrival(of_rejected).rule == "run-not-published"


def test_an_event_told_twice_changes_nothing(world: World, run: str) -> None:
    event = replay(world, run)
    for _ in range(2):
        world.send(event)
        world.settle()

    assert world.arrival(event).state == "COMMITTED"
    assert world.events("ArrivalRejected") == []


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_a_router_that_dies_leaves_one_of_two_replays(world: World, run: str, number: int, after: bool) -> None:
    first, second = replay(world, run), replay(world, run, b"mended")
    with world.killed_at(number, after=after):
        world.deliver()
    world.send(first)
    world.send(second)
    world.settle()

    assert sorted([world.arrival(first).state, world.arrival(second).state]) == ["COMMITTED", "REJECTED"]
    assert len(world.commits) == 2
