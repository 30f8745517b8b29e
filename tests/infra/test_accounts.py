"""Domains in other accounts: what each side lets the other say, and that a domain finds there what it looks up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.templates import Template, chosen, listed, statements, template

SOURCES = {"Fn::Split": [",", {"Ref": "Sources"}]}
HOST, GUEST = "accounts/host.yaml", "accounts/guest.yaml"


def bus_policy(plane: Template) -> Mapping[str, Any]:
    [(_, policy)] = plane.of_type("AWS::Events::EventBusPolicy")
    found: Mapping[str, Any] = policy["Properties"]["Statement"]
    return found


def only_rule(plane: Template) -> Mapping[str, Any]:
    [(_, rule)] = plane.of_type("AWS::Events::Rule")
    found: Mapping[str, Any] = rule["Properties"]
    return found


def test_an_account_puts_events_of_its_domains_while_it_belongs_to_the_organization() -> None:
    policy = bus_policy(template(HOST))

    assert policy["Effect"] == "Allow"
    assert policy["Action"] == "events:PutEvents"
    assert policy["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AccountId}:root"}}
    organization = {"Fn::If": ["HasOrganization", {"Ref": "OrganizationId"}, {"Ref": "AWS::NoValue"}]}
    assert policy["Condition"] == {"StringEquals": {"events:source": SOURCES, "aws:PrincipalOrgID": organization}}


def test_the_platform_opens_its_bus_to_nobody_by_itself() -> None:
    assert list(template("platform.yaml").of_type("AWS::Events::EventBusPolicy")) == []


def test_the_platform_puts_its_own_events_on_the_bus_of_an_account() -> None:
    policy = bus_policy(template(GUEST))

    assert policy["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${PlatformAccountId}:root"}}
    assert policy["Condition"] == {"StringEquals": {"events:source": "datamesh.platform"}}


def test_only_what_an_account_says_itself_goes_to_the_platform() -> None:
    pattern = only_rule(template(GUEST))["EventPattern"]
    assert pattern == {"account": [{"Ref": "AWS::AccountId"}], "source": SOURCES}


def test_only_decisions_that_a_domain_waits_for_come_back() -> None:
    decided, awaited = (
        only_rule(template(HOST))["EventPattern"],
        template("template.yaml").resources["AccessRule"]["Properties"]["EventPattern"],
    )
    for part in ("source", "detail-type"):
        assert decided[part] == awaited[part]
    assert decided["account"] == [{"Ref": "AWS::AccountId"}]
    assert decided["detail"] == {"data": {"domain": {"Fn::Split": [",", {"Ref": "Domains"}]}}}
    assert awaited["detail"].keys() == decided["detail"].keys()


@pytest.mark.parametrize("path", [HOST, GUEST])
def test_what_cannot_be_sent_waits_in_a_queue_with_an_alarm(path: str) -> None:
    plane = template(path)
    [(rule, _)] = plane.of_type("AWS::Events::Rule")
    [target] = only_rule(plane)["Targets"]
    [(queue, _)] = plane.of_type("AWS::SQS::Queue")
    [(_, policy)] = plane.of_type("AWS::SQS::QueuePolicy")
    [(_, alarm)] = plane.of_type("AWS::CloudWatch::Alarm")
    [statement] = statements(policy)

    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": [queue, "Arn"]}}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": [rule, "Arn"]}}}
    assert alarm["Properties"]["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue, "QueueName"]}}]


@pytest.mark.parametrize("path", [HOST, GUEST])
def test_a_rule_sends_under_a_role_that_may_put_to_its_target_only(path: str) -> None:
    plane = template(path)
    [target] = only_rule(plane)["Targets"]
    [(role, resource)] = plane.of_type("AWS::IAM::Role")
    [statement] = statements(resource)

    assert target["RoleArn"] == {"Fn::GetAtt": [role, "Arn"]}
    assert (statement["Action"], statement["Resource"]) == ("events:PutEvents", target["Arn"])


def test_a_domain_finds_in_its_account_what_its_template_looks_up() -> None:
    """Under the names that it has in the platform's account: one template is for both."""
    assert template("template.yaml").stored_names_read() == template(GUEST).stored_names_written()


def test_each_side_knows_the_bus_of_the_other_by_name() -> None:
    platform, guest = template("platform.yaml").resources["Bus"], template(GUEST).resources["Bus"]
    [target] = only_rule(template(HOST))["Targets"]
    name = guest["Properties"]["Name"]["Fn::Sub"]

    assert name == platform["Properties"]["Name"]["Fn::Sub"]
    assert target["Arn"]["Fn::Sub"].endswith(f":${{AccountId}}:event-bus/{name}")


def test_without_an_organization_the_engine_layer_is_opened_to_the_account() -> None:
    host, platform = template(HOST).resources["MayUseEngine"], template("platform.yaml").resources
    assert host["Condition"] == "HasNoOrganization"
    assert host["Properties"]["Principal"] == {"Ref": "AccountId"}
    assert platform["EngineLayerPermission"]["Condition"] == "HasOrganization"


def test_tables_are_shared_from_an_account_of_their_own_by_lake_formation_only() -> None:
    """A share is made where a principal is of another account, so not in the platform's, and by that name alone."""
    domain = template("template.yaml")
    conditions = dict.fromkeys(domain.body["Conditions"], True)
    for in_platform_account in (True, False):
        roles = {
            name
            for name, role in domain.of_type("AWS::IAM::Role")
            for s in statements(chosen(role, conditions | {"InPlatformAccount": in_platform_account}))
            if any(action.startswith("ram:") for action in listed(s["Action"]))
        }
        assert roles == (set() if in_platform_account else {"ApplyGrantsRole"})
    may = {s["Sid"]: s for s in statements(domain.resources["ApplyGrantsRole"])}
    assert may["LakeFormationShares"]["Condition"] == {"StringLike": {"ram:ResourceShareName": "LakeFormation*"}}


def test_what_associates_a_permission_with_a_share_may_so_for_both() -> None:
    """RAM asks IAM for the share and for the permission: a statement on one of them lets nobody do it."""
    [statement] = [
        s
        for s in statements(template("template.yaml").resources["ApplyGrantsRole"])
        if "ram:AssociateResourceSharePermission" in listed(s["Action"])
    ]
    kinds = sorted(arn["Fn::Sub"].rpartition(":")[2].partition("/")[0] for arn in statement["Resource"])
    assert kinds == ["permission", "resource-share"]
    permission = "arn:${AWS::Partition}:ram::aws:permission/AWSRAMLFEnabled*"
    assert {"Fn::Sub": permission} in statement["Resource"]
    assert statement["Condition"] == {"ArnLike": {"ram:PermissionArn": {"Fn::Sub": permission}}}
