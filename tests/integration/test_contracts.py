"""Contracts into force (moto): once each, the newest last, whatever comes twice, late, or dies on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from datamesh.contract.model import Contract
from datamesh.contract.source import MAX_BYTES
from datamesh.errors import CommitConflict, ContractError
from datamesh.publish.arrivals import ObjectCreated
from datamesh.publish.contracts import Checked, Tables, apply, check, contract_in_force
from datamesh.publish.ledger import ContractOutcome, ProductState
from tests.support.contracts import STOPS, edited
from tests.support.publishing import World

KEY = "contracts/stops.odcs.yaml"
FIRST = edited("domain: transit", "domain: operations")
SECOND = edited("version: 1.0.0", "version: 1.1.0", text=FIRST)
NEW_MAJOR = edited("version: 1.0.0", "version: 2.0.0", text=FIRST)


class Recorder:
    """Stands for the catalog: what apply_contract prepared and settled, in order."""

    def __init__(self) -> None:
        self.made: list[tuple[str, str]] = []
        self.settled: list[tuple[str, str]] = []

    @property
    def tables(self) -> Tables:
        return Tables(self.prepare, self.settle)

    def prepare(self, contract: Contract, state: ProductState) -> None:
        self.made.append((state.table, str(contract.version)))

    def settle(self, contract: Contract, state: ProductState, stands: Callable[[], bool]) -> None:
        assert stands(), "it is in force before anything is taken away"
        self.settled.append((state.table, str(contract.version)))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield World.build()


@pytest.fixture
def tables() -> Recorder:
    return Recorder()


def put(world: World, text: str | bytes, key: str = KEY) -> dict[str, Any]:
    return world.drop(key, text.encode() if isinstance(text, str) else text, send=False)


def run(world: World, event: dict[str, Any], tables: Recorder) -> Checked:
    """What the state machine does: check, and apply what is accepted."""
    checked = check(world.plane, ObjectCreated.model_validate(event))
    if checked.verdict == "accepted":
        checked = apply(world.plane, Checked.model_validate(checked.model_dump(mode="json")), tables=tables.tables)
    return checked


def outcome(world: World, event: dict[str, Any], product: str = "stops") -> ContractOutcome:
    found = world.ledger.contract_outcome(product, event["detail"]["object"]["version-id"])
    assert found is not None
    return found


def state(world: World) -> ProductState:
    found = world.ledger.product("stops")
    assert found is not None
    return found


def test_a_contract_comes_into_force(world: World, tables: Recorder) -> None:
    event = put(world, FIRST)
    assert run(world, event, tables).verdict == "applied"

    now = state(world)
    assert (now.contract_version, now.sequence, now.status) == ("1.0.0", 1, "active")
    assert (now.database, now.table) == ("datamesh_dev_operations", "stops_v1")
    assert now.location == "s3://lake/tables/stops_v1"
    assert tables.made == tables.settled == [("stops_v1", "1.0.0")]
    copied = world.plane.client("s3").get_object(Bucket=now.contract.bucket, Key=now.contract.key)["Body"].read()
    assert copied == FIRST.encode(), "byte for byte"
    assert contract_in_force(world.plane, now).name == "operations.stops"
    [told] = world.events("ContractApplied")
    assert (told["product"], told["version"], told["sequence"]) == ("stops", "1.0.0", 1)
    assert told["reader_role_arn"] == "arn:aws:iam::123456789012:role/reader"
    assert outcome(world, event).outcome == "applied"


def test_the_same_bytes_again_are_applied_without_a_new_sequence(world: World, tables: Recorder) -> None:
    run(world, put(world, FIRST), tables)
    again = put(world, FIRST)
    run(world, again, tables)

    assert state(world).sequence == 1
    assert outcome(world, again).outcome == "applied"
    assert [told["sequence"] for told in world.events("ContractApplied")] == [1, 1]


def test_the_next_version_follows_and_a_new_major_one_is_another_table(world: World, tables: Recorder) -> None:
    for text in (FIRST, SECOND, NEW_MAJOR):
        run(world, put(world, text), tables)

    assert (state(world).sequence, state(world).table) == (3, "stops_v2")
    assert tables.made == [("stops_v1", "1.0.0"), ("stops_v1", "1.1.0"), ("stops_v2", "2.0.0")]
    s3 = world.plane.client("s3")
    assert s3.get_object(Bucket="lake", Key="contracts/stops/1.0.0.odcs.yaml")["Body"].read() == FIRST.encode()


def test_a_new_major_version_stands_beside_the_old_one_until_that_is_retired(world: World, tables: Recorder) -> None:
    run(world, put(world, FIRST), tables)
    run(world, put(world, NEW_MAJOR), tables)
    assert [(held.table, held.contract_version) for held in state(world).majors] == [
        ("stops_v2", "2.0.0"),
        ("stops_v1", "1.0.0"),
    ]
    # The old one still changes, by itself
    run(world, put(world, SECOND), tables)
    assert [held.contract_version for held in state(world).majors] == ["2.0.0", "1.1.0"]
    assert tables.settled[-1] == ("stops_v1", "1.1.0")
    assert state(world).table == "stops_v2", "files go to the newest"
    # And it ends
    ended = edited("status: active", "status: retired", text=edited("1.1.0", "1.2.0", text=SECOND))
    run(world, put(world, ended), tables)
    assert [(held.contract_version, held.status) for held in state(world).majors] == [
        ("2.0.0", "active"),
        ("1.2.0", "retired"),
    ]
    told = world.events("ContractApplied")
    assert [(each["version"], each["table"], each["sequence"]) for each in told] == [
        ("1.0.0", "stops_v1", 1),
        ("2.0.0", "stops_v2", 2),
        ("1.1.0", "stops_v1", 3),
        ("1.2.0", "stops_v1", 4),
    ]


def test_a_breaking_contract_is_refused_in_the_event_with_those_whom_it_breaks(world: World, tables: Recorder) -> None:
    run(world, put(world, FIRST), tables)
    event = put(world, edited("decimal(8,2)", "decimal(6,2)", text=SECOND))
    assert run(world, event, tables).verdict == "rejected"
    [told] = world.events("ContractRejected")
    assert (told["findings"][0]["rule"], told["findings"][0]["consumers"]) == ("breaking.column.type", ["role/planner"])
    assert outcome(world, event).findings[0]["consumers"] == ["role/planner"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("{", "yaml"),
        ("- a list", "yaml"),
        (b"\xff\xfe\x00", "yaml"),
        ("", "yaml"),
        (STOPS, "domain.other"),
        (edited("dataProduct: stops", "dataProduct: halts", text=FIRST), None),
        (edited("logicalType: integer", "logicalType: whole", text=FIRST), None),
        (b"a: " + b"x" * MAX_BYTES, "yaml"),
    ],
    ids=["broken", "list", "no text", "empty", "domain", "name", "odcs", "large"],
)
def test_a_contract_that_breaks_a_rule_is_told_of_and_stays(
    world: World, tables: Recorder, text: str | bytes, rule: str | None
) -> None:
    event = put(world, text)
    assert run(world, event, tables).verdict == "rejected"

    told = outcome(world, event)
    assert told.outcome == "rejected"
    assert told.findings[0]["severity"] == "error"
    assert rule in {None, *(finding["rule"] for finding in told.findings)}
    [rejected] = world.events("ContractRejected")
    assert rejected["findings"][0]["rule"] == told.findings[0]["rule"]
    assert rejected["contract"]["version_id"] == event["detail"]["object"]["version-id"]
    assert world.ledger.products() == []
    assert tables.made == []
    assert world.plane.client("s3").head_object(Bucket="landing", Key=KEY)


@pytest.mark.parametrize("key", ["contracts/notes.txt", "contracts/deep/stops.odcs.yaml", "contracts/.odcs.yaml"])
def test_what_is_no_contract_by_its_key_is_told_of(world: World, tables: Recorder, key: str) -> None:
    event = put(world, FIRST, key)
    assert run(world, event, tables).verdict == "rejected"
    assert outcome(world, event, key).findings[0]["rule"] == "contract.key"


def test_a_contract_deleted_before_it_was_read_is_told_of(world: World, tables: Recorder) -> None:
    event = put(world, FIRST)
    version = event["detail"]["object"]["version-id"]
    world.plane.client("s3").delete_object(Bucket="landing", Key=KEY, VersionId=version)
    assert run(world, event, tables).verdict == "rejected"
    assert outcome(world, event).findings[0]["rule"] == "contract.object"


def test_a_contract_deleted_between_check_and_apply_is_an_error(world: World, tables: Recorder) -> None:
    event = put(world, FIRST)
    checked = check(world.plane, ObjectCreated.model_validate(event))
    version = event["detail"]["object"]["version-id"]
    world.plane.client("s3").delete_object(Bucket="landing", Key=KEY, VersionId=version)
    with pytest.raises(ContractError):
        apply(world.plane, checked, tables=tables.tables)


def test_an_event_without_a_version_is_about_the_newest(world: World, tables: Recorder) -> None:
    event = put(world, FIRST)
    told = dict(event["detail"]["object"])
    del told["version-id"]
    run(world, {"detail": {**event["detail"], "object": told}}, tables)
    assert outcome(world, event).outcome == "applied"


def test_an_older_version_that_comes_late_does_not_replace_a_newer_one(world: World, tables: Recorder) -> None:
    older, newer = put(world, FIRST), put(world, SECOND)
    run(world, newer, tables)
    assert run(world, older, tables).verdict == "rejected"

    assert state(world).contract_version == "1.1.0"
    assert outcome(world, older).findings[0]["rule"] == "superseded"
    assert tables.made == [("stops_v1", "1.1.0")]


def test_what_was_put_between_two_of_the_same_bytes_is_older_than_the_second(world: World, tables: Recorder) -> None:
    first, between, last = (put(world, text) for text in (FIRST, SECOND, FIRST))
    for event in (first, last, between):
        run(world, event, tables)
    assert (state(world).contract_version, state(world).sequence) == ("1.0.0", 1)
    assert outcome(world, between).findings[0]["rule"] == "superseded"


def test_a_newer_contract_applied_between_check_and_apply_wins(world: World, tables: Recorder) -> None:
    older = put(world, FIRST)
    checked = check(world.plane, ObjectCreated.model_validate(older))
    run(world, put(world, SECOND), tables)

    assert apply(world.plane, checked, tables=tables.tables).verdict == "rejected"
    assert state(world).contract_version == "1.1.0"


def test_two_applies_at_once_are_told_apart_and_tried_again(world: World, tables: Recorder) -> None:
    older, newer = put(world, FIRST), put(world, SECOND)
    checked = check(world.plane, ObjectCreated.model_validate(newer))

    def meanwhile(contract: Contract, wanted: ProductState) -> None:
        tables.prepare(contract, wanted)
        if len(tables.made) == 1:
            run(world, older, tables)

    with pytest.raises(CommitConflict):
        apply(world.plane, checked, tables=Tables(meanwhile, tables.settle))
    assert apply(world.plane, checked, tables=Tables(meanwhile, tables.settle)).verdict == "applied"
    assert (state(world).contract_version, state(world).sequence) == ("1.1.0", 2)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(4))
def test_a_crash_at_any_change_is_made_good_by_trying_again(
    world: World, tables: Recorder, number: int, after: bool
) -> None:
    event = put(world, FIRST)
    with world.killed_at(number, after=after) as seen:
        run(world, event, tables)
    assert seen[-1] == "killed"
    run(world, event, tables)

    assert (state(world).contract_version, state(world).sequence) == ("1.0.0", 1)
    assert {told["sequence"] for told in world.events("ContractApplied")} == {1}
    assert outcome(world, event).outcome == "applied"
