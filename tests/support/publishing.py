"""A domain's plane on moto, with a clock that is turned by hand and processes that can be killed at any AWS call.

What Step Functions would do is done by `run_executions`: a stand-in for the data path that commits each batch once,
as Iceberg would, and then announces it as register_product does.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

import boto3
from botocore.client import BaseClient
from pydantic import TypeAdapter

from datamesh.errors import LeaseLost
from datamesh.events import ObjectPointer
from datamesh.publish.announce import announce
from datamesh.publish.ledger import Arrival, Counts, Ledger, ProductState
from datamesh.publish.plane import Plane
from datamesh.publish.routing import Message, route_all, take
from datamesh.publish.sweep import sweep
from datamesh.settings import DomainSettings

__all__ = ["REGION", "START", "Clock", "Killed", "World", "one_call_at_a_time", "product_state"]

REGION = "eu-central-1"
START = datetime(2013, 1, 1, 12, tzinfo=UTC)
LANDING, LAKE = "landing", "lake"
_MESSAGES: TypeAdapter[Message] = TypeAdapter(Message)
_CHANGES = ("Put", "Update", "Delete", "Transact", "Start", "Send")


class Killed(BaseException):
    """The process died here; nothing in it may catch this."""


@contextmanager
def one_call_at_a_time() -> Iterator[None]:
    """AWS isolates the calls of concurrent callers from each other; moto does not, and copies a table in between."""
    lock, call = threading.Lock(), BaseClient._make_api_call

    def locked(client: Any, *arguments: Any) -> Any:
        with lock:
            return call(client, *arguments)

    with patch.object(BaseClient, "_make_api_call", locked):
        yield


class Clock:
    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def passes(self, **by: float) -> None:
        self.time += timedelta(**by)


def product_state(product: str = "flights", *, status: str = "active") -> ProductState:
    return ProductState(
        product=product,
        contract=ObjectPointer(bucket=LAKE, key=f"contracts/{product}/1.0.0.odcs.yaml"),
        contract_version="1.0.0",
        sequence=1,
        database="datamesh_dev_operations",
        table=f"{product}_v1",
        location=f"s3://{LAKE}/tables/{product}_v1",
        status=status,
    )


@dataclass
class World:
    """Call `build` under mock_aws. `commits` stands for the tables: batch id to snapshot id."""

    clock: Clock = field(default_factory=Clock)
    commits: dict[str, int] = field(default_factory=dict)
    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    grants_differ: bool = False
    _clients: dict[str, Any] = field(default_factory=dict)
    _sequencer: Iterator[int] = field(default_factory=count)
    _kill: Callable[[str, str], None] | None = None

    @staticmethod
    def build(*products: str) -> World:
        world = World()
        for service in ("s3", "sqs", "stepfunctions", "events", "dynamodb"):
            world._clients[service] = world._watched(boto3.client(service, region_name=REGION))
        s3, here = world._clients["s3"], {"LocationConstraint": REGION}
        for bucket in (LANDING, LAKE):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=here)
        s3.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
        table = boto3.resource("dynamodb", region_name=REGION).create_table(
            TableName="ledger",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        world._watched(table.meta.client)
        queue = world._clients["sqs"].create_queue(QueueName="arrivals", Attributes={"VisibilityTimeout": "0"})
        machine = world._clients["stepfunctions"].create_state_machine(
            name="publish",
            definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
            roleArn="arn:aws:iam::123456789012:role/machine",
        )
        settings = DomainSettings(
            stage="dev",
            domain="operations",
            landing_bucket=LANDING,
            lake_bucket=LAKE,
            glue_database="datamesh_dev_operations",
            ledger_table="ledger",
            bus_name="default",
            arrivals_queue_url=queue["QueueUrl"],
            publish_state_machine_arn=machine["stateMachineArn"],
            reader_role_arn="arn:aws:iam::123456789012:role/reader",
            gather_seconds=0,
        )
        ledger = Ledger(table, now=world.clock)
        world.plane = Plane(settings, ledger, client=world._clients.__getitem__, now=world.clock)
        for product in products:
            ledger.put_product(product_state(product))
        return world

    plane: Plane = field(init=False)

    @property
    def ledger(self) -> Ledger:
        return self.plane.ledger

    def drop(self, key: str, body: bytes = b"a,b\n1,2\n", *, send: bool = True, **put: Any) -> dict[str, Any]:
        """Puts a file in the landing bucket; its event, which `send` puts into the arrivals queue."""
        answer = self._clients["s3"].put_object(Bucket=LANDING, Key=key, Body=body, **put)
        event = {
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": LANDING},
                "object": {
                    "key": key,
                    "size": len(body),
                    "etag": answer["ETag"].strip('"'),
                    "version-id": answer["VersionId"],
                    "sequencer": f"{next(self._sequencer):018X}",
                },
            },
        }
        if send:
            self.send(event)
        return event

    def send(self, message: dict[str, Any]) -> None:
        queue = self.plane.settings.arrivals_queue_url
        self._clients["sqs"].send_message(QueueUrl=queue, MessageBody=json.dumps(message))

    def deliver(self) -> int:
        """One delivery of the queue to route_arrivals; what it dies on is delivered again. The number of messages."""
        sqs, queue = self._clients["sqs"], self.plane.settings.arrivals_queue_url
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        products = [take(self.plane, _MESSAGES.validate_json(message["Body"])) for message in messages]
        route_all(self.plane, sorted({product for product in products if product}))
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(messages)

    def sweep(self) -> None:
        swept = sweep(self.plane, grants_differ=lambda _: self.grants_differ)
        assert not swept.failed, swept.failed

    def running(self) -> list[dict[str, Any]]:
        machine = self.plane.settings.publish_state_machine_arn
        states = self._clients["stepfunctions"]
        found = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")["executions"]
        return [
            json.loads(states.describe_execution(executionArn=each["executionArn"])["input"]) | each for each in found
        ]

    def executions(self) -> list[str]:
        machine = self.plane.settings.publish_state_machine_arn
        found = self._clients["stepfunctions"].list_executions(stateMachineArn=machine)["executions"]
        return sorted(each["name"] for each in found)

    def end(self, execution: dict[str, Any]) -> None:
        self._clients["stepfunctions"].stop_execution(executionArn=execution["executionArn"])

    def run_executions(self) -> None:
        """Lets every running execution come to its end, or die where it is killed."""
        for execution in self.running():
            try:
                self._publish(execution["product"], execution["batch_id"], execution["attempt"])
            except LeaseLost:
                pass  # a state machine ends here, and touches nothing more
            finally:
                self.end(execution)

    def _publish(self, product: str, batch_id: str, attempt: int) -> None:
        self.ledger.renew(product, batch_id, attempt=attempt)
        snapshot_id = self.commits.setdefault(batch_id, 100 + len(self.commits))
        self.ledger.committed(
            product,
            batch_id,
            snapshot_id=snapshot_id,
            sequence=len(self.commits),
            counts=Counts(rows_in=1, rows_published=1),
            reasons=[],
            profile_key=f"profiles/{product}/{snapshot_id}.json",
            total_rows=1,
        )
        announce(self.plane, product, batch_id, grants_differ=lambda _: self.grants_differ)

    def settle(self) -> None:
        """Time goes by, with deliveries, executions and sweeps, until nothing more happens."""
        for _ in range(12):
            delivered = self.deliver()
            self.run_executions()
            self.clock.passes(minutes=3)
            self.sweep()
            if not delivered and not self.running() and not self._open():
                return
        raise AssertionError("the mesh does not come to rest")

    def _open(self) -> bool:
        states = self.ledger.products()
        return any(self.ledger.lease(s.product) or self.ledger.pending(s.product, limit=1) for s in states)

    def arrival(self, event: dict[str, Any]) -> Arrival:
        landed = event["detail"]["object"]
        arrival = self.ledger.arrival(LANDING, landed["key"], landed["version-id"])
        assert arrival is not None
        return arrival

    def events(self, detail_type: str) -> list[dict[str, Any]]:
        return [data for kind, data in self.told if kind == detail_type]

    @contextmanager
    def killed_at(self, number: int, *, after: bool) -> Iterator[list[str]]:
        """Kills whatever runs in here before, or after, its `number`th change of anything; later ones go well."""
        seen: list[str] = []
        lock = threading.Lock()

        def kill(when: str, operation: str) -> None:
            with lock:
                if when == "before":
                    seen.append(operation)
                if len(seen) == number + 1 and (when == "after") == after:
                    seen.append("killed")
                    raise Killed(operation)

        self._kill = kill
        try:
            yield seen
        except Killed:
            pass
        finally:
            self._kill = None

    def _watched(self, client: Any) -> Any:
        def before(model: Any, **_: Any) -> None:
            self._change("before", model.name)

        def after(model: Any, **_: Any) -> None:
            self._change("after", model.name)

        def tell(params: dict[str, Any], **_: Any) -> None:
            entries = [(entry["DetailType"], json.loads(entry["Detail"])["data"]) for entry in params["Entries"]]
            self.told.extend(entries)

        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)
        client.meta.events.register("provide-client-params.events.PutEvents", tell)
        return client

    def _change(self, when: str, operation: str) -> None:
        if self._kill is not None and operation.startswith(_CHANGES):
            self._kill(when, operation)
