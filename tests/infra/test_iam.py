"""Nobody may more than is needed: what the policies of the templates grant, read off the templates themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.support.templates import ROOT, TEMPLATES, Template, listed, statements, template

PLANES = ("platform.yaml", "template.yaml")
PLATFORM_ROLES = {"datamesh-${Stage}-ask", "datamesh-${Stage}-project-events"}

# What IAM knows no resource of (AWS's service authorization reference): the actions, and the reason in the template.
UNSCOPED = {
    "X-Ray knows no resource to write a trace to": {
        "xray:PutTraceSegments",
        "xray:PutTelemetryRecords",
        "xray:GetSamplingRules",
        "xray:GetSamplingTargets",
    },
    "IAM knows no resource of a log's delivery": {
        "logs:CreateLogDelivery",
        "logs:GetLogDelivery",
        "logs:UpdateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    },
    "IAM knows no resource of Lake Formation's; its own grants decide": {"lakeformation:*"},
    "IAM knows no resource of a share that is yet to be made": {"ram:CreateResourceShare"},
    "IAM knows no resource of a list of shares, nor of the organization": {
        "ram:GetResourceShares",
        "ram:GetResourceShareAssociations",
        "ram:GetPermission",
        "ram:ListPermissions",
        "ram:ListPrincipals",
        "ram:ListResources",
        "ram:ListResourceSharePermissions",
        "organizations:DescribeOrganization",
        "organizations:DescribeAccount",
    },
}
WIDER = {  # what stands beside every other "*" that is a whole resource, or an account
    "of a key policy: this key",
    "a domain may have its own account",
}


def granted(plane: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, resource in plane.resources.items():
        if resource["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}:
            yield from ((name, statement) for statement in statements(resource))


def holders(action: str) -> set[str]:
    """The roles of a domain that may do `action`."""
    return {name for name, s in granted(template("template.yaml")) if action in listed(s["Action"])}


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_permission_names_its_actions_and_resources(path: str) -> None:
    for name, statement in granted(template(path)):
        where = f"{name}/{statement.get('Sid')}"
        assert not [action for action in listed(statement["Action"]) if "*" in action], where
        if "*" in listed(statement["Resource"]):
            assert statement["Resource"] == "*", where
            known = [pattern for actions in UNSCOPED.values() for pattern in actions]
            assert all(any(fnmatchcase(it, one) for one in known) for it in listed(statement["Action"])), where


@pytest.mark.parametrize("path", TEMPLATES)
def test_every_wildcard_stands_beside_its_reason(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    wide = re.findall(r"^ *(?:- )?(?:Resource: )?(?:'\*'|!Sub '?arn:[^ ]*:iam::\*:[^ ]*)(.*)$", text, re.MULTILINE)
    assert not [rest for rest in wide if rest.removeprefix("  # ") not in {*UNSCOPED, *WIDER}], wide
    starred = [s for _, s in granted(template(path)) if "*" in listed(s["Resource"])]
    assert len(wide) >= len(starred), "a wildcard that is written in another way"
    reasons = {why: sum(rest == f"  # {why}" for rest in wide) for why in UNSCOPED}
    for why, actions in UNSCOPED.items():
        asked = [s for s in starred if any(fnmatchcase(listed(s["Action"])[0], pattern) for pattern in actions)]
        assert reasons[why] == len(asked), why


@pytest.mark.parametrize("path", TEMPLATES)
def test_no_policy_is_somebody_elses(path: str) -> None:
    """AWS's managed policies for Lambda grant logs and queues on "*"."""
    for _, role in template(path).of_type("AWS::IAM::Role"):
        assert all(isinstance(policy, dict) for policy in role["Properties"].get("ManagedPolicyArns", []))


@pytest.mark.parametrize("path", PLANES)
def test_each_function_has_a_role_of_its_own(path: str) -> None:
    for function in template(path).functions:
        assert function.properties["Role"] == {"Fn::GetAtt": [f"{function.name}Role", "Arn"]}


@pytest.mark.parametrize(
    ("path", "source"), [("platform.yaml", "datamesh.platform"), ("template.yaml", "datamesh.${Domain}")]
)
def test_events_are_sent_in_ones_own_name(path: str, source: str) -> None:
    sending = [statement for _, statement in granted(template(path)) if statement["Action"] == "events:PutEvents"]
    assert sending
    for statement in sending:
        assert statement["Condition"]["StringEqualsIfExists"]["events:source"] in (source, {"Fn::Sub": source})


def test_the_platform_reaches_domains_through_their_reader_roles_only() -> None:
    assuming = [s["Resource"] for _, s in granted(template("platform.yaml")) if s["Action"] == "sts:AssumeRole"]
    assert assuming == [{"Fn::Sub": "arn:${AWS::Partition}:iam::*:role/datamesh-${Stage}-*-reader"}] * 2
    within = {"StringEquals": {"aws:ResourceOrgID": {"Ref": "OrganizationId"}}}
    conditions = [s["Condition"] for _, s in granted(template("platform.yaml")) if s["Action"] == "sts:AssumeRole"]
    assert conditions == [{"Fn::If": ["HasOrganization", within, {"Ref": "AWS::NoValue"}]}] * 2


def test_a_reader_reads() -> None:
    reader = template("template.yaml").resources["ReaderRole"]
    verbs = {action.split(":")[1] for s in statements(reader) for action in listed(s["Action"])}
    assert verbs == {"GetObject", "GetDatabase", "GetTable", "GetDataAccess", "Decrypt"}
    (trust,) = reader["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    for arns in trust["Condition"]["ArnEquals"]["aws:PrincipalArn"]["Fn::If"][1:]:
        assert {arn["Fn::Sub"].rpartition("/")[2] for arn in arns} == PLATFORM_ROLES


def test_the_roles_that_readers_trust_have_these_names() -> None:
    properties = [role["Properties"] for _, role in template("platform.yaml").of_type("AWS::IAM::Role")]
    assert {own["RoleName"]["Fn::Sub"] for own in properties if "RoleName" in own} == PLATFORM_ROLES


def test_people_may_ask_and_nothing_else() -> None:
    actions = {action for _, s in granted(template("examples/people.yaml")) for action in listed(s["Action"])}
    assert actions == {"execute-api:Invoke", "ssm:GetParameter"}


def test_the_api_answers_signed_calls_with_its_own_rights() -> None:
    auth = template("platform.yaml").resources["Api"]["Properties"]["Auth"]
    assert auth == {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE"}


TASKS = {
    "lambda:invoke": "lambda:InvokeFunction",
    "lambda:invoke.waitForTaskToken": "lambda:InvokeFunction",
    "events:putEvents": "events:PutEvents",
    "dynamodb:putItem": "dynamodb:PutItem",
}


# What AWS asks of the role of a machine with a Distributed Map.
SPREADS = {"states:StartExecution", "states:DescribeExecution", "states:StopExecution"}


LOGS = {"LogDelivery", "Traces", "Key"}  # what every machine may


@pytest.mark.parametrize(
    ("path", "name"),
    [(path, name) for path in PLANES for name, _ in template(path).of_type("AWS::Serverless::StateMachine")],
)
def test_a_state_machine_may_do_its_steps_and_nothing_else(path: str, name: str) -> None:
    plane = template(path)
    machine = plane.resources[name]["Properties"]
    definition = (ROOT / machine["DefinitionUri"]).read_text(encoding="utf-8")
    given = machine["DefinitionSubstitutions"]
    steps = {it["Fn::GetAtt"][0] for key, it in given.items() if key.endswith("FunctionArn")}
    may = {s["Sid"]: s for s in statements(plane.resources[f"{name}Role"])}
    used = {action for task, action in TASKS.items() if f":::{task}" in definition}
    used |= SPREADS if "DISTRIBUTED" in definition else set()
    assert {action for s in may.values() if s["Sid"] not in LOGS for action in listed(s["Action"])} == used
    wanted: list[Any] = [{"Fn::GetAtt": [step, "Arn"]} for step in steps]
    wanted += [{"Fn::Sub": f"${{{step}.Arn}}:*"} for step in steps]
    assert sorted(may["Steps"]["Resource"], key=str) == sorted(wanted, key=str)
    assert set(re.findall(r"arn:aws:states:::([\w:.-]+)", definition)) <= TASKS.keys()


def test_a_distributed_map_may_start_and_follow_executions_of_its_own_machine_only() -> None:
    domain = template("template.yaml")
    may = {s["Sid"]: s for s in statements(domain.resources["PublishProductMachineRole"])}
    name = domain.resources["PublishProductMachine"]["Properties"]["Name"]["Fn::Sub"]
    (label,) = {
        state["Label"]
        for state in json.loads((ROOT / "statemachines/publish_product.asl.json").read_text(encoding="utf-8"))[
            "States"
        ].values()
        if "Label" in state
    }
    at = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    assert may["StartSlices"]["Action"] == "states:StartExecution"
    assert may["StartSlices"]["Resource"] == {"Fn::Sub": f"{at}:stateMachine:{name}"}
    assert may["FollowSlices"]["Resource"] == [
        {"Fn::Sub": f"{at}:execution:{name}:*"},
        {"Fn::Sub": f"{at}:execution:{name}/{label}:*"},
    ]


def test_tables_are_changed_by_their_writers_only() -> None:
    """Whoever may UpdateTable can put an Iceberg table back in time."""
    writers = {"ApplyContractRole", "CatalogProductRole", "MaintainTableRole", "TableOptimizerRole"}
    assert holders("glue:UpdateTable") == writers


def test_lake_formation_has_one_writer() -> None:
    assert holders("lakeformation:GrantPermissions") == {"ApplyGrantsRole"}


def test_data_is_deleted_by_maintenance_only_and_evidence_by_nobody() -> None:
    """PyIceberg deletes the manifests of a commit that it takes for failed; if it has landed, they are the table."""
    deleting = {
        (name, statement["Sid"]): statement
        for path in PLANES
        for name, statement in granted(template(path))
        if {"s3:DeleteObject", "s3:DeleteObjectVersion"} & set(listed(statement["Action"]))
    }
    unreached = {("MaintainTableRole", "Unreached"), ("TableOptimizerRole", "Unreached")}
    outlived = ("MaintainTableRole", "Outlived")
    assert {key for key in deleting if key[1] != "Knowledge"} == {*unreached, outlived}
    assert deleting[outlived]["Resource"] == {"Fn::Sub": "${LakeBucket.Arn}/quarantine/*"}
    places = [{"Fn::Sub": f"${{LakeBucket.Arn}}/tables/*/{part}/*"} for part in ("data", "metadata")]
    assert all(deleting[key]["Resource"] == places for key in unreached)


def granted_by_lake_formation(kind: str) -> dict[str, set[str]]:
    """Role to the permissions that the template grants it on resources of this kind."""
    found: dict[str, set[str]] = {}
    for _, it in template("template.yaml").of_type("AWS::LakeFormation::PrincipalPermissions"):
        if kind in it["Properties"]["Resource"]:
            [role, _] = it["Properties"]["Principal"]["DataLakePrincipalIdentifier"]["Fn::GetAtt"]
            found.setdefault(role, set()).update(it["Properties"]["Permissions"])
    return found


def named_for_apply_grants(variable: str) -> set[str]:
    """The roles whose grants apply_grants makes, product by product, or once for the account."""
    (arns,) = {
        function.own_environment[variable]["Fn::Sub"]
        for function in template("template.yaml").functions
        if variable in function.own_environment
    }
    return set(re.findall(r"\$\{(\w+)\.Arn\}", arns))


def test_whoever_looks_into_the_catalog_is_granted_it_by_lake_formation() -> None:
    """By apply_grants, product by product, to those in WRITER_ROLE_ARNS and the reader; else by the template."""
    by_apply_grants = named_for_apply_grants("WRITER_ROLE_ARNS") | {"ReaderRole"}
    by_template = granted_by_lake_formation("Table").keys()
    administrator = {"ApplyGrantsRole"}
    for action in ("glue:GetTable", "glue:GetTables", "glue:GetDatabase"):
        assert holders(action) <= by_apply_grants | by_template | administrator, action
    assert holders("glue:GetTable") == by_apply_grants | by_template | administrator


def test_whoever_creates_tables_may_so_by_lake_formation() -> None:
    on_database, there = granted_by_lake_formation("Database"), granted_by_lake_formation("DataLocation")
    creating = {role for role, permissions in on_database.items() if "CREATE_TABLE" in permissions}
    assert creating == holders("glue:CreateTable")
    # And whoever writes a table's files is granted the place, besides the table
    assert there.keys() == holders("glue:UpdateTable")


def test_whoever_reads_a_tables_files_may_ask_lake_formation_for_them() -> None:
    """A registered location is opened by GetDataAccess only to whom the table is granted."""
    by_apply_grants = named_for_apply_grants("WRITER_ROLE_ARNS") | {"ReaderRole"}
    optimizer = {"TableOptimizerRole"}  # granted SELECT, INSERT and DELETE on every table
    assert holders("lakeformation:GetDataAccess") <= by_apply_grants | optimizer
    assert granted_by_lake_formation("Table")["TableOptimizerRole"] >= {"SELECT", "INSERT", "DELETE", "ALTER"}


def test_whoever_compares_grants_sees_those_of_all() -> None:
    """Lake Formation lists to others than its administrators only what they could grant."""
    watchers = named_for_apply_grants("WATCHER_ROLE_ARNS")
    assert holders("lakeformation:ListPermissions") == watchers | {"ApplyGrantsRole"}
    for action in ("lakeformation:ListDataCellsFilter", "lakeformation:GetResourceLFTags", "lakeformation:ListLFTags"):
        assert holders(action) == holders("lakeformation:ListPermissions"), action


def test_everybody_whom_iam_lets_in_is_shut_out_where_lake_formation_governs() -> None:
    """No new table is open to them, and apply_grants takes from them what they hold on the database."""
    domain = template("template.yaml")
    database = domain.resources["Database"]["Properties"]["DatabaseInput"]
    assert database["CreateTableDefaultPermissions"]["Fn::If"][:2] == ["UsesLakeFormation", []]
    for name in ("ApplyGrants", "CheckAccess"):
        (function,) = (it for it in domain.functions if it.name == name)
        assert function.own_environment["GOVERNED"] == {"Ref": "RegisterWithLakeFormation"}
