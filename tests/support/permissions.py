"""The policies of the templates as the local mesh has them, statement by statement, and calls held against them.

Names are those of one domain that is called `domain`, so that what was recorded is the same for all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from cli.local.deploy import _LACKING
from cli.local.permissions import Call
from cli.local.state import STAGE, State
from tests.support.templates import ROOT, Template, chosen, statements, template

__all__ = [
    "BY_CHANCE",
    "PLANES",
    "UNSEEN",
    "Statement",
    "Used",
    "allowed",
    "conditions",
    "every",
    "granted",
    "load",
    "named",
    "needed",
    "save",
    "seen_each_time",
    "seen_here",
]

_DOMAIN = "domain"
PLANES = ("platform.yaml", "template.yaml", "examples/people.yaml")
RECORDED = ROOT / "tests" / "infra" / "permissions.json"

# What no call shows on the local mesh, and why: by template.holder.Sid.
UNSEEN = {
    "*.FunctionBasics.Logs": "the local Lambda keeps logs by itself, as nobody",
    "*.*.Traces": "there is no X-Ray to trace to",
    "*.*Role.Failures": "Lambda's and the Scheduler's own, done as nobody",
    "*.*ScheduleRole.*": "the Scheduler's own, done as nobody",
    "template.ContractsRuleRole.*": "EventBridge's own, done as nobody",
    "*.*MachineRole.*": "Step Functions' own, done as nobody; test_iam.py compares it with the definitions",
    "*.WorkflowBasics.LogDelivery": "Step Functions' own, done as nobody",
    "template.*.LakeFormationData": "nothing here opens a table's files by Lake Formation",
    "template.ReaderRole.LakeFormation": "nothing here opens a table's files by Lake Formation",
    "platform.ProjectEventsRole.Events": "Lambda's own, done as nobody",
    "template.RouteArrivalsRole.Queue": "Lambda's own, done as nobody",
    "template.ApplyGrantsRole.Queue": "Lambda's own, done as nobody",
    "template.RegisterProductRole.Catalog": "Lake Formation asks for it where it is asked about a table",
    "template.SweepBatchesRole.Catalog": "Lake Formation asks for it where it is asked about a table",
    "platform.AskRole.Presence": "a pack that is not there is looked for only where there are many products",
    "platform.ManageAccessRole.Presence": "a contract is gone only while a newer one takes its place",
    "platform.ManageAccessRole.EndsCallIt": "the local Scheduler takes any role, whoever passes it",
}

# What only faults lead to, or a moment that no test can choose: the recording shows it, not each run.
BY_CHANCE = {
    "template.RouteArrivalsRole.Drain": "more files than one batch takes",
    "template.RouteArrivalsRole.FollowBatches": "a lease that is taken over",
    "template.SweepBatchesRole.*": "what has stopped half-way is gone on with",
    "template.RegisterProductRole.Drain": "a file that comes while a batch is published",
    "template.RejectBatchRole.Drain": "a file that comes while a batch is rejected",
}

Used = tuple[str, str, str, str]  # template, role's name in it, action, kind of resource

_HERE = State(aws_port=0, lakeformation_port=0)
_PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": _HERE.region,
    "AWS::AccountId": _HERE.account,
    "AWS::URLSuffix": "amazonaws.com",
}
_AT = f"{_HERE.region}:{_HERE.account}"
_ARNS = {
    "AWS::DynamoDB::Table": (f"arn:aws:dynamodb:{_AT}:table/", "TableName"),
    "AWS::Events::EventBus": (f"arn:aws:events:{_AT}:event-bus/", "Name"),
    "AWS::IAM::Role": (f"arn:aws:iam::{_HERE.account}:role/", "RoleName"),
    "AWS::KMS::Key": (f"arn:aws:kms:{_AT}:key/", ""),
    "AWS::Logs::LogGroup": (f"arn:aws:logs:{_AT}:log-group:", "LogGroupName"),
    "AWS::S3::Bucket": ("arn:aws:s3:::", "BucketName"),
    "AWS::SQS::Queue": (f"arn:aws:sqs:{_AT}:", "QueueName"),
    "AWS::Serverless::Function": (f"arn:aws:lambda:{_AT}:function:", "FunctionName"),
    "AWS::Serverless::StateMachine": (f"arn:aws:states:{_AT}:stateMachine:", "Name"),
}
_STORED = re.compile(r"\{\{resolve:ssm:([^}]*)\}\}")


@dataclass(frozen=True)
class Statement:
    """A statement of a role, or of a policy that several roles share: in which template, whose, and its Sid."""

    plane: str
    holder: str
    sid: str
    document: str  # as JSON, every name resolved

    def __str__(self) -> str:
        return f"{Path(self.plane).stem}.{self.holder}.{self.sid}"

    def is_like(self, pattern: str) -> bool:
        return fnmatchcase(str(self), pattern)


def every() -> list[Statement]:
    """All statements that the local mesh is deployed with, those of shared policies once."""
    return list(dict.fromkeys(it for plane in PLANES for held in granted(plane).values() for it in held))


def seen_here(statement: Statement) -> bool:
    return not any(statement.is_like(pattern) for pattern in UNSEEN)


def seen_each_time(statement: Statement) -> bool:
    return seen_here(statement) and not any(statement.is_like(pattern) for pattern in BY_CHANCE)


def needed(statement: Statement, calls: Iterable[Used]) -> bool:
    """Whether one of `calls` is denied once the statement is gone from the policy that holds it."""
    left = {
        role: [it for it in held if it != statement]
        for role, held in granted(statement.plane).items()
        if statement in held
    }
    return any(call[1] in left and call[0] == statement.plane and not allowed(left[call[1]], call) for call in calls)


def allowed(statements: Iterable[Statement], used: Used) -> bool:
    """Whether IAM allows a call to whoever holds `statements`."""
    _, role, action, resource = used
    parsed = [_parsed(statement.document) for statement in statements]
    arn = f"arn:aws:sts::{_HERE.account}:assumed-role/{role}/session"
    context = EvalContext(arn, "AssumedRole", _HERE.account, action, resource, _HERE.region)
    return bool(evaluate(context, parsed).decision == "Allow")


@cache
def _parsed(document: str) -> list[Any]:
    return list(parse_policy_document({"Statement": [json.loads(document)]}))


@cache
def granted(plane: str) -> dict[str, tuple[Statement, ...]]:
    """By role, what it is granted in the local mesh: its own statements and those of policies that it shares."""
    it, here = template(plane), conditions(plane)
    held = {name: tuple(_held(it, name, here)) for name, _ in it.of_type("AWS::IAM::ManagedPolicy")}
    return {
        name: (
            *_held(it, name, here),
            *(s for policy in role["Properties"].get("ManagedPolicyArns", []) for s in held[policy["Ref"]]),
        )
        for name, role in it.of_type("AWS::IAM::Role")
        if here.get(role.get("Condition", ""), True)
    }


def conditions(plane: str) -> dict[str, bool]:
    """What the template's conditions are in the local mesh."""
    body = template(plane).body
    given = {name: str(it.get("Default", "")) for name, it in body.get("Parameters", {}).items()}
    given |= dict(pair.split("=", 1) for pair in _LACKING.get(plane, []))

    def holds(condition: Any) -> bool:
        ((function, operands),) = condition.items()
        if function == "Condition":
            return holds(body["Conditions"][operands])
        if function == "Fn::Equals":
            first, second = (given[it["Ref"]] if isinstance(it, Mapping) else str(it) for it in operands)
            return bool(first == second)
        return {"Fn::Not": lambda: not holds(operands[0]), "Fn::And": lambda: all(map(holds, operands))}[function]()

    return {name: holds(it) for name, it in body.get("Conditions", {}).items()}


def _held(plane: Template, name: str, here: Mapping[str, bool]) -> Iterator[Statement]:
    for number, statement in enumerate(statements(chosen(plane.resources[name], here))):
        yield Statement(plane.path, name, statement.get("Sid", str(number)), json.dumps(_resolved(plane, statement)))


def _resolved(plane: Template, value: Any) -> Any:
    """`value` with every name in it replaced by what it is in the local mesh."""
    if isinstance(value, str):
        return _stored(value)
    if isinstance(value, list):
        return [_resolved(plane, it) for it in value]
    if not isinstance(value, Mapping):
        return value
    if "Ref" in value:
        return _reference(plane, value["Ref"])
    if "Fn::GetAtt" in value:
        return _arn(plane, value["Fn::GetAtt"][0])
    if "Fn::Sub" in value:
        text, own = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
        bound = {name: _resolved(plane, it) for name, it in own.items()}
        return _stored(re.sub(r"\$\{([^}]+)\}", lambda m: bound.get(m[1]) or _reference(plane, m[1]), text))
    return {key: _resolved(plane, it) for key, it in value.items()}


def _stored(text: str) -> str:
    """`text` with what it reads from the parameter store: all of that is written by the platform."""
    platform = template("platform.yaml")
    written = {
        _resolved(platform, it["Properties"]["Name"]): it["Properties"]["Value"]
        for _, it in platform.of_type("AWS::SSM::Parameter")
        if _STORED.search(text)
    }
    return _STORED.sub(lambda m: str(_resolved(platform, written[m[1]])), text)


def _reference(plane: Template, name: str) -> str:
    if name in _PSEUDO:
        return _PSEUDO[name]
    if name in plane.body.get("Parameters", {}):
        return {"Stage": STAGE, "Domain": _DOMAIN}[name]
    name, _, attribute = name.partition(".")
    kind, properties = plane.resources[name]["Type"], plane.resources[name]["Properties"]
    if attribute or kind == "AWS::Serverless::StateMachine":
        return _arn(plane, name)
    if kind == "AWS::Glue::Database":
        return str(_resolved(plane, properties["DatabaseInput"]["Name"]))
    _, key = _ARNS.get(kind, ("", ""))
    return str(_resolved(plane, properties[key])) if key in properties else "*"


def _arn(plane: Template, name: str) -> str:
    """An id that AWS makes up is `*`, as in what is recorded."""
    properties = plane.resources[name]["Properties"]
    prefix, key = _ARNS[plane.resources[name]["Type"]]
    suffix = ":*" if ":log-group:" in prefix else ""
    made_up = name if ":role/" in prefix else "*"
    return prefix + (str(_resolved(plane, properties[key])) if key in properties else made_up) + suffix


# ---------------------------------------------------------------- what was recorded


def named(call: Call, roles: Mapping[str, tuple[str, str]], domains: Iterable[str]) -> Used | None:
    """A call as it is recorded. `roles` has the template and the name in it of each role; None for anybody else's."""
    role, action, resource = call
    if role not in roles:
        return None
    for domain in domains:
        resource = re.sub(rf"\bdatamesh([-_]){STAGE}([-_]){domain}\b", rf"datamesh\1{STAGE}\2{_DOMAIN}", resource)
        resource = re.sub(rf"\bdatamesh_{STAGE}_{domain}(?=/|$)", f"datamesh_{STAGE}_{_DOMAIN}", resource)
    return (*roles[role], action, resource)


def load() -> set[Used]:
    told = json.loads(RECORDED.read_text(encoding="utf-8"))
    return {
        (plane, role, action, resource)
        for plane, roles in told.items()
        for role, actions in roles.items()
        for action, resources in actions.items()
        for resource in resources
    }


def save(calls: Iterable[Used], *, keeping: Iterable[Used]) -> None:
    """Records `calls`, and of those to keep the ones that chance alone shows and that are still allowed."""
    chance = [it for it in every() if seen_here(it) and not seen_each_time(it)]
    kept = [
        call
        for call in keeping
        if call[1] in granted(call[0]) and allowed(granted(call[0])[call[1]], call)
        if any(needed(statement, [call]) for statement in chance)
    ]
    told: dict[str, dict[str, dict[str, list[str]]]] = {}
    for plane, role, action, resource in sorted({*calls, *kept}):
        told.setdefault(plane, {}).setdefault(role, {}).setdefault(action, []).append(resource)
    RECORDED.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
