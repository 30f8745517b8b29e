"""The wire between the local AWS and whoever calls it: every request passes here, before it is carried out and after.

`GET /_mesh/wire` tells how often who asked for what, and how many items transactions had; `PUT` gives it faults to make
happen, `DELETE` forgets both. So what a cloud does to its users can be done to the mesh, with not a line about it in
the mesh's own code. What AWS does by itself does not pass: EventBridge filling a queue, Step Functions calling a
function, nor Lake Formation's server.

A fault happens to the nth request that it matches, counted from when it was given: the same faults given to the same
requests in the same order do the same.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from cli.local.doors import App, answer

__all__ = ["PATH", "Asked", "Fault", "Kill", "Known", "Outcome", "Schedule", "around", "refusal"]

PATH = "/_mesh/wire"

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Outcome = Literal["throttled", "unavailable", "lost", "late", "killed-before", "killed-after"]


@dataclass(frozen=True)
class Asked:
    """One request: whose it is, `dynamodb:GetItem`, the ARN it is about, what it says."""

    caller: str
    operation: str
    resource: str
    body: bytes


class Fault(BaseModel):
    """What happens to the requests numbered `nth` to `nth + times - 1` of those that match; `*` stands for anything.

    throttled and unavailable: refused, as the service words it. lost: carried out, and the connection ends without an
    answer. late: carried out `seconds` later. killed-before, killed-after: the function that asks dies, before its
    request is carried out or when it has been; a caller that is no function is left alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Outcome
    caller: str = "*"
    operation: str = "*"
    resource: str = "*"
    says: str = ""  # stands in the request's body
    nth: int = 1
    times: int = 1
    seconds: float = 0.0

    def matches(self, asked: Asked) -> bool:
        return (
            fnmatchcase(asked.caller, self.caller)
            and fnmatchcase(asked.operation, self.operation)
            and fnmatchcase(asked.resource, self.resource)
            and self.says.encode() in asked.body
        )


class Schedule:
    """Faults that are to happen, how many requests each has matched, and how often it has happened."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.faults = list(faults)
        self.matched = [0] * len(self.faults)
        self.happened = [0] * len(self.faults)

    def next(self, asked: Asked) -> Fault | None:
        """What is to happen to this request. Where several faults are due, the first in the list does."""
        due = None
        for number, fault in enumerate(self.faults):
            if fault.matches(asked):
                self.matched[number] += 1
                if due is None and fault.nth <= self.matched[number] < fault.nth + fault.times:
                    due = number
        if due is None:
            return None
        self.happened[due] += 1
        return self.faults[due]


Known = Callable[[Message, bytes], Asked]  # of a request's scope and body
Kill = Callable[[str, tuple[str, int]], bool]  # ends the function that calls from an address; False where there is none

_FAULTS = TypeAdapter(list[Fault])
_THROTTLED = {"s3": (503, "SlowDown"), "lambda": (429, "TooManyRequestsException")}
_UNAVAILABLE = {"s3": (503, "ServiceUnavailable"), "glue": (500, "InternalServiceException")}


def refusal(asked: Asked, outcome: Outcome) -> tuple[int, dict[str, str], bytes]:
    """The answer of a service that throttles, or is unavailable: status, headers, body."""
    service = asked.operation.partition(":")[0]
    if outcome == "throttled":
        status, code = _THROTTLED.get(service, (400, "ThrottlingException"))
    else:
        status, code = _UNAVAILABLE.get(service, (500, "InternalServerError"))
    if service == "s3":
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>told to</Message></Error>"
        return status, {"content-type": "application/xml"}, body.encode()
    told = {"__type": code, "message": "told to"}
    return status, {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": code}, json.dumps(told).encode()


def around(app: App, known: Known, kill: Kill) -> App:
    """`app`, an ASGI application, with the wire around it. `known` reads a request, `kill` ends a function."""
    wire = _Wire(app, known, kill)
    return wire.carry


class _Wire:
    def __init__(self, app: App, known: Known, kill: Kill) -> None:
        self._app, self._known, self._kill = app, known, kill
        self._counts: Counter[tuple[str, str]] = Counter()
        self._schedule = Schedule()

    async def carry(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(("/_ministack", "/_aws/")):
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        if scope["path"] == PATH:
            await answer(send, *self._told(scope["method"], body))
            return
        asked = self._known(scope, body)
        self._counts[asked.caller, asked.operation] += 1
        if together := _together(asked):
            self._counts[asked.caller, f"{asked.operation}.items"] += together
        fault = self._schedule.next(asked)
        await self._through(fault, asked, scope, _again(body, receive), send)

    async def _through(self, fault: Fault | None, asked: Asked, scope: Message, receive: Receive, send: Send) -> None:
        outcome = fault.outcome if fault else ""
        if fault and outcome in ("throttled", "unavailable"):
            await answer(send, *refusal(asked, fault.outcome))
        elif outcome == "killed-before" and self._kill(asked.caller, scope["client"]):
            await _cut(scope, send)
        elif outcome in ("lost", "killed-after"):
            await self._app(scope, receive, _unheard)
            if outcome == "killed-after":
                self._kill(asked.caller, scope["client"])
            await _cut(scope, send)
        else:
            await asyncio.sleep(fault.seconds if fault else 0.0)
            await self._app(scope, receive, send)

    def _told(self, method: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "PUT":
            try:
                self._schedule = Schedule(_FAULTS.validate_json(body))
            except ValidationError as wrong:
                return 400, {"content-type": "application/json"}, wrong.json(include_url=False).encode()
        elif method == "DELETE":
            self._counts.clear()
            self._schedule = Schedule()
        asked = [
            {"caller": caller, "operation": operation, "requests": n}
            for (caller, operation), n in sorted(self._counts.items())
        ]
        faults = [
            fault.model_dump(exclude_defaults=True) | {"matched": matched, "happened": happened}
            for fault, matched, happened in zip(
                self._schedule.faults, self._schedule.matched, self._schedule.happened, strict=True
            )
        ]
        told = json.dumps({"requests": asked, "faults": faults})
        return 200, {"content-type": "application/json"}, told.encode()


def _together(asked: Asked) -> int:
    """How many items a request writes in one transaction: DynamoDB counts, and charges for, each of them."""
    return len(json.loads(asked.body)["TransactItems"]) if asked.operation == "dynamodb:TransactWriteItems" else 0


async def _body(receive: Receive) -> bytes:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


def _again(body: bytes, receive: Receive) -> Receive:
    """What is received once more, by the application: the body as a whole, then whatever comes next."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return whole.pop() if whole else await receive()

    return received


async def _unheard(message: Message) -> None:
    """Takes an answer that nobody is to hear."""


async def _cut(scope: Message, send: Send) -> None:
    """Ends the connection within the answer. One to HEAD has nothing within: the server says 500 by itself."""
    if scope["method"] != "HEAD":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
