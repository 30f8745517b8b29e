"""The state machines, run by a small local AWS, over functions that do as they are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from datamesh import events, messages
from datamesh.access.effects import Machine
from datamesh.govern.access_store import Stored
from datamesh.govern.requests import asked, decided
from datamesh.govern.subscription import Subscription
from datamesh.publish.ledger import ContractOutcome
from tests.support.waiting import until
from tests.support.workflows import Workflows, running

STUMBLES = ("Transient", "CommitConflict", "ThrottlingException")

SCRIPT: dict[str, dict[str, Any]] = {
    "well": {},
    "slices": {"ValidateBatch": {"verdict": "ok", "slices": [0, 1, 2, 3, 4], "many": False}},
    "header": {
        "ValidateBatch": {
            "verdict": "rejected",
            "slices": [],
            "reasons": [{"rule": "header", "column": None, "rows": 0}],
        }
    },
    "gate": {"CatalogProduct": {"verdict": "rejected", "reasons": [{"rule": "rowCount", "column": None, "rows": 3}]}},
    "unreadable": {"TransformBatch": "!UnreadableInput"},
    "fenced": {"TransformBatch": "!LeaseLost"},
    "broken": {"TransformBatch": "!KeyError"},
    "busy": {"CatalogProduct": ["!CommitConflict", "!CommitStateUnknown", None]},
    "untold": {"RegisterProduct": "!KeyError"},
    "contracts/well.odcs.yaml": {},
    "contracts/wrong.odcs.yaml": {"CheckContract": {"verdict": "rejected"}},
    "contracts/late.odcs.yaml": {"ApplyContract": {"verdict": "rejected"}},
    "contracts/broken.odcs.yaml": {"ApplyContract": "!KeyError"},
    "contracts/unread.odcs.yml": {"CheckContract": "!KeyError"},
    "declared": {"approve_by_policy": {"state": "granted"}},
    "asked": {},
    "named-once": {},
    "stumbled": {
        "approve_by_policy": [*(f"!{name}" for name in STUMBLES), None],
        "wait": [*(f"!{name}" for name in STUMBLES), None],
    },
    "overlooked": {"approve_by_policy": "!KeyError"},
    "late": {"end": [*(f"!{name}" for name in STUMBLES), {"state": "lapsed"}]},
    "broken-off": {"wait": "!KeyError"},
    "unended": {"wait": "!KeyError", "end": "!KeyError"},
}


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflows]:
    with running(tmp_path_factory.mktemp("aws"), SCRIPT) as standing:
        yield standing


def publish(workflows: Workflows, product: str) -> tuple[dict[str, Any], list[str]]:
    return workflows.run(
        "publish_product", {"product": product, "batch_id": f"20130101T120000Z-{product}", "attempt": 1}
    )


def test_a_batch_of_one_slice_goes_through_seven_states(workflows: Workflows) -> None:
    """Six here, and the one inside the Map, which the local AWS leaves out of its history."""
    answer, entered = publish(workflows, "well")
    assert answer["status"] == "SUCCEEDED"
    assert entered == [
        "ValidateBatch",
        "IsValid",
        "TransformSlices",
        "CatalogProduct",
        "IsCommitted",
        "RegisterProduct",
    ]
    run = {"product": "well", "batch_id": "20130101T120000Z-well", "attempt": 1}
    assert workflows.calls("ValidateBatch", "well") == workflows.calls("CatalogProduct", "well") == [run]
    assert workflows.calls("TransformBatch", "well") == [run | {"slice": 0}]


def test_every_slice_is_transformed(workflows: Workflows) -> None:
    answer, _ = publish(workflows, "slices")
    assert answer["status"] == "SUCCEEDED"
    assert sorted(call["slice"] for call in workflows.calls("TransformBatch", "slices")) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("product", ["header", "gate", "unreadable"])
def test_data_that_is_refused_ends_red_as_rejected(workflows: Workflows, product: str) -> None:
    answer, entered = publish(workflows, product)
    assert (answer["status"], answer["error"]) == ("FAILED", "BatchRejected")
    assert entered[-2:] == ["RejectBatch", "Unpublished"]
    assert "RegisterProduct" not in entered
    [call] = workflows.calls("RejectBatch", product)
    rule = {"header": "header", "gate": "rowCount", "unreadable": "unreadable"}[product]
    assert (call["attempt"], call["reasons"][0]["rule"], call.get("error")) == (1, rule, None)


def test_what_infrastructure_failed_ends_red_as_failed(workflows: Workflows) -> None:
    answer, entered = publish(workflows, "broken")
    assert (answer["status"], answer["error"]) == ("FAILED", "BatchFailed")
    assert entered[-2:] == ["RejectBatch", "Unpublished"]
    [call] = workflows.calls("RejectBatch", "broken")
    assert call["error"] == {"Error": "KeyError"}


def test_an_attempt_that_lost_the_lease_touches_nothing_more(workflows: Workflows) -> None:
    answer, entered = publish(workflows, "fenced")
    assert (answer["status"], answer["error"]) == ("FAILED", "LeaseLost")
    assert "RejectBatch" not in entered


def test_a_commit_conflict_and_a_commit_of_unknown_fate_are_tried_again(workflows: Workflows) -> None:
    answer, _ = publish(workflows, "busy")
    assert answer["status"] == "SUCCEEDED"


def test_a_committed_batch_is_not_rejected_when_it_cannot_be_announced(workflows: Workflows) -> None:
    answer, entered = publish(workflows, "untold")
    assert (answer["status"], answer["error"]) == ("FAILED", "KeyError")
    assert entered[-1] == "RegisterProduct"


def contract(name: str) -> dict[str, Any]:
    return {
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "landing"}, "object": {"key": f"contracts/{name}.odcs.yaml"}},
    }


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [("well", "SUCCEEDED", None), ("wrong", "FAILED", "ContractRejected"), ("late", "FAILED", "ContractRejected")],
)
def test_a_contract_is_applied_or_ends_red(workflows: Workflows, name: str, status: str, error: str | None) -> None:
    script = f"contracts/{name}.odcs.yaml"
    answer, entered = workflows.run("apply_contract", contract(name))
    assert (answer["status"], answer.get("error")) == (status, error)
    assert "TellFailure" not in entered, script


@pytest.mark.parametrize(
    ("key", "version", "known_as"),
    [("contracts/broken.odcs.yaml", "v7", "v7"), ("contracts/unread.odcs.yml", "", "null")],
    ids=["while it is applied", "before its version is known"],
)
def test_a_contract_that_infrastructure_failed_is_told_of(
    workflows: Workflows, key: str, version: str, known_as: str
) -> None:
    given = contract("broken")
    given["detail"]["object"]["key"] = key
    answer, entered = workflows.run("apply_contract", given)
    assert (answer["status"], answer["error"]) == ("FAILED", "ContractFailed")
    assert entered[-3:] == ["TellFailure", "RecordFailure", "ContractFailed"]

    [told] = workflows.told()
    assert told["source"] == "datamesh.operations"
    _, event = messages.parse(told["detail-type"], told["detail"])
    pointer = events.ObjectPointer(bucket="landing", key=key, version_id=version)
    assert event == events.ContractFailed(contract=pointer, error="KeyError")

    product = key.removeprefix("contracts/").partition(".")[0]
    assert workflows.ledger.contract_outcome(product, known_as) == ContractOutcome(outcome="failed", error="KeyError")


WAITING = ["ApproveByPolicy", "IsDecided", "AwaitOwner"]


def ask(workflows: Workflows, request: str) -> tuple[str, str]:
    """An execution that waits for the owner's decision on a request, and the token that it waits for."""
    arn = workflows.start(workflows.machines["grant_access"], {"request_id": request})
    tries = len(SCRIPT[request].get("wait", [None]))
    [*_, call] = until(lambda: workflows.calls("wait", request)[tries - 1 :], "nobody is asked to wait")
    return arn, call["token"]


def decide(workflows: Workflows, token: str) -> None:
    workflows.client("stepfunctions").send_task_success(taskToken=token, output='{"state": "granted"}')


def test_a_request_that_the_contract_grants_waits_for_nobody(workflows: Workflows) -> None:
    answer, entered = workflows.run("grant_access", {"request_id": "declared"})
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"state": "granted"}')
    assert entered == ["ApproveByPolicy", "IsDecided", "Decided"]
    assert workflows.calls("approve_by_policy", "declared") == [{"task": "approve_by_policy", "request_id": "declared"}]
    assert workflows.calls("wait", "declared") == []


def test_a_request_waits_until_the_decision_comes_with_its_token(workflows: Workflows) -> None:
    arn, token = ask(workflows, "asked")
    assert workflows.calls("wait", "asked") == [{"task": "wait", "request_id": "asked", "token": token}]
    assert workflows.status(arn) == "RUNNING"

    decide(workflows, token)

    answer, entered = workflows.end(arn)
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"state": "granted"}')
    assert entered == [*WAITING, "Decided"]


def test_what_passes_by_itself_is_tried_again_before_and_while_a_request_waits(workflows: Workflows) -> None:
    arn, token = ask(workflows, "stumbled")
    decide(workflows, token)
    answer, entered = workflows.end(arn)
    assert (answer["status"], entered) == ("SUCCEEDED", [*WAITING, "Decided"])
    assert len(workflows.calls("approve_by_policy", "stumbled")) == len(STUMBLES) + 1
    assert len(workflows.calls("wait", "stumbled")) == len(STUMBLES) + 1


def test_an_owner_is_waited_for_where_the_contract_could_not_be_asked(workflows: Workflows) -> None:
    arn, token = ask(workflows, "overlooked")
    assert len(workflows.calls("approve_by_policy", "overlooked")) == 1
    decide(workflows, token)
    answer, entered = workflows.end(arn)
    assert (answer["status"], entered) == ("SUCCEEDED", ["ApproveByPolicy", "AwaitOwner", "Decided"])


def test_a_request_on_which_nobody_decides_is_ended_after_its_time(workflows: Workflows) -> None:
    # Given the machine as it is, but for the two weeks, and an end that takes several tries
    definition = workflows.definition("grant_access")
    definition["States"]["AwaitOwner"]["TimeoutSeconds"] = 1
    impatient = workflows.deploy("impatient", definition)

    answer, entered = workflows.end(workflows.start(impatient, {"request_id": "late"}))

    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"state": "lapsed"}')
    assert entered == [*WAITING, "EndWhatIsOver", "Decided"]
    assert len(workflows.calls("wait", "late")) == 1, "the time is over: it is not waited for once more"
    assert workflows.calls("end", "late") == [{"task": "end", "request_id": "late"}] * (len(STUMBLES) + 1)


def test_a_wait_that_breaks_off_leaves_the_request_as_it_is(workflows: Workflows) -> None:
    answer, entered = workflows.run("grant_access", {"request_id": "broken-off"})
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"state": "requested"}')
    assert entered == [*WAITING, "EndWhatIsOver", "Decided"]
    assert len(workflows.calls("wait", "broken-off")) == len(workflows.calls("end", "broken-off")) == 1


def test_what_could_not_be_ended_ends_red(workflows: Workflows) -> None:
    answer, entered = workflows.run("grant_access", {"request_id": "unended"})
    assert (answer["status"], answer["error"], entered[-1]) == ("FAILED", "KeyError", "EndWhatIsOver")


def test_a_request_has_one_execution_and_whoever_comes_late_tells_nobody(workflows: Workflows) -> None:
    """What the desk does with Step Functions, done with one: an execution's name is used once, even when it is over."""
    at = datetime.now(UTC)
    arn = "arn:aws:iam::111122223333:role/ann"
    wish = Subscription("named-once", arn, arn, "crm.people", None, "", at + timedelta(days=30))
    request = asked(wish, "a study", at)
    machine = Machine(workflows.client("stepfunctions"), workflows.machines["grant_access"])
    execution = f"{machine.arn.replace(':stateMachine:', ':execution:')}:named-once"

    for _ in range(2):
        machine.follow(Stored(request, 0))
    [call] = until(lambda: workflows.calls("wait", "named-once"), "nobody waits")
    decision = Stored(decided(request, "granted", "arn:aws:iam::111122223333:role/ola", at), 1, call["token"])
    for _ in range(2):
        machine.follow(decision)
    assert workflows.end(execution)[0]["output"] == '{"state": "granted"}'
    for again in (Stored(request, 0), decision):
        machine.follow(again)

    listed = workflows.client("stepfunctions").list_executions(stateMachineArn=machine.arn)["executions"]
    assert [it["status"] for it in listed if it["name"] == "named-once"] == ["SUCCEEDED"]
    assert len(workflows.calls("approve_by_policy", "named-once")) == 1
