"""What follows a step of a request: its audit record, its event, the timer of its end, and whoever waits for it.

They come after the step is written, each may be repeated, and only when all are done is the request settled. So
whatever is killed in between, the sweep does them again: nothing is lost, and nothing is there twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from botocore.exceptions import ClientError

from datamesh import messages
from datamesh.access.record import audit_key, audit_record, event_of, moment_of
from datamesh.govern.access_store import AccessStore, Stored
from datamesh.govern.requests import Request, Step

__all__ = ["Bus", "Effects", "Machine", "Record", "Timer"]

_DECISION = 2  # the sequence of the step after the request itself


class _Told(Protocol):
    def tell(self, request: Request, step: Step) -> None: ...


@dataclass(frozen=True)
class Record:
    """The audit record: one object for each step, in a bucket where none is written twice."""

    s3: Any
    bucket: str

    def tell(self, request: Request, step: Step) -> None:
        key, body = audit_key(request, step), audit_record(request, step)
        try:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="application/json", IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":  # it was written before
                raise


@dataclass(frozen=True)
class Bus:
    """The mesh's bus; an event that is sent again is the same event."""

    client: Any
    name: str

    def tell(self, request: Request, step: Step) -> None:
        messages.emit(
            [event_of(request, step)],
            client=self.client,
            bus=self.name,
            domain="platform",
            correlation_id=request.id,
            moment=moment_of(request, step),
        )


@dataclass(frozen=True)
class Timer:
    """A schedule for the moment at which access ends. The sweep would end it, too, but later."""

    scheduler: Any
    prefix: str
    target: dict[str, Any]  # of the scheduler, without its input

    def follow(self, request: Request, at: datetime) -> None:
        """Set where access holds, gone where it does not."""
        name = f"{self.prefix}{hashlib.sha256(request.id.encode()).hexdigest()[:32]}"
        if request.state == "granted":
            if at < request.subscription.until:
                self._set(name, request)
            return
        if not any(step.kind == "granted" for step in request.steps):
            return
        with suppress(self.scheduler.exceptions.ResourceNotFoundException):
            self.scheduler.delete_schedule(Name=name)

    def _set(self, name: str, request: Request) -> None:
        second = request.subscription.until + timedelta(microseconds=999_999)  # never before its time
        schedule = {
            "Name": name,
            "ScheduleExpression": f"at({second:%Y-%m-%dT%H:%M:%S})",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "ActionAfterCompletion": "DELETE",
            "Target": self.target | {"Input": json.dumps({"task": "end", "request_id": request.id})},
        }
        try:
            self.scheduler.create_schedule(**schedule)
        except self.scheduler.exceptions.ConflictException:
            self.scheduler.update_schedule(**schedule)


@dataclass(frozen=True)
class Machine:
    """The state machine that waits for a decision: one execution for each request."""

    states: Any
    arn: str

    def follow(self, stored: Stored) -> None:
        """Starts where nobody has decided yet; else says so to whoever waits. To come too late is no fault."""
        request, known = stored.request, self.states.exceptions
        try:
            if request.state == "requested":
                entry = json.dumps({"request_id": request.id})
                self.states.start_execution(stateMachineArn=self.arn, name=request.id, input=entry)
            elif stored.token:
                self.states.send_task_success(taskToken=stored.token, output=json.dumps({"state": request.state}))
        except (known.ExecutionAlreadyExists, known.TaskDoesNotExist, known.TaskTimedOut, known.InvalidToken):
            pass


@dataclass(frozen=True)
class Effects:
    store: AccessStore
    told: tuple[_Told, ...]
    timer: Timer
    machine: Machine
    now: Callable[[], datetime]

    def settle(self, request_id: str) -> None:
        """Does what follows the steps of a request that are not settled. Raises Transient, and what AWS raises."""
        stored = self.store.get(request_id)
        if stored is None or stored.is_settled:
            return
        request = stored.request
        for step in request.steps[stored.settled :]:
            for told in self.told:
                told.tell(request, step)
        self.timer.follow(request, self.now())
        if stored.settled < _DECISION:  # nobody waits any more once it was told of
            self.machine.follow(stored)
        self.store.settle(request)  # unless it has gone on meanwhile: then whoever took that step settles all
