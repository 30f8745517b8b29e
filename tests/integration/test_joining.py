"""A domain's account is joined to the mesh, again and again, and nothing that stands is taken for something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from cli.joining import Joined, join
from cli.screen import Screen
from cli.target import Target
from datamesh.errors import InfrastructureError, UserError
from tests.support.lakeside import REGION
from tests.support.templates import ROOT

PLATFORM, GUEST, OTHER = "123456789012", "222233334444", "333344445555"
BUS = f"arn:aws:events:{REGION}:{PLATFORM}:event-bus/datamesh-dev"
LAYER = f"arn:aws:lambda:{REGION}:{PLATFORM}:layer:datamesh-dev-engine:1"
# moto's CloudFormation leaves out what it has no model of, and warns: policies of buses, queues and layers, and alarms.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS:UserWarning:moto.cloudformation.parsing")
KNOWN = {"bus-name": "datamesh-dev", "bus-arn": BUS, "engine-layer-arn": LAYER}


def there(server: ThreadedMotoServer, account: str) -> Target:
    """An account of moto's: whoever assumes a role of it is in it."""
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    role = f"arn:aws:iam::{account}:role/deployer"
    keys = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], REGION)
    return Target("dev", session, endpoints={"*": url})


@pytest.fixture
def platform(account: None, server: ThreadedMotoServer) -> Target:
    target = there(server, PLATFORM)
    target.client("events").create_event_bus(Name="datamesh-dev")
    for name, value in KNOWN.items():
        remember(target, f"platform/{name}", value)
    return target


def remember(target: Target, name: str, value: str) -> None:
    target.client("ssm").put_parameter(Name=f"/datamesh/dev/{name}", Value=value, Type="String", Overwrite=True)


def joined(server: ThreadedMotoServer, domain: str, account: str, templates: Path = ROOT / "accounts") -> Joined:
    """As a command would do it, which remembers nothing."""
    return join(there(server, PLATFORM), there(server, account), domain, templates=templates, screen=Screen())


def stack(target: Target, name: str) -> dict[str, str]:
    [found] = target.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {each["ParameterKey"]: each["ParameterValue"] for each in found["Parameters"]}


def test_the_account_gets_a_bus_joined_to_the_platforms_and_the_parameters_of_a_domain(
    server: ThreadedMotoServer, platform: Target
) -> None:
    done = joined(server, "harbour", GUEST)

    assert (done.domains, done.guest, done.host) == (("harbour",), "created", "created")
    guest = there(server, GUEST)
    own = f"arn:aws:events:{REGION}:{GUEST}:event-bus/datamesh-dev"
    assert dict(guest.parameters("platform")) == {
        "bus-name": "datamesh-dev",
        "bus-arn": own,
        "engine-layer-arn": LAYER,
    }
    for target, sent_to in ((guest, BUS), (platform, own)):
        events = target.client("events")
        [rule] = events.list_rules(EventBusName="datamesh-dev")["Rules"]
        [to] = events.list_targets_by_rule(Rule=rule["Name"], EventBusName="datamesh-dev")["Targets"]
        assert to["Arn"] == sent_to
        assert to["RoleArn"].split(":")[4] == target.account


def test_again_it_changes_nothing(server: ThreadedMotoServer, platform: Target) -> None:
    joined(server, "harbour", GUEST)

    again = joined(server, "harbour", GUEST)

    assert (again.guest, again.host) == ("unchanged", "unchanged")


def test_a_second_domain_of_an_account_joins_the_first(server: ThreadedMotoServer, platform: Target) -> None:
    joined(server, "harbour", GUEST)

    done = joined(server, "docks", GUEST)

    assert (done.domains, done.guest, done.host) == (("docks", "harbour"), "updated", "updated")
    sources = {stack(platform, f"datamesh-dev-account-{GUEST}")["Sources"]}
    sources |= {stack(there(server, GUEST), "datamesh-dev-account")["Sources"]}
    assert sources == {"datamesh.docks,datamesh.harbour"}


def test_accounts_are_joined_each_by_itself(server: ThreadedMotoServer, platform: Target) -> None:
    joined(server, "harbour", GUEST)

    assert joined(server, "docks", OTHER).domains == ("docks",)
    assert stack(platform, f"datamesh-dev-account-{GUEST}")["Sources"] == "datamesh.harbour"


def test_a_new_engine_layer_is_brought_there(server: ThreadedMotoServer, platform: Target) -> None:
    joined(server, "harbour", GUEST)
    newer = LAYER.removesuffix("1") + "2"
    remember(platform, "platform/engine-layer-arn", newer)

    done = joined(server, "harbour", GUEST)

    assert (done.guest, done.host) == ("updated", "updated")
    assert there(server, GUEST).parameter("platform", "engine-layer-arn") == newer


def test_an_organization_of_the_platform_is_asked_for(server: ThreadedMotoServer, platform: Target) -> None:
    remember(platform, "platform/organization-id", "o-abcdefghij")

    joined(server, "harbour", GUEST)

    assert stack(platform, f"datamesh-dev-account-{GUEST}")["OrganizationId"] == "o-abcdefghij"


def test_what_somebody_else_set_of_a_stack_stays(server: ThreadedMotoServer, platform: Target) -> None:
    joined(server, "harbour", GUEST)
    guest, topic = there(server, GUEST), f"arn:aws:sns:{REGION}:{GUEST}:alarms"
    parameters = stack(guest, "datamesh-dev-account") | {"AlarmTopicArn": topic}
    guest.client("cloudformation").update_stack(
        StackName="datamesh-dev-account",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Tags=tags(guest),
    )

    joined(server, "docks", GUEST)

    assert stack(guest, "datamesh-dev-account")["AlarmTopicArn"] == topic


def tags(target: Target) -> Any:
    return target.client("cloudformation").describe_stacks(StackName="datamesh-dev-account")["Stacks"][0]["Tags"]


def test_a_domain_lives_in_one_account(server: ThreadedMotoServer, platform: Target) -> None:
    remember(platform, "fleet/ledger-table", "fleet")
    joined(server, "harbour", GUEST)

    with pytest.raises(UserError, match=f"harbour lives in account {GUEST}"):
        joined(server, "harbour", OTHER)
    with pytest.raises(UserError, match="fleet lives in the platform's account"):
        joined(server, "fleet", GUEST)


def test_without_a_platform_there_is_nothing_to_join(account: None, server: ThreadedMotoServer) -> None:
    with pytest.raises(UserError, match="no mesh dev is deployed here"):
        joined(server, "harbour", GUEST)


def test_a_stack_that_never_stood_is_not_taken_for_one(
    server: ThreadedMotoServer, platform: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined(server, "harbour", GUEST)
    [held] = platform.client("cloudformation").describe_stacks(StackName=f"datamesh-dev-account-{GUEST}")["Stacks"]
    monkeypatch.setattr("cli.joining._stack", lambda *_: held | {"StackStatus": "ROLLBACK_COMPLETE"})

    with pytest.raises(InfrastructureError, match="never stood"):
        joined(server, "docks", GUEST)
