"""The wire around the local AWS: it counts who asks for what, and makes the faults happen that it was given."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from cli.local.callers import asked
from cli.local.wire import PATH, Asked, Fault, Schedule, around, refusal


def get(caller: str = "router", operation: str = "s3:GetObject", body: bytes = b"") -> Asked:
    return Asked(caller, operation, "arn:aws:s3:::lake/x", body)


@dataclass
class Wired:
    """An application behind the wire that answers `done`; what was carried out and who was killed, in order."""

    log: list[str] = field(default_factory=list)
    caller: str = "router"
    operation: str = "s3:GetObject"

    def __post_init__(self) -> None:
        self.app = around(self._carry_out, lambda scope, body: get(self.caller, self.operation, body), self._kill)

    async def _carry_out(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        self.log.append(f"did {message['body'].decode()}")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": b"done"})

    def _kill(self, caller: str, client: tuple[str, int]) -> bool:
        self.log.append(f"killed {caller} {client[1]}")
        return caller != "root"

    def ask(self, body: bytes = b"x", method: str = "GET", path: str = "/lake/x") -> tuple[int, bytes, bool]:
        """Status and body of the answer, and whether it came to its end."""
        sent: list[Any] = []
        parts = [{"body": body[:1], "more_body": True}, {"body": body[1:], "more_body": False}]

        async def receive() -> Any:
            return {"type": "http.request", **parts.pop(0)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": method, "path": path, "client": ("127.0.0.1", 40_000)}
        asyncio.run(self.app(scope, receive, send))
        status = sent[0]["status"] if sent else 500  # what the server says where nothing is answered
        return status, b"".join(m.get("body", b"") for m in sent), len(sent) > 1

    def faults(self, *faults: Fault) -> Any:
        body = json.dumps([fault.model_dump() for fault in faults]).encode()
        return json.loads(self.ask(body, "PUT", PATH)[1])

    def told(self) -> Any:
        return json.loads(self.ask(b"", "GET", PATH)[1])


def test_what_nothing_happens_to_goes_through_and_is_counted() -> None:
    wired = Wired()

    assert wired.ask(b"hello") == (200, b"done", True)

    assert wired.log == ["did hello"]
    assert wired.told() == {
        "requests": [{"caller": "router", "operation": "s3:GetObject", "requests": 1}],
        "faults": [],
    }


def test_the_items_of_a_transaction_are_counted_too() -> None:
    wired = Wired(operation="dynamodb:TransactWriteItems")
    for items in (3, 2):
        wired.ask(json.dumps({"TransactItems": [{"Put": {}}] * items}).encode())

    assert wired.told()["requests"] == [
        {"caller": "router", "operation": "dynamodb:TransactWriteItems", "requests": 2},
        {"caller": "router", "operation": "dynamodb:TransactWriteItems.items", "requests": 5},
    ]


def test_a_refused_request_is_not_carried_out() -> None:
    wired = Wired()
    wired.faults(Fault(outcome="throttled", nth=2), Fault(outcome="unavailable", nth=3))

    answers = [wired.ask()[0] for _ in range(4)]

    assert answers == [200, 503, 503, 200]
    assert wired.log == ["did x", "did x"]


@pytest.mark.parametrize("outcome", ["lost", "killed-after"])
def test_a_lost_answer_is_of_what_was_carried_out(outcome: Any) -> None:
    wired = Wired()
    wired.faults(Fault(outcome=outcome))

    _, body, whole = wired.ask()

    assert (body, whole) == (b"", False)
    assert wired.log == ["did x"] + (["killed router 40000"] if outcome == "killed-after" else [])


def test_a_lost_answer_to_head_is_a_failure() -> None:
    wired = Wired()
    wired.faults(Fault(outcome="lost"))

    assert wired.ask(method="HEAD")[0] == 500


def test_who_is_killed_before_has_done_nothing() -> None:
    wired = Wired()
    wired.faults(Fault(outcome="killed-before"))

    assert wired.ask()[1:] == (b"", False)
    assert wired.log == ["killed router 40000"]


def test_who_is_no_function_is_not_killed() -> None:
    wired = Wired(caller="root")
    wired.faults(Fault(outcome="killed-before"))

    assert wired.ask() == (200, b"done", True)


def test_a_late_request_is_carried_out() -> None:
    wired = Wired()
    wired.faults(Fault(outcome="late", seconds=0.001))

    assert wired.ask() == (200, b"done", True)


def test_what_happened_is_told_and_forgotten() -> None:
    wired = Wired()
    wired.faults(Fault(outcome="lost", nth=2, operation="s3:*"))
    wired.ask()
    wired.ask()

    assert wired.told()["faults"] == [{"outcome": "lost", "nth": 2, "operation": "s3:*", "matched": 2, "happened": 1}]

    wired.ask(b"", "DELETE", PATH)
    assert wired.told() == {"requests": [], "faults": []}


def test_a_schedule_that_is_none_is_refused() -> None:
    assert Wired().ask(b'[{"outcome": "meteor"}]', "PUT", PATH)[0] == 400


@pytest.mark.parametrize(
    ("fault", "due"),
    [
        (Fault(outcome="lost", nth=2), [2]),
        (Fault(outcome="lost", nth=2, times=2), [2, 3]),
        (Fault(outcome="lost", caller="rout*", operation="s3:Get*", resource="*:lake/*"), [1]),
        (Fault(outcome="lost", caller="sweeper"), []),
        (Fault(outcome="lost", resource="*:landing/*"), []),
        (Fault(outcome="lost", says="COMMITTED"), [3]),
    ],
)
def test_a_fault_happens_to_the_nth_that_it_matches(fault: Fault, due: list[int]) -> None:
    schedule = Schedule([fault])

    met = [schedule.next(get(body=b'"COMMITTED"' if n == 3 else b"")) for n in range(1, 6)]

    assert [n for n, found in enumerate(met, 1) if found] == due


def test_of_two_faults_that_are_due_the_first_happens() -> None:
    schedule = Schedule([Fault(outcome="lost", nth=2), Fault(outcome="late", nth=2)])

    met = [schedule.next(get()) for _ in range(3)]

    assert [found.outcome if found else None for found in met] == [None, "lost", None]
    assert (schedule.matched, schedule.happened) == ([3, 3], [1, 0])


@pytest.mark.parametrize(
    ("operation", "outcome", "status", "says"),
    [
        ("s3:PutObject", "throttled", 503, b"SlowDown"),
        ("dynamodb:PutItem", "throttled", 400, b"ThrottlingException"),
        ("glue:UpdateTable", "unavailable", 500, b"InternalServiceException"),
        ("sqs:SendMessage", "unavailable", 500, b"InternalServerError"),
    ],
)
def test_services_refuse_in_their_own_words(operation: str, outcome: Any, status: int, says: bytes) -> None:
    answered, _, body = refusal(get(operation=operation), outcome)

    assert answered == status
    assert says in body


@pytest.mark.parametrize(
    ("method", "path", "target", "body", "operation", "resource"),
    [
        ("GET", "/lake/tables/x", "", b"", "s3:GetObject", "arn:aws:s3:::lake/tables/x"),
        ("HEAD", "/lake/tables/x", "", b"", "s3:HeadObject", "arn:aws:s3:::lake/tables/x"),
        ("PUT", "/lake/tables/x", "", b"", "s3:PutObject", "arn:aws:s3:::lake/tables/x"),
        ("POST", "/", "DynamoDB_20120810.GetItem", b'{"TableName": "t"}', "dynamodb:GetItem", "table/t"),
        ("POST", "/", "AWSGlue.UpdateTable", b'{"DatabaseName": "d"}', "glue:UpdateTable", ""),
    ],
)
def test_a_request_is_read_as_the_emulator_reads_it(
    method: str, path: str, target: str, body: bytes, operation: str, resource: str
) -> None:
    service = "s3" if path != "/" else "dynamodb" if "Dynamo" in target else "glue"
    credential = f"AWS4-HMAC-SHA256 Credential=111122223333/20261128/us-east-1/{service}/aws4_request, Signature=0"
    headers = [(b"authorization", credential.encode()), (b"host", b"127.0.0.1:4566")]
    headers += [(b"x-amz-target", target.encode())] if target else []

    read = asked({"method": method, "path": path, "query_string": b"", "headers": headers}, body)

    assert (read.caller, read.operation, read.body) == ("root", operation, body)
    assert resource in read.resource
