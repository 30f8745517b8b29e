"""The state machines on a small local AWS, over functions that do as they are told by whom an execution is about."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from datamesh.publish.ledger import Ledger
from tests.support.waiting import until

__all__ = ["Workflows", "running"]

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
    "ManageAccess",
)
TASKS = ("approve_by_policy", "wait", "end")  # of ManageAccess: each is told by itself

# What each answers where nothing else is told.
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
    **{task: {"state": "requested"} for task in TASKS},
}
FUNCTION = """
import json
import os

STEP, SCRIPT, DEFAULT = json.loads(%r)

def handler(event, context):
    name = event.get("product") or event.get("request_id") or event["detail"]["object"]["key"]
    step = event.get("task", STEP)
    told = SCRIPT[name].get(step)
    with open(os.environ["CALLS"], "a+") as calls:
        calls.seek(0)
        before = [json.loads(line)[:2] for line in calls].count([step, name])
        calls.write(json.dumps([step, name, event]) + "\\n")
    if isinstance(told, list):
        told = told[before]
    if isinstance(told, str):
        raise type(told[1:], (Exception,), {})("as told")
    if STEP == "TransformBatch":
        return {"slice": event["slice"], "rows_in": 1, "rows_good": 1, "rows_bad": 0}
    if STEP == "RejectBatch":
        return {"state": "FAILED" if event.get("error") else "REJECTED"}
    return {**DEFAULT[step], **(told or {}), **({"product": name} if "Contract" in STEP else {})}
"""

Script = Mapping[str, Mapping[str, Any]]


class Workflows:
    """The machines, deployed. `script` says what each step answers, by the product, the request or the contract's key.

    An answer that begins with `!` is an exception of that name; a list has one for each call.
    """

    def __init__(self, endpoint: str, calls: Path, script: Script) -> None:
        self.endpoint = endpoint
        self._calls = calls
        calls.touch()
        self._script = script
        self.queue = self.client("sqs").create_queue(QueueName="told")["QueueUrl"]
        functions = {f"{step}FunctionArn": self._function(step) for step in STEPS}
        self._rule()
        self.ledger = Ledger(self._table())
        self._names = functions | {"BusName": "default", "Domain": "operations", "LedgerTable": "ledger"}
        names = [path.name.split(".")[0] for path in (ROOT / "statemachines").glob("*.asl.json")]
        self.machines = {name: self.deploy(name, self.definition(name)) for name in names}

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **keys)

    def _function(self, step: str) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            files.writestr("app.py", FUNCTION % json.dumps([step, self._script, DEFAULT]))
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

    def definition(self, machine: str) -> dict[str, Any]:
        """As it is deployed, every name in it resolved."""
        text = (ROOT / f"statemachines/{machine}.asl.json").read_text(encoding="utf-8")
        for name, value in self._names.items():
            text = text.replace("${" + name + "}", value)
        found: dict[str, Any] = json.loads(text)
        return found

    def deploy(self, name: str, definition: Mapping[str, Any]) -> str:
        made = self.client("stepfunctions").create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=f"arn:aws:iam::{ACCOUNT}:role/any"
        )
        return str(made["stateMachineArn"])

    def start(self, machine_arn: str, given: Mapping[str, Any]) -> str:
        """The execution's arn."""
        asked = {"stateMachineArn": machine_arn, "input": json.dumps(given)}
        return str(self.client("stepfunctions").start_execution(**asked)["executionArn"])

    def status(self, arn: str) -> str:
        return str(self.client("stepfunctions").describe_execution(executionArn=arn)["status"])

    def end(self, arn: str) -> tuple[dict[str, Any], list[str]]:
        """How an execution ends, and the names of the states that it entered."""
        states = self.client("stepfunctions")
        until(lambda: self.status(arn) != "RUNNING", "the execution does not end")
        history = states.get_execution_history(executionArn=arn, maxResults=200)["events"]
        entered = [
            event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event
        ]
        return states.describe_execution(executionArn=arn), entered

    def run(self, machine: str, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        return self.end(self.start(self.machines[machine], given))

    def calls(self, step: str, name: str) -> list[dict[str, Any]]:
        """What the function of a step was called with for a product, a request or a contract."""
        every = [json.loads(line) for line in self._calls.read_text(encoding="utf-8").splitlines()]
        return [event for *called, event in every if called == [step, name]]

    def told(self) -> list[dict[str, Any]]:
        """The events that the machines have sent since asked last."""
        sqs = self.client("sqs")
        messages = sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=5).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


@contextmanager
def running(home: Path, script: Script) -> Iterator[Workflows]:
    """The machines while inside. What is tried again waits a fiftieth of its time."""
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
        "SFN_WAIT_SCALE": "0.02",
        "S3_DATA_DIR": str(home / "s3"),
        "STATE_DIR": str(home / "state"),
        "TMPDIR": str(home),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    with (home / "log").open("w") as log:
        command = [sys.executable, "-m", "cli.local"]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            yield Workflows(_ready(f"http://127.0.0.1:{port}"), home / "calls", script)
        finally:
            process.terminate()
            process.wait(timeout=20)


def _ready(endpoint: str) -> str:
    def answers() -> bool:
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):
                return True
        except OSError:
            return False

    until(answers, "the local AWS does not start")
    return endpoint
