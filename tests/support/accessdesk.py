"""A desk of requests for access on moto, whose calls of AWS can be made to fail, and what it left behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3

from datamesh.access.desk import Desk
from datamesh.access.effects import Bus, Effects, Machine, Record, Timer
from datamesh.contract.model import Approval, Column, ColumnType, Owner
from datamesh.govern.access_store import AccessStore
from datamesh.govern.policy import Governed
from tests.support.accesstable import create_access_table
from tests.support.governed import Product, contract_of

__all__ = ["ACCOUNT", "ANN", "BOB", "NOW", "OLA", "Faults", "Killed", "Place", "product"]

ACCOUNT = "123456789012"
ANN, BOB, OLA = (f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("ann", "bob", "ola"))
NOW = datetime(2036, 5, 1, 12, tzinfo=UTC)
_REGION = "eu-west-1"


class Killed(Exception):
    """The process ended here."""


def product(name: str, *approvals: Approval, owners: tuple[Owner, ...] = (Owner("role/ola"),)) -> Product:
    made = contract_of(name, ("name", "region"), ())
    columns = (Column("name", ColumnType("string")), Column("region", ColumnType("string"), tags=("personal:yes",)))
    table = replace(made.table, columns=columns)
    return Product(replace(made, tables=(table,), owners=owners, approvals=approvals), ACCOUNT)


@dataclass
class Faults:
    """The call of AWS, counted from 1, before or after which the process is killed; once."""

    at: int = 0
    after: bool = False
    calls: int = 0

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **options: Any) -> Any:
            self.calls += 1
            hit = self.calls == self.at
            if hit and not self.after:
                raise Killed
            try:
                return call(*arguments, **options)
            finally:
                if hit:
                    raise Killed

        return called


@dataclass(frozen=True)
class Wired:
    """A client whose calls may be the last."""

    client: Any
    faults: Faults

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return self.faults.around(found) if callable(found) and name != "exceptions" else found


class States:
    """Step Functions as far as it is called: executions by name, and the tokens that were sent back."""

    def __init__(self) -> None:
        names = ("ExecutionAlreadyExists", "TaskDoesNotExist", "TaskTimedOut", "InvalidToken")
        self.exceptions = SimpleNamespace(**{name: type(name, (Exception,), {}) for name in names})
        self.started: list[str] = []
        self.told: list[tuple[str, str]] = []
        self.waiting: set[str] = set()

    def start_execution(self, **asked: str) -> None:
        name = asked["name"]
        assert asked == {"stateMachineArn": "machine", "name": name, "input": json.dumps({"request_id": name})}
        if name in self.started:
            raise self.exceptions.ExecutionAlreadyExists
        self.started.append(name)

    def send_task_success(self, **said: str) -> None:
        if said["taskToken"] not in self.waiting:
            raise self.exceptions.TaskDoesNotExist
        self.waiting.remove(said["taskToken"])
        self.told.append((said["taskToken"], json.loads(said["output"])["state"]))


class Events:
    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def put_events(self, **asked: Any) -> dict[str, Any]:
        self.sent += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in asked["Entries"]]
        return {"FailedEntryCount": 0, "Entries": [{} for _ in asked["Entries"]]}


@dataclass
class Place:
    """What a desk works on, at a `now` that tests move. To be made within moto."""

    products: Sequence[Governed] = ()
    now: datetime = NOW
    faults: Faults = field(default_factory=Faults)
    states: States = field(default_factory=States)
    events: Events = field(default_factory=Events)

    def __post_init__(self) -> None:
        self.s3 = boto3.client("s3", region_name=_REGION)
        self.s3.create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": _REGION})
        self.scheduler = boto3.client("scheduler", region_name=_REGION)
        table = create_access_table(boto3.resource("dynamodb", region_name=_REGION))
        self.store = AccessStore(table)
        target = {"Arn": f"arn:aws:lambda:{_REGION}:{ACCOUNT}:function:f", "RoleArn": ANN}
        store = AccessStore(Wired(table, self.faults))
        effects = Effects(
            store,
            (Record(Wired(self.s3, self.faults), "audit"), Bus(Wired(self.events, self.faults), "bus")),
            Timer(Wired(self.scheduler, self.faults), "access-", target),
            Machine(Wired(self.states, self.faults), "machine"),
            lambda: self.now,
        )
        self.desk = Desk(store, effects, self._promised, lambda: self.now)

    def _promised(self, domain: str | None) -> list[Governed]:
        return [it for it in self.products if domain is None or it.contract.domain == domain]

    def later(self, span: timedelta) -> None:
        self.now += span

    def begin_again(self, faults: Faults, token: str) -> None:
        """The same place at its first moment, as if nothing had been told; somebody waits by `token`."""
        self.now = NOW
        vars(self.faults).update(vars(faults))
        self.events.sent.clear()
        self.states.started.clear()
        self.states.told.clear()
        self.states.waiting = {token}
        for schedule in self.scheduler.list_schedules()["Schedules"]:
            self.scheduler.delete_schedule(Name=schedule["Name"])

    def records(self, request_id: str = "") -> dict[str, dict[str, Any]]:
        """Audit records by key, of one request or of all."""
        listed = self.s3.list_objects_v2(Bucket="audit", Prefix=f"access/{request_id}").get("Contents", [])
        return {
            it["Key"]: json.loads(self.s3.get_object(Bucket="audit", Key=it["Key"])["Body"].read()) for it in listed
        }

    def happened(self) -> list[str]:
        """The types of the events that were sent, each event once, in the order of their time."""
        each = {detail["metadata"]["event_id"]: (detail["data"]["sequence"], kind) for kind, detail in self.events.sent}
        return [kind for _, kind in sorted(each.values())]

    def timers(self) -> list[str]:
        names = [it["Name"] for it in self.scheduler.list_schedules()["Schedules"]]
        return [self.scheduler.get_schedule(Name=name)["ScheduleExpression"] for name in names]
