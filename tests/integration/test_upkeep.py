"""Whose table is maintained next, and how Glue's optimizer is asked to compact one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from datamesh.errors import Transient, UnknownProduct
from datamesh.lake.optimizer import ensure_optimizer
from datamesh.publish import upkeep
from datamesh.publish.ledger import Maintained, ProductState
from datamesh.publish.plane import Plane
from tests.support.publishing import REGION, START, World, product_state

ROLE = "arn:aws:iam::123456789012:role/optimizer"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World.build("new", "old", "older", "recent")


@pytest.fixture
def turns(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The products whose tables were maintained, in order: the maintenance itself has tests of its own."""
    for product, hours in (("old", 30), ("older", 40), ("recent", 3)):
        world.ledger.put_maintained(
            Maintained(
                product=product,
                table=f"{product}_v1",
                run_id="r",
                started_at=START - timedelta(hours=hours),
                snapshots_expired=1,
            )
        )
    taken: list[str] = []

    def maintain(plane: Plane, state: ProductState, *, dry_run: bool = False) -> Maintained:
        taken.append(state.product)
        if state.product == "older":
            raise Transient("not now")
        return Maintained(product=state.product, table=state.table, run_id="now", started_at=plane.now())

    monkeypatch.setattr(upkeep, "maintain", maintain)
    return taken


def test_who_has_waited_longest_is_first_and_who_is_not_due_waits(world: World, turns: list[str]) -> None:
    with pytest.raises(Transient):
        upkeep.maintain_due(world.plane, seconds_left=lambda: 900)
    assert turns == ["new", "older", "old"], "one that fails keeps no other waiting"


def test_no_table_is_begun_that_there_is_no_time_for(world: World, turns: list[str]) -> None:
    left = (float(seconds) for seconds in count(500, -250))
    done = upkeep.maintain_due(world.plane, seconds_left=lambda: next(left))
    assert turns == [each.product for each in done] == ["new"]


def test_one_table_is_maintained_when_asked_for_however_lately_it_was(world: World, turns: list[str]) -> None:
    assert [done.run_id for done in upkeep.maintain_one(world.plane, "recent")] == ["now"]
    assert turns == ["recent"]
    with pytest.raises(UnknownProduct):
        upkeep.maintain_one(world.plane, "boats")


def test_every_major_version_has_its_table_maintained(world: World, turns: list[str]) -> None:
    before = product_state("recent")
    after = before.model_copy(update={"contract_version": "2.0.0", "table": "recent_v2", "earlier": (before,)})
    world.ledger.put_product(after.model_copy(update={"sequence": 2}), after=before)
    assert [done.table for done in upkeep.maintain_one(world.plane, "recent")] == ["recent_v2", "recent_v1"]


def test_glue_is_asked_once_to_compact_a_table() -> None:
    glue = boto3.client("glue", region_name=REGION)
    where = {"CatalogId": "123456789012", "DatabaseName": "d", "TableName": "t", "Type": "compaction"}
    wanted = where | {"TableOptimizerConfiguration": {"roleArn": ROLE, "enabled": True}}
    with Stubber(glue) as answers:
        answers.add_client_error("get_table_optimizer", "EntityNotFoundException", expected_params=where)
        answers.add_response("create_table_optimizer", {}, wanted)
        answers.add_response("get_table_optimizer", {"TableName": "t"}, where)
        assert ensure_optimizer(glue, "d", "t", role=ROLE)
        assert not ensure_optimizer(glue, "d", "t", role=ROLE)
