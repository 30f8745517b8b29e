"""What the emulator lacks between accounts: events that cross from one to another, under the policies that AWS asks.

An event may be put to another account's bus, by its arn, where the policy of that bus lets the caller; so may a rule
send one on, where its target's role may, and the bus's policy lets that role. It keeps the account that it comes from,
and goes no further than that: AWS sends on nothing that came from another account. And policies of buses are a
resource that CloudFormation knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response, request_scope
from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

__all__ = ["bus_policy_resource", "foreign_bus", "may_put", "mend"]

Answer = tuple[int, dict[str, str], Any]


def foreign_bus(arn: Any, account: str) -> tuple[str, str, str] | None:
    """Account, region and name of the bus that `arn` names, when it is another account's than `account`."""
    if not isinstance(arn, str):
        return None
    try:
        named = parse_arn(arn)
    except ArnParseError:
        return None
    if named.service != "events" or not named.resource.startswith("event-bus/") or named.account_id == account:
        return None
    return named.account_id, named.region, named.resource.split("/", 1)[1]


def may_put(policy: Mapping[str, Any] | None, caller: str, bus: str, source: str) -> bool:
    """Whether the `policy` of the bus with the arn `bus` lets `caller`, of another account, put events of `source`."""
    return bool(iam_evaluator.evaluate_resource_policy(policy, _context(caller, bus, source)).decision == "Allow")


def bus_policy_resource() -> dict[str, Any]:
    """How CloudFormation makes and removes an AWS::Events::EventBusPolicy, in the emulator's terms."""

    def create(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        bus, sid = properties.get("EventBusName", "default"), properties["StatementId"]
        others = [each for each in _policy(bus)["Statement"] if each["Sid"] != sid]
        eventbridge._event_bus_policies[bus] = {
            "Version": "2012-10-17",
            "Statement": [*others, {"Sid": sid, **properties["Statement"]}],
        }
        return f"{bus}|{sid}", {}

    def delete(_id: str, properties: dict[str, Any]) -> None:
        bus = properties.get("EventBusName", "default")
        eventbridge._remove_permission({"EventBusName": bus, "StatementId": properties["StatementId"]})

    return {"create": create, "delete": delete}  # without an update, it creates again: a statement of the same id


def mend() -> None:
    """Mends the emulator that runs in this process."""
    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = bus_policy_resource()
    _put_across()
    _send_across()


def _put_across() -> None:
    put_events = eventbridge._put_events

    def mended(data: dict[str, Any], *rest: Any, **options: Any) -> Answer:
        answer: Answer
        entries = [(entry, foreign_bus(entry.get("EventBusName"), get_account_id())) for entry in data["Entries"]]
        if not any(place for _, place in entries):
            answer = put_events(data, *rest, **options)
            return answer
        caller = str(iam_evaluator.caller_arn())
        for entry, place in entries:
            if place and not _lets(*place, caller, entry["Source"]):
                return _denied(caller, str(entry["EventBusName"]))
        told: list[dict[str, Any]] = []
        for entry, place in entries:
            if place:
                told.append({"EventId": _put(entry, place)})
            else:
                told += json.loads(put_events({**data, "Entries": [entry]}, *rest, **options)[2])["Entries"]
        answer = json_response({"FailedEntryCount": sum("ErrorCode" in each for each in told), "Entries": told})
        return answer

    eventbridge._put_events = mended


def _send_across() -> None:
    invoke = eventbridge._invoke_target

    def mended(target: dict[str, Any], event: dict[str, Any], *rest: Any) -> None:
        place = foreign_bus(target.get("Arn"), get_account_id())
        if place is None:
            invoke(target, event, *rest)
        elif event.get("Account") == get_account_id() and _may_send(target, event["Source"]):
            _deliver(event, *place)

    eventbridge._invoke_target = mended


def _denied(caller: str, bus: str) -> Answer:
    said = f"User: {caller} is not authorized to perform: events:PutEvents on resource: {bus}"
    answer: Answer = error_response_json("AccessDeniedException", said, 400)
    return answer


def _put(entry: Mapping[str, Any], place: tuple[str, str, str]) -> str:
    event = {
        "EventId": eventbridge.new_uuid(),
        "Source": entry["Source"],
        "DetailType": entry["DetailType"],
        "Detail": entry["Detail"],
        "Time": int(eventbridge._now_ts()),
        "Resources": entry.get("Resources", []),
        "Account": get_account_id(),
        "Region": get_region(),
    }
    _deliver(event, *place)
    return str(event["EventId"])


def _deliver(event: Mapping[str, Any], account: str, region: str, bus: str) -> None:
    with request_scope(account, region):
        there = {key: value for key, value in event.items() if key != "_DispatchPath"} | {"EventBusName": bus}
        eventbridge._dispatch_event(there)
        eventbridge._archive_event(there)


def _may_send(target: Mapping[str, Any], source: str) -> bool:
    """Whether the role of a rule's target may put events of `source` to the bus, to itself and to the bus."""
    role, bus = str(target.get("RoleArn", "")), str(target["Arn"])
    account, name = role.split(":")[4] if role else "", role.rpartition("/")[2]
    caller = f"arn:aws:sts::{account}:assumed-role/{name}/events"
    policies = iam_evaluator._gather_role_policies(name, account)
    if iam_evaluator.evaluate(_context(caller, bus, source), policies).decision != "Allow":
        return False
    place = foreign_bus(bus, account)
    return place is not None and _lets(*place, caller, source)


def _lets(account: str, region: str, bus: str, caller: str, source: str) -> bool:
    policy = eventbridge._event_bus_policies.get_scoped(account, region, bus)
    return may_put(policy, caller, f"arn:aws:events:{region}:{account}:event-bus/{bus}", source)


def _context(caller: str, bus: str, source: str) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=caller,
        principal_type="Root" if caller.endswith(":root") else "AssumedRole",
        principal_account=caller.split(":")[4],
        action="events:PutEvents",
        resource_arn=bus,
        region=bus.split(":")[3],
        service_context={"events:source": source},
    )


def _policy(bus: str) -> dict[str, Any]:
    held: dict[str, Any] = eventbridge._event_bus_policies.get(bus) or {"Statement": []}
    return held
