"""The calls of the function of requests: those of people over the API, and those of machines and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from datamesh.access.desk import Desk
from datamesh.access.record import page
from datamesh.access.wish import Consent, Decision, Renewal, Wish, parsed
from datamesh.errors import UnknownProduct
from datamesh.govern.requests import Request

__all__ = ["STEPS", "Call", "called", "carried_out"]

STEPS = ("approve", "deny", "withdraw", "revoke", "renew")


@dataclass(frozen=True)
class Call:
    """A call of /access/requests[/<request_id>[/<step>]] by `caller` (canonical)."""

    caller: str
    method: str
    request_id: str = ""
    step: str = ""
    body: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)


def called(desk: Desk, call: Call) -> tuple[int, dict[str, Any]]:
    """HTTP status and JSON. Raises UserError, UnknownProduct or a Refusal."""
    if call.method == "POST":
        if call.request_id:
            return 200, page(_stepped(desk, call))
        return 201, page(desk.ask(parsed(Wish, call.body), call.caller))
    if call.request_id:
        return 200, page(desk.show(call.request_id, call.caller))
    to_decide = call.query.get("to_decide", "") in {"1", "true"}
    found = desk.list(call.caller, call.query.get("domain", ""), to_decide=to_decide)
    return 200, {"requests": [page(request) for request in found]}


def _stepped(desk: Desk, call: Call) -> Request:
    match call.step:
        case "approve":
            return desk.approve(call.request_id, parsed(Consent, call.body), call.caller)
        case "deny":
            return desk.deny(call.request_id, parsed(Decision, call.body), call.caller)
        case "withdraw":
            return desk.withdraw(call.request_id, parsed(Decision, call.body), call.caller)
        case "revoke":
            return desk.revoke(call.request_id, parsed(Decision, call.body), call.caller)
        case "renew":
            return desk.renew(call.request_id, parsed(Renewal, call.body), call.caller)
    raise UnknownProduct("no such step", hint=f"Steps are {', '.join(STEPS)}.")


def carried_out(desk: Desk, event: Mapping[str, Any]) -> dict[str, Any]:
    """What a machine or schedule asks for by `task`, of the request `request_id`. The state that it is in then."""
    task, request_id = event["task"], str(event.get("request_id", ""))
    match task:
        case "sweep":
            return {"swept": desk.sweep()}
        case "approve_by_policy":
            return {"state": desk.approve_by_policy(request_id)}
        case "wait":
            return {"state": desk.wait(request_id, event["token"])}
        case "end":
            return {"state": desk.end(request_id)}
    raise ValueError(f"no such task: {task}")
