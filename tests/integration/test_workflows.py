"""Both state machines, run by a small local AWS, over functions that do as they are told by the product's name."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from datamesh import events, messages
from datamesh.publish.ledger import ContractOutcome, Ledger

ROOT = Path(__file__).parents[2]
ACCOUNT, REGION = "111122223333", "eu-central-1"
STEPS = (
    "ValidateBatch",
    "TransformBatch",
    "CatalogProduct",
    "RegisterProduct",
    "RejectBatch",
    "CheckContract",
    "ApplyContract",
)

# What each function answers, by the product (or the contract's key) of the execution; an exception is named with a `!`.
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
}
DEFAULT: dict[str, Any] = {
    "ValidateBatch": {"verdict": "ok", "slices": [0], "many": False, "reasons": []},
    "CatalogProduct": {
        "verdict": "committed",
        "snapshot_id": 2**62,
        "sequence": 1,
        "status": "published",
        "reasons": [],
    },
    "RegisterProduct": {"announced": True},
    "CheckContract": {"verdict": "accepted", "contract": {"version_id": "v7"}},
    "ApplyContract": {"verdict": "applied"},
}
FUNCTION = """
import json
import os

STEP, SCRIPT, DEFAULT = json.loads(%r)

def handler(event, context):
    name = event.get("product") or event["detail"]["object"]["key"]
    told = SCRIPT[name].get(STEP)
    call = json.dumps([STEP, event]) + "\\n"
    with open(os.environ["CALLS"], "a+") as calls:
        calls.seek(0)
        before = calls.readlines().count(call)
        calls.write(call)
    if isinstance(told, list):
        told = told[before]
    if isinstance(told, str):
        raise type(told[1:], (Exception,), {})("as told")
    if STEP == "TransformBatch":
        return {"slice": event["slice"], "rows_in": 1, "rows_good": 1, "rows_bad": 0}
    if STEP == "RejectBatch":
        return {"state": "FAILED" if event.get("error") else "REJECTED"}
    return {**DEFAULT[STEP], **(told or {}), **({"product": name} if "Contract" in STEP else {})}
"""


class Workflows:
    """The two machines, deployed. `run` gives an execution's end and the names of the states it entered."""

    def __init__(self, endpoint: str, calls: Path) -> None:
        self.endpoint = endpoint
        self._calls = calls
        self.queue = self.client("sqs").create_queue(QueueName="told")["QueueUrl"]
        functions = {f"{step}FunctionArn": self._function(step) for step in STEPS}
        self._rule()
        self.ledger = Ledger(self._table())
        names = functions | {"BusName": "default", "Domain": "operations", "LedgerTable": "ledger"}
        self.machines = {
            path.name.split(".")[0]: self._machine(path, names) for path in (ROOT / "statemachines").glob("*.asl.json")
        }

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def _function(self, step: str) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("app.py", FUNCTION % json.dumps([step, SCRIPT, DEFAULT]))
        made = self.client("lambda").create_function(
            FunctionName=step,
            Runtime="python3.11",
            Handler="app.handler",
            Role=f"arn:aws:iam::{ACCOUNT}:role/any",
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"CALLS": str(self._calls)}},
        )
        return str(made["FunctionArn"])

    def _table(self) -> Any:
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}
        dynamodb = boto3.resource("dynamodb", endpoint_url=self.endpoint, region_name=REGION, **keys)
        return dynamodb.create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )

    def _rule(self) -> None:
        bus, arn = self.client("events"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:told"
        bus.put_rule(Name="told", EventPattern=json.dumps({"source": [{"prefix": "datamesh."}]}))
        bus.put_targets(Rule="told", Targets=[{"Id": "queue", "Arn": arn}])

    def _machine(self, path: Path, names: dict[str, str]) -> str:
        definition = path.read_text(encoding="utf-8")
        for name, value in names.items():
            definition = definition.replace("${" + name + "}", value)
        made = self.client("stepfunctions").create_state_machine(
            name=path.name.split(".")[0], definition=definition, roleArn=f"arn:aws:iam::{ACCOUNT}:role/any"
        )
        return str(made["stateMachineArn"])

    def run(self, machine: str, given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        states = self.client("stepfunctions")
        arn = states.start_execution(stateMachineArn=self.machines[machine], input=json.dumps(given))["executionArn"]
        deadline = time.monotonic() + 60
        while (answer := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            assert time.monotonic() < deadline, "the execution does not end"
            time.sleep(0.1)
        history = states.get_execution_history(executionArn=arn, maxResults=200)["events"]
        entered = [
            event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
        ]
        return answer, entered

    def publish(self, product: str) -> tuple[dict[str, Any], list[str]]:
        return self.run(
            "publish_product", {"product": product, "batch_id": f"20130101T120000Z-{product}", "attempt": 1}
        )

    def calls(self, step: str, product: str) -> list[dict[str, Any]]:
        """What the function of a step was called with for a product."""
        every = [json.loads(line) for line in self._calls.read_text(encoding="utf-8").splitlines()]
        return [event for name, event in every if name == step and event.get("product") == product]

    def told(self) -> list[dict[str, Any]]:
        """The events that the machines have sent since asked last."""
        sqs = self.client("sqs")
        messages = sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=5).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workflows]:
    home = tmp_path_factory.mktemp("aws")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "PYTHONPATH": str(ROOT),
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": str(home / "s3"),
        "STATE_DIR": str(home / "state"),
        "TMPDIR": str(home),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    log = (home / "log").open("w")
    process = subprocess.Popen([sys.executable, "-m", "cli.local.emulator"], env=environment, stdout=log, stderr=log)
    try:
        yield Workflows(_ready(f"http://127.0.0.1:{port}"), home / "calls")
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _ready(endpoint: str) -> str:
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):
                return endpoint
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the local AWS does not start")


def test_a_batch_of_one_slice_goes_through_seven_states(workflows: Workflows) -> None:
    """Six here, and the one inside the Map, which the local AWS leaves out of its history."""
    answer, entered = workflows.publish("well")
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
    answer, _ = workflows.publish("slices")
    assert answer["status"] == "SUCCEEDED"
    assert sorted(call["slice"] for call in workflows.calls("TransformBatch", "slices")) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("product", ["header", "gate", "unreadable"])
def test_data_that_is_refused_ends_red_as_rejected(workflows: Workflows, product: str) -> None:
    answer, entered = workflows.publish(product)
    assert (answer["status"], answer["error"]) == ("FAILED", "BatchRejected")
    assert entered[-2:] == ["RejectBatch", "Unpublished"]
    assert "RegisterProduct" not in entered
    [call] = workflows.calls("RejectBatch", product)
    rule = {"header": "header", "gate": "rowCount", "unreadable": "unreadable"}[product]
    assert (call["attempt"], call["reasons"][0]["rule"], call.get("error")) == (1, rule, None)


def test_what_infrastructure_failed_ends_red_as_failed(workflows: Workflows) -> None:
    answer, entered = workflows.publish("broken")
    assert (answer["status"], answer["error"]) == ("FAILED", "BatchFailed")
    assert entered[-2:] == ["RejectBatch", "Unpublished"]
    [call] = workflows.calls("RejectBatch", "broken")
    assert call["error"] == {"Error": "KeyError"}


def test_an_attempt_that_lost_the_lease_touches_nothing_more(workflows: Workflows) -> None:
    answer, entered = workflows.publish("fenced")
    assert (answer["status"], answer["error"]) == ("FAILED", "LeaseLost")
    assert "RejectBatch" not in entered


def test_a_commit_conflict_and_a_commit_of_unknown_fate_are_tried_again(workflows: Workflows) -> None:
    answer, _ = workflows.publish("busy")
    assert answer["status"] == "SUCCEEDED"


def test_a_committed_batch_is_not_rejected_when_it_cannot_be_announced(workflows: Workflows) -> None:
    answer, entered = workflows.publish("untold")
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
