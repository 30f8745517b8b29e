"""Nothing is granted that nobody uses: each statement is taken out of its policy, and a call that was made is denied.

The calls are those that IAM let through while tests/e2e ran on the local mesh, where the same policies are enforced:
`permissions.json`, made by `make permissions`, held against each run by tests/e2e/test_mesh_permissions.py.
"""

from __future__ import annotations

import pytest

from tests.support.permissions import (
    PLANES,
    UNSEEN,
    Statement,
    allowed,
    conditions,
    every,
    granted,
    load,
    needed,
    seen_here,
)
from tests.support.templates import listed, nodes, statements, template

# What the local mesh is deployed without, and why: by the condition that it stands behind.
NOT_HERE = {
    "HasKey": "nothing is encrypted there",
    "UsesGlueCompaction": "Glue compacts nothing there",
    "InPlatformAccount": "domains are in the platform's account; test_mesh_accounts.py has one that is not",
}
RECORDED = load()


def test_what_was_done_is_allowed() -> None:
    for call in RECORDED:
        assert allowed(granted(call[0])[call[1]], call), call


@pytest.mark.parametrize("statement", [it for it in every() if seen_here(it)], ids=str)
def test_without_a_statement_something_is_denied_that_was_done(statement: Statement) -> None:
    assert needed(statement, RECORDED), "let a test on the mesh do it and `make permissions`, or say why not: UNSEEN"


def test_what_is_not_seen_here_is_there_and_has_a_reason() -> None:
    for pattern, why in UNSEEN.items():
        assert [it for it in every() if it.is_like(pattern)], pattern
        assert why


@pytest.mark.parametrize("statement", [it for it in every() if not seen_here(it)], ids=str)
def test_no_call_shows_what_is_said_not_to_be_seen(statement: Statement) -> None:
    assert not needed(statement, RECORDED)


@pytest.mark.parametrize("plane", PLANES)
def test_what_is_not_deployed_here_stands_behind_a_condition_with_a_reason(plane: str) -> None:
    it, here = template(plane), conditions(plane)
    policies = [its for its in it.resources.values() if its["Type"] in ("AWS::IAM::Role", "AWS::IAM::ManagedPolicy")]
    behind = {policy["Condition"] for policy in policies if not here.get(policy.get("Condition", ""), True)}
    for policy in policies:
        for key, branches in nodes(policy):
            if key == "Fn::If" and list(statements(branches[2 if here[branches[0]] else 1])):
                behind.add(branches[0])
    assert behind <= NOT_HERE.keys()


# ---------------------------------------------------------------- what AWS does by itself in a role's name


@pytest.mark.parametrize("plane", ["platform.yaml", "template.yaml"])
def test_a_function_may_take_from_its_queue_and_keep_what_failed_and_none_that_has_no_queue_may(plane: str) -> None:
    it = template(plane)
    for function in it.functions:
        own = list(statements(it.resources[f"{function.name}Role"]))
        taking = [s["Resource"] for s in own if "sqs:ReceiveMessage" in listed(s["Action"])]
        events = function.properties.get("Events", {}).values()
        assert taking == [event["Properties"]["Queue"] for event in events if event["Type"] == "SQS"]
        keeping = [s["Resource"] for s in own if s.get("Sid") == "Failures"]
        failed = function.properties.get("EventInvokeConfig", {}).get("DestinationConfig", {}).get("OnFailure")
        assert keeping == ([failed["Destination"]] if failed else [])


@pytest.mark.parametrize("plane", ["platform.yaml", "template.yaml"])
def test_a_schedule_may_call_its_function_and_keep_what_failed_and_nothing_else(plane: str) -> None:
    it = template(plane)
    scheduled = {
        event["Properties"]["RoleArn"]["Fn::GetAtt"][0]: (
            function,
            event["Properties"]["DeadLetterConfig"]["Arn"],
        )
        for function in it.functions
        for event in function.properties.get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    }
    roles = {name: role for name, role in it.of_type("AWS::IAM::Role") if name.endswith("ScheduleRole")}
    assert roles.keys() == scheduled.keys()
    for name, role in roles.items():
        calling, keeping = (s for s in statements(role) if s.get("Sid") != "Key")
        function, failures = scheduled[name]
        by_name = f":function:{function.properties['FunctionName']['Fn::Sub']}"  # where the function names the role
        assert calling["Action"] == "lambda:InvokeFunction"
        assert calling["Resource"] == {"Fn::GetAtt": [function.name, "Arn"]} or calling["Resource"].get(
            "Fn::Sub", ""
        ).endswith(by_name)
        assert (keeping["Action"], keeping["Resource"]) == ("sqs:SendMessage", failures)


def test_a_rule_may_start_its_workflow_and_nothing_else() -> None:
    it = template("template.yaml")
    (target,) = it.resources["ContractsRule"]["Properties"]["Targets"]
    (may,) = statements(it.resources[target["RoleArn"]["Fn::GetAtt"][0]])
    assert (may["Action"], may["Resource"]) == ("states:StartExecution", target["Arn"])
