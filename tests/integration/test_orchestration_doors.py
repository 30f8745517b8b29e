"""The functions of orchestration as they are deployed: real events in, through their handlers (moto)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from moto import mock_aws

from cli.local import lakeformation
from datamesh import aws, settings
from datamesh.errors import InfrastructureError
from datamesh.publish.ledger import Batch, Counts
from functions.apply_contract import app as apply_contract
from functions.check_contract import app as check_contract
from functions.register_product import app as register_product
from functions.reject_batch import app as reject_batch
from functions.route_arrivals import app as route_arrivals
from functions.sweep_batches import app as sweep_batches
from tests.support.contracts import STOPS, edited
from tests.support.publishing import REGION, World, product_state

CONTEXT = SimpleNamespace(
    function_name="function",
    memory_limit_in_mb=256,
    invoked_function_arn=f"arn:aws:lambda:{REGION}:123456789012:function:function",
    aws_request_id="r",
)
CONTRACT = edited("domain: transit", "domain: operations")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    keys = {"AWS_DEFAULT_REGION": REGION, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    lakeformation.install()
    with mock_aws():
        world = World.build("stops")
        world.plane.client("s3").put_object(
            Bucket="lake", Key=product_state("stops").contract.key, Body=CONTRACT.encode()
        )
        for name, value in world.plane.settings.model_dump(mode="json").items():
            monkeypatch.setenv(name.upper(), value if isinstance(value, str) else json.dumps(value))
        forget()
        yield world
    forget()


def forget() -> None:
    for made_once in (aws.client, aws.resource_table, settings.load):
        made_once.cache_clear()


def delivery(*messages: Any) -> dict[str, Any]:
    """What SQS hands to Lambda; a message that is no text is sent as JSON."""
    bodies = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    records = [{"messageId": str(n), "body": body, "eventSource": "aws:sqs"} for n, body in enumerate(bodies)]
    return {"Records": records}


def given_a_running_batch(world: World) -> dict[str, Any]:
    route_arrivals.handler(delivery(world.drop("stops/1.csv", send=False)), CONTEXT)
    [execution] = world.running()
    return {key: execution[key] for key in ("product", "batch_id", "attempt")}


def batch(world: World, run: dict[str, Any]) -> Batch:
    found = world.ledger.batch(run["product"], run["batch_id"])
    assert found is not None
    return found


def given_committed(world: World, run: dict[str, Any]) -> None:
    counts = Counts(rows_in=1, rows_published=1)
    world.ledger.committed(
        run["product"],
        run["batch_id"],
        snapshot_id=7,
        sequence=1,
        counts=counts,
        reasons=[],
        profile_key="profiles/stops/7.json",
        total_rows=1,
    )


def test_a_message_that_cannot_be_read_keeps_no_other_waiting(world: World) -> None:
    file = world.drop("stops/1.csv", send=False)
    answer = route_arrivals.handler(delivery("no JSON", file, {"neither": "nor"}), CONTEXT)

    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0", "2"]
    assert len(world.running()) == 1
    assert world.arrival(file).state == "ASSIGNED"


def test_only_messages_that_cannot_be_read_are_all_given_back(world: World) -> None:
    answer = route_arrivals.handler(delivery("no JSON"), CONTEXT)
    assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == ["0"]


def test_two_files_of_one_delivery_are_one_batch(world: World) -> None:
    files = [world.drop(f"stops/{n}.csv", b"%d" % n, send=False) for n in range(2)]
    assert route_arrivals.handler(delivery(*files), CONTEXT) == {"batchItemFailures": []}
    assert len({world.arrival(file).batch_id for file in files}) == 1


def test_a_drain_routes_what_is_pending(world: World) -> None:
    run = given_a_running_batch(world)
    waiting = world.drop("stops/2.csv", b"2", send=False)
    route_arrivals.handler(delivery(waiting), CONTEXT)
    assert world.arrival(waiting).state == "PENDING"
    world.ledger.failed("stops", run["batch_id"], error="X")
    world.ledger.release("stops", run["batch_id"], attempt=1)

    route_arrivals.handler(delivery({"drain": "stops"}), CONTEXT)
    assert world.arrival(waiting).state == "ASSIGNED"


def test_a_committed_batch_is_registered(world: World) -> None:
    run = given_a_running_batch(world)
    given_committed(world, run)
    asked = {"product": "stops", "batch_id": run["batch_id"]}
    assert register_product.handler(asked, CONTEXT) == {"announced": True}
    assert register_product.handler(asked, CONTEXT) == {"announced": True}, "and once more"
    assert batch(world, run).status == "published"
    assert world.ledger.lease("stops") is None


def test_a_batch_is_rejected_for_reasons_and_failed_for_an_error(world: World) -> None:
    run = given_a_running_batch(world)
    reasons = [{"rule": "header", "column": None, "rows": 0}]
    verdict = {"verdict": "rejected", "slices": [], "reasons": reasons}
    assert reject_batch.handler(run | verdict, CONTEXT) == {"state": "REJECTED"}
    assert batch(world, run).reasons[0].rule == "header"

    route_arrivals.handler(delivery(world.drop("stops/2.csv", b"2", send=False)), CONTEXT)
    second = next(e for e in world.running() if e["batch_id"] != run["batch_id"])
    run = {key: second[key] for key in ("product", "batch_id", "attempt")}
    assert reject_batch.handler(run | {"error": {"Error": "KeyError"}}, CONTEXT) == {"state": "FAILED"}
    assert batch(world, run).error == "KeyError"


def test_a_reason_may_be_a_rule_alone(world: World) -> None:
    """As the state machine gives one for UnreadableInput."""
    run = given_a_running_batch(world)
    assert reject_batch.handler(run | {"reasons": [{"rule": "unreadable"}]}, CONTEXT) == {"state": "REJECTED"}


def test_the_sweep_announces_what_was_committed(world: World) -> None:
    run = given_a_running_batch(world)
    given_committed(world, run)
    world.end(world.running()[0])
    assert sweep_batches.handler({}, CONTEXT) == {"products": 1}
    assert batch(world, run).status == "published"


def test_a_sweep_that_failed_says_so(world: World) -> None:
    run = given_a_running_batch(world)
    given_committed(world, run)
    world.end(world.running()[0])
    world.plane.client("s3").delete_object(Bucket="lake", Key=product_state("stops").contract.key)
    with pytest.raises(InfrastructureError, match="stops"):
        sweep_batches.handler({}, CONTEXT)


def test_a_contract_is_checked(world: World) -> None:
    raised = edited("version: 1.0.0", "version: 1.0.1", text=CONTRACT)
    event = world.drop("contracts/stops.odcs.yaml", raised.encode(), send=False)
    answer = check_contract.handler(event, CONTEXT)
    assert (answer["verdict"], answer["product"], answer["version"]) == ("accepted", "stops", "1.0.1")
    assert json.loads(json.dumps(answer)) == answer, "it is a state's output"


def test_a_contract_of_another_domain_is_refused(world: World) -> None:
    event = world.drop("contracts/stops.odcs.yaml", STOPS.encode(), send=False)
    assert check_contract.handler(event, CONTEXT)["verdict"] == "rejected"


def test_a_contract_that_was_checked_is_applied_and_makes_its_table(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, str]] = []
    settled: list[bool] = []
    monkeypatch.setattr(apply_contract.evolution, "prepare", lambda contract, **where: made.append(where))
    monkeypatch.setattr(apply_contract.evolution, "settle", lambda contract, **where: settled.append(where["stands"]()))
    raised = edited("version: 1.0.0", "version: 1.0.1", text=CONTRACT)
    checked = check_contract.handler(world.drop("contracts/stops.odcs.yaml", raised.encode(), send=False), CONTEXT)

    assert apply_contract.handler(checked, CONTEXT)["verdict"] == "applied"
    assert apply_contract.handler(checked, CONTEXT)["verdict"] == "applied", "and once more"

    state = world.ledger.product("stops")
    assert state is not None
    assert (state.contract_version, state.sequence) == ("1.0.1", 2)
    table = {"database": "datamesh_dev_operations", "table": "stops_v1", "location": "s3://lake/tables/stops_v1"}
    assert made == [table, table]
    assert settled == [True, True]
