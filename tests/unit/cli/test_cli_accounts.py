"""Events between accounts of the local AWS: the policy of a bus decides, and each account has its Lake Formation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import eventbridge, iam

from cli.local import accounts
from cli.local.accounts import bus_policy_resource, foreign_bus, may_put

HERE, THERE, REGION = "111122223333", "222233334444", "us-east-1"
BUS = f"arn:aws:events:{REGION}:{HERE}:event-bus/mesh"
ROLE = f"arn:aws:sts::{THERE}:assumed-role/sender/events"
LETS = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{THERE}:root"},
            "Action": "events:PutEvents",
            "Resource": BUS,
            "Condition": {"StringEquals": {"events:source": ["datamesh.harbour", "datamesh.docks"]}},
        }
    ]
}


@pytest.mark.parametrize(
    ("arn", "account", "found"),
    [
        (BUS, THERE, (HERE, REGION, "mesh")),
        (BUS, HERE, None),
        (f"arn:aws:sqs:{REGION}:{HERE}:queue", THERE, None),
        (f"arn:aws:events:{REGION}:{HERE}:rule/mesh/news", THERE, None),
        ("mesh", THERE, None),
        (None, THERE, None),
    ],
)
def test_a_bus_of_another_account_is_known_by_its_arn(arn: str | None, account: str, found: Any) -> None:
    assert foreign_bus(arn, account) == found


@pytest.mark.parametrize(
    ("policy", "caller", "source", "may"),
    [
        (LETS, ROLE, "datamesh.harbour", True),
        (LETS, ROLE, "datamesh.fleet", False),
        (LETS, ROLE.replace(THERE, "333344445555"), "datamesh.harbour", False),
        (LETS, f"arn:aws:iam::{THERE}:root", "datamesh.docks", True),
        (None, ROLE, "datamesh.harbour", False),
    ],
)
def test_the_policy_of_a_bus_lets_an_account_put_events_of_its_sources(
    policy: Any, caller: str, source: str, may: bool
) -> None:
    assert may_put(policy, caller, BUS, source) is may


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The emulator's events, mended; what is dispatched on a bus of HERE."""
    came: list[dict[str, Any]] = []
    for name in ("_put_events", "_invoke_target"):
        monkeypatch.setattr(eventbridge, name, getattr(eventbridge, name))
    monkeypatch.setitem(accounts.provisioners._RESOURCE_HANDLERS, "AWS::Events::EventBusPolicy", {})
    accounts.mend()
    monkeypatch.setattr(eventbridge, "_dispatch_event", lambda event, *_: came.append(event))
    with request_scope(HERE, REGION):
        bus_policy_resource()["create"]("P", {"EventBusName": "mesh", "StatementId": "s"} | statement(), "stack")
    yield came
    with request_scope(HERE, REGION):
        bus_policy_resource()["delete"]("mesh|s", {"EventBusName": "mesh", "StatementId": "s"})
        assert "mesh" not in eventbridge._event_bus_policies


def statement() -> dict[str, Any]:
    return {"Statement": LETS["Statement"][0]}


def put(source: str, bus: str = BUS) -> tuple[int, Any]:
    entry = {"Source": source, "DetailType": "ContractApplied", "Detail": "{}", "EventBusName": bus}
    with request_scope(THERE, REGION):
        status, _, body = eventbridge._put_events({"Entries": [entry]})
    return status, json.loads(body)


def test_an_event_that_is_put_across_keeps_its_account(mended: list[dict[str, Any]]) -> None:
    status, answer = put("datamesh.harbour")

    assert (status, answer["FailedEntryCount"]) == (200, 0)
    [event] = mended
    assert (event["Account"], event["EventBusName"], event["Source"]) == (THERE, "mesh", "datamesh.harbour")


def test_what_the_policy_does_not_allow_is_refused_as_a_whole(mended: list[dict[str, Any]]) -> None:
    status, answer = put("datamesh.fleet")

    assert (status, answer["__type"]) == (400, "AccessDeniedException")
    assert mended == []


def test_an_event_for_the_own_account_is_none_of_its_business(mended: list[dict[str, Any]]) -> None:
    assert put("datamesh.fleet", bus="default")[1]["FailedEntryCount"] == 0
    assert [event["EventBusName"] for event in mended] == ["default"]


@pytest.fixture
def sender() -> Iterator[str]:
    """A role of THERE that may put events of datamesh.harbour to the bus of HERE."""
    may = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": BUS,
        "Condition": {"StringEquals": {"events:source": "datamesh.harbour"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    iam._roles.set_scoped(THERE, None, "sender", {"InlinePolicies": {"send": document}, "AttachedPolicies": []})
    yield f"arn:aws:iam::{THERE}:role/sender"
    iam._roles.pop_scoped(THERE, None, "sender")


@pytest.mark.parametrize(
    ("source", "account", "sent"),
    [
        ("datamesh.harbour", THERE, 1),
        ("datamesh.docks", THERE, 0),  # the bus lets it, the role may not
        ("datamesh.harbour", "333344445555", 0),  # it has come from elsewhere already
    ],
)
def test_a_rule_sends_an_event_on_once_where_role_and_bus_allow(
    mended: list[dict[str, Any]], sender: str, source: str, account: str, sent: int
) -> None:
    event = {"Source": source, "DetailType": "GrantsDiffer", "Detail": "{}", "Account": account}
    with request_scope(THERE, REGION):
        eventbridge._invoke_target({"Id": "platform", "Arn": BUS, "RoleArn": sender}, event, {})

    assert [(each["Account"], each["EventBusName"]) for each in mended] == [(THERE, "mesh")] * sent
