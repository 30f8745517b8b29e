"""A domain's account joined to the mesh: a stack in that account, and one beside the platform, that know each other."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from botocore.exceptions import ClientError, WaiterError

from cli.screen import Screen
from cli.target import Target
from datamesh.errors import InfrastructureError, UserError

__all__ = ["Change", "Joined", "check", "join", "section"]

Change = Literal["created", "updated", "unchanged"]
Stack = Mapping[str, Any]  # as CloudFormation describes it

_DOMAIN = re.compile(r"(?!platform$)[a-z][a-z0-9]{0,19}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_SOURCE = "datamesh."  # and the domain's name: the source of its events
_TEMPLATE = "datamesh:template"  # a tag: the digest of the template that a stack was made of
_NEVER_STOOD = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
_WAIT = {"Delay": 2, "MaxAttempts": 300}


@dataclass(frozen=True)
class Joined:
    """`domains` are all that live in `account`; `host` and `guest` what became of the two stacks."""

    domain: str
    account: str
    platform_account: str
    domains: tuple[str, ...]
    guest: Change
    host: Change


def join(platform: Target, guest: Target, domain: str, *, templates: Path, screen: Screen) -> Joined:
    """Lets `domain` live in the account of `guest`. May be repeated: what stands as it should is left alone.

    Repeating it brings a new engine layer of the platform to that account. `templates` holds guest.yaml and host.yaml.
    Raises UserError when the domain lives elsewhere already, InfrastructureError when a stack cannot be made.
    """
    stage, account = platform.stage, guest.account
    known = platform.parameters("platform")
    domains = _domains(platform, domain, account)
    sources = ",".join(f"{_SOURCE}{each}" for each in domains)
    shared = {"Stage": stage, "Sources": sources, "EngineLayerArn": known["engine-layer-arn"]}
    with screen.step(f"{account}: its bus and its parameters"):
        there = _stand(
            guest,
            f"datamesh-{stage}-account",
            templates / "guest.yaml",
            shared | {"PlatformAccountId": platform.account, "PlatformBusArn": known["bus-arn"]},
        )
    with screen.step(f"{platform.account}: what {account} may send, and is sent"):
        here = _stand(
            platform,
            _host(stage, account),
            templates / "host.yaml",
            shared
            | {
                "AccountId": account,
                "Domains": ",".join(domains),
                "BusName": known["bus-name"],
                "OrganizationId": known.get("organization-id", ""),
            },
        )
    return Joined(domain, account, platform.account, domains, guest=there, host=here)


def section(joined: Joined, stage: str) -> str:
    """What to add to samconfig.toml, to deploy the domain from."""
    name, stack = joined.domain, f"datamesh-{stage}-{joined.domain}"
    overrides = [f"Stage={stage}", f"Domain={name}", f"PlatformAccountId={joined.platform_account}"]
    return f"""\
[{name}.build.parameters]
template_file = "template.yaml"
build_dir = "build/domain/template"
parallel = true

[{name}.deploy.parameters]
template_file = "build/domain/template/template.yaml"
stack_name = "{stack}"
s3_prefix = "{stack}"
resolve_s3 = true
capabilities = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
confirm_changeset = false
fail_on_empty_changeset = false
parameter_overrides = [{", ".join(f'"{each}"' for each in overrides)}]
tags = ["datamesh={stage}", "domain={name}"]
"""


def check(domain: str, account: str, platform: Target) -> None:
    """Raises UserError for what is no name of a domain, or no other account."""
    if not _DOMAIN.fullmatch(domain):
        raise UserError(
            f"{domain!r} is no name of a domain", hint='up to 20 lower case letters and digits, and not "platform"'
        )
    if not _ACCOUNT.fullmatch(account):
        raise UserError(f"{account!r} is no account", hint="an account is 12 digits")
    if account == platform.account:
        raise UserError(
            f"{account} is the platform's own account", hint="a domain there needs a section in samconfig.toml only"
        )


def _host(stage: str, account: str = "") -> str:
    return f"datamesh-{stage}-account-{account}"


def _domains(platform: Target, domain: str, account: str) -> tuple[str, ...]:
    """Those of `account` with `domain` among them. Raises UserError when it lives in another."""
    if domain in platform.domains():
        raise UserError(f"{domain} lives in the platform's account", hint="its tables are there; they do not move")
    living: dict[str, list[str]] = {}
    for stack in _stacks(platform):
        name = str(stack["StackName"])
        if name.startswith(_host(platform.stage)):
            living[name.removeprefix(_host(platform.stage))] = _parameters(stack)["Domains"].split(",")
    for other, there in living.items():
        if domain in there and other != account:
            raise UserError(f"{domain} lives in account {other}", hint="its tables are there; they do not move")
    return tuple(sorted({*living.get(account, []), domain}))


def _stand(target: Target, name: str, template: Path, parameters: Mapping[str, str]) -> Change:
    """Makes the stack `name` stand so. Parameters that are not named here keep their values."""
    body = template.read_text(encoding="utf-8")
    tag = {"Key": _TEMPLATE, "Value": hashlib.sha256(body.encode()).hexdigest()[:16]}
    held = _stack(target, name)
    if held and held["StackStatus"] in _NEVER_STOOD:
        raise InfrastructureError(f"stack {name} of {target.account} never stood", hint="its events say why; delete it")
    if held and tag in held["Tags"] and parameters.items() <= _parameters(held).items():
        return "unchanged"
    given = (_parameters(held) if held else {}) | dict(parameters)
    request = {
        "StackName": name,
        "TemplateBody": body,
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        "Capabilities": ["CAPABILITY_IAM"],
        "Tags": [{"Key": "datamesh", "Value": target.stage}, tag],
    }
    cloudformation = target.client("cloudformation")
    if held:
        cloudformation.update_stack(**request)
    else:
        cloudformation.create_stack(**request)
    try:
        done = cloudformation.get_waiter("stack_update_complete" if held else "stack_create_complete")
        done.wait(StackName=name, WaiterConfig=_WAIT)
    except WaiterError as failed:
        raise InfrastructureError(
            f"stack {name} of {target.account} was not {'updated' if held else 'created'}", hint="its events say why"
        ) from failed
    return "updated" if held else "created"


def _stack(target: Target, name: str) -> Stack | None:
    cloudformation = target.client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # what CloudFormation says of no such stack
            return None
        raise
    return dict(stack)


def _stacks(target: Target) -> Iterator[Stack]:
    for page in target.client("cloudformation").get_paginator("describe_stacks").paginate():
        yield from page["Stacks"]


def _parameters(stack: Stack) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
