"""The platform in one account, a domain in another: published in one, asked from the other, spoken for by no third."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli import landing
from cli.landing import Run
from cli.local import deploy, state
from cli.screen import Screen
from cli.target import ProductName, Target, elsewhere
from tests.support.waiting import until

GUEST, STRANGER = "222233334444", "333344445555"
DOMAIN, FERRIES = "harbour", "harbour.ferries"
CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: harbour-ferries
version: 1.0.0
status: active
domain: harbour
dataProduct: ferries
schema:
  - name: ferries
    physicalType: table
    businessName: Ferries
    customProperties:
      - property: datamesh.input
        value: {format: csv}
    properties:
      - {name: ferry, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: seats, logicalType: integer}
      - {name: captain, logicalType: string}
roles:
  - role: pilots
    access: read
    customProperties:
      - {property: datamesh.principals, value: ["arn:aws:iam::PLATFORM:role/datamesh-dev-pilot"]}
      - {property: datamesh.columns, value: [ferry, seats]}
team:
  members:
    - username: harbour@example.com
      role: owner
      customProperties:
        - {property: datamesh.principals, value: ["arn:aws:iam::PLATFORM:role/datamesh-dev-steward"]}
"""
ROWS = "ferry,seats,captain\nAda,120,Ann\nBea,80,Bob\nCleo,300,Cy\n"


@dataclass(frozen=True)
class Harbour:
    """The mesh with its domain in another account: of whom each session is, and what was published there."""

    platform: Target
    guest: Target
    pilot: Target
    run: Run


@pytest.fixture(scope="module")
def harbour(mesh: Any, tmp_path_factory: pytest.TempPathFactory) -> Harbour:
    platform, work = mesh.target, tmp_path_factory.mktemp("harbour")
    added = mesh.json("domain", "add", DOMAIN, "--account", GUEST)
    assert (added["domains"], added["guest"], added["host"]) == ([DOMAIN], "created", "created")
    _deploy(mesh.home, added["samconfig"], work)
    guest = elsewhere(platform, GUEST, None)
    contract, ferries = work / "ferries.odcs.yaml", work / "ferries.csv"
    contract.write_text(CONTRACT.replace("PLATFORM", platform.account), encoding="utf-8")
    ferries.write_text(ROWS, encoding="utf-8")
    _, outcome = landing.push(guest, Screen(), contract)
    assert outcome.outcome == "applied", outcome
    [run] = landing.publish(guest, Screen(), ProductName(DOMAIN, "ferries"), [ferries])
    return Harbour(platform, guest, _pilot(platform), run)


def _deploy(home: Path, section: str, work: Path) -> None:
    """As samconfig.toml says it, with the credentials of the domain's account."""
    (work / "samconfig.toml").write_text(f"version = 0.1\n\n{section}", encoding="utf-8")
    standing = state.load(home)
    assert standing is not None
    [stack] = deploy.stacks(work)
    there = standing.model_copy(update={"account": GUEST})
    deploy.deploy_one(stack, state.project_root(), home, there, Screen(), config=work / "samconfig.toml")


def _pilot(platform: Target) -> Target:
    """A role of the platform's account that may ask, as those of examples/people.yaml."""
    iam = platform.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": platform.account}, "Action": "sts:AssumeRole"}
    may_ask = platform.client("iam").list_attached_role_policies(RoleName="datamesh-dev-analyst")["AttachedPolicies"]
    iam.create_role(RoleName="datamesh-dev-pilot", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    for policy in may_ask:
        iam.attach_role_policy(RoleName="datamesh-dev-pilot", PolicyArn=policy["PolicyArn"])
    return platform.as_role("pilot")


def known(mesh: Any, harbour: Harbour) -> Any:
    pages = mesh.json("products", "--as", "pilot")["products"]
    return [page for page in pages if page.get("snapshot_id") == harbour.run.snapshot_id]


def test_what_is_published_in_one_account_is_asked_for_from_the_other(mesh: Any, harbour: Harbour) -> None:
    assert (harbour.run.status, harbour.run.rows_published) == ("published", 3)
    [page] = until(lambda: known(mesh, harbour))
    assert (page["name"], page["rows_published"]) == ("harbour.ferries", 3)

    counted = mesh.json("sql", "SELECT ferry, seats FROM harbour.ferries ORDER BY seats", "--as", "pilot")
    asked = mesh.json("ask", "How many ferries are there?", "--as", "pilot")

    assert counted["rows"] == [["Bea", 80], ["Ada", 120], ["Cleo", 300]]
    assert asked["rows"] == [[3]]
    assert mesh.json("sql", "SELECT captain FROM harbour.ferries", "--as", "pilot", code=3)["rule"] == "unknown-column"
    assert mesh.json("sql", "SELECT ferry FROM harbour.ferries", code=3)["error"]  # nobody granted the analyst anything


def held(target: Target) -> list[str]:
    """Who has grants on the ferries, in the Lake Formation of an account."""
    table = {"Table": {"DatabaseName": "datamesh_dev_harbour", "Name": "ferries_v1"}}
    grants = target.client("lakeformation").list_permissions(Resource=table)["PrincipalResourcePermissions"]
    return [str(each["Principal"]["DataLakePrincipalIdentifier"]) for each in grants]


def test_its_grants_are_in_the_lake_formation_of_its_account(harbour: Harbour) -> None:
    pilot = harbour.platform.role_arn("pilot")
    assert until(lambda: pilot in held(harbour.guest))
    assert held(harbour.platform) == []


def test_where_its_lake_formation_differs_is_seen_and_mended_with_the_credentials_of_its_account(
    mesh: Any, harbour: Harbour, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given somebody granted a stranger what no role gives, by hand, in the domain's account
    stranger = harbour.platform.role_arn("stranger")
    table = {"Table": {"DatabaseName": "datamesh_dev_harbour", "Name": "ferries_v1"}}
    who = {"DataLakePrincipalIdentifier": stranger}
    lakeformation = harbour.guest.client("lakeformation")
    lakeformation.grant_permissions(Principal=who, Resource=table, Permissions=["SELECT"])

    # When it is looked for with the platform's credentials, then there is no such domain
    assert mesh.json("access", "plan", FERRIES, code=2)["error"] == "this account has no domain harbour"

    # When it is with those of the domain's account, then it is seen, and stays until it is to be mended
    for name, value in _signed_in(harbour.guest).items():
        monkeypatch.setenv(name, value)
    plan = mesh.json("access", "plan", FERRIES, "--stage", "dev")
    dry = mesh.json("access", "repair", FERRIES, "--dry-run", "--stage", "dev")
    [drift] = plan["drift"]
    assert (drift["product"], dry["drift"], dry["left"]) == (FERRIES, plan["drift"], plan["drift"])
    assert {(it["way"], it["principal"]) for it in drift["differences"]} == {("too much", stranger)}
    assert stranger in held(harbour.guest)
    assert mesh.json("access", "repair", "--stage", "dev")["left"] == []
    assert stranger not in held(harbour.guest)


def _signed_in(target: Target) -> dict[str, str]:
    """The environment of somebody who works in the account of `target`, where AWS is the local one."""
    keys, endpoints = target.session.get_credentials(), target.endpoints
    assert target.certificate is not None
    return {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_REGION": target.region,
        "AWS_ENDPOINT_URL": endpoints["*"],
        "AWS_ENDPOINT_URL_LAKEFORMATION": endpoints["lakeformation"],
        "AWS_CA_BUNDLE": target.certificate,
    }


def put(sender: Target, source: str) -> None:
    bus = sender.client("events")
    entry = {"Source": source, "DetailType": "TideTurned", "Detail": "{}"}  # a type that the registry does not know
    platform = f"arn:aws:events:{sender.region}:111122223333:event-bus/datamesh-dev"
    assert bus.put_events(Entries=[entry | {"EventBusName": platform}])["FailedEntryCount"] == 0


def test_an_account_speaks_for_its_own_domains_and_a_stranger_for_none(harbour: Harbour) -> None:
    stranger = elsewhere(harbour.platform, STRANGER, None)
    for sender, source in (
        (harbour.guest, "datamesh.fleet"),
        (harbour.guest, "datamesh.platform"),
        (stranger, "datamesh.harbour"),
        (stranger, "datamesh.fleet"),
    ):
        with pytest.raises(sender.client("events").exceptions.ClientError, match="AccessDenied"):
            put(sender, source)

    put(harbour.guest, "datamesh.harbour")


def test_the_reader_role_of_a_domain_lets_in_the_platform_and_nobody_else(harbour: Harbour) -> None:
    reader = f"arn:aws:iam::{GUEST}:role/datamesh-dev-harbour-reader"
    for account in (STRANGER, GUEST, harbour.platform.account):  # as its root, of which trust names two roles only
        sts = elsewhere(harbour.platform, account, None).client("sts")
        with pytest.raises(sts.exceptions.ClientError, match="AccessDenied"):
            sts.assume_role(RoleArn=reader, RoleSessionName="somebody")


def test_what_is_asked_for_here_is_granted_there_and_taken_back(mesh: Any, harbour: Harbour) -> None:
    # Given whatever comes from the platform is overheard in the domain's account
    queue = _overheard(harbour.guest)
    ferries, guest = "SELECT ferry FROM harbour.ferries ORDER BY ferry", harbour.platform.role_arn("guest")
    assert mesh.json("sql", ferries, "--as", "guest", code=3)["rule"] == "not-granted"

    # When a guest of the mesh asks for a product of the domain, and for one of another, and their owner approves both
    requests = [_approved(mesh, product, column) for product, column in (("fleet.planes", "year"), (FERRIES, "ferry"))]

    # Then the domain's Lake Formation has the grant until it is taken back, and so long the guest is answered
    until(lambda: guest in held(harbour.guest), "Lake Formation does not follow")
    assert mesh.json("sql", ferries, "--as", "guest")["rows"] == [["Ada"], ["Bea"], ["Cleo"]]
    for request in requests:
        assert mesh.json("access", "revoke", request, "--as", "steward")["state"] == "revoked"
    assert mesh.json("sql", ferries, "--as", "guest", code=3)["rule"] == "not-granted"
    until(lambda: guest not in held(harbour.guest), "Lake Formation does not follow")

    # And nothing else was heard there
    messages = harbour.guest.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    came = [json.loads(message["Body"]) for message in messages]
    assert sorted(event["detail-type"] for event in came) == ["AccessGranted", "AccessRevoked"]
    assert {(event["source"], event["account"]) for event in came} == {("datamesh.platform", harbour.platform.account)}
    assert {event["detail"]["data"]["request_id"] for event in came} == {requests[-1]}


def _approved(mesh: Any, product: str, column: str) -> str:
    asked = ("access", "request", product, "--columns", column, "--purpose", "a voyage", "--as", "guest")
    request = str(mesh.json(*asked)["request_id"])
    assert mesh.json("access", "approve", request, "--as", "steward")["state"] == "granted"
    return request


def _overheard(guest: Target) -> str:
    queue = str(guest.client("sqs").create_queue(QueueName="overheard")["QueueUrl"])
    arn = f"arn:aws:sqs:{guest.region}:{GUEST}:overheard"
    events = guest.client("events")
    pattern = json.dumps({"source": ["datamesh.platform"]})
    events.put_rule(Name="overheard", EventBusName="datamesh-dev", EventPattern=pattern)
    events.put_targets(Rule="overheard", EventBusName="datamesh-dev", Targets=[{"Id": "queue", "Arn": arn}])
    return queue


def test_adding_it_again_changes_nothing_and_elsewhere_it_is_refused(mesh: Any, harbour: Harbour) -> None:
    again = mesh.json("domain", "add", DOMAIN, "--account", GUEST)
    assert (again["guest"], again["host"]) == ("unchanged", "unchanged")

    refused = mesh.json("domain", "add", DOMAIN, "--account", STRANGER, code=2)
    assert refused["error"] == f"harbour lives in account {GUEST}"
    refused = mesh.json("domain", "add", "fleet", "--account", GUEST, code=2)
    assert refused["error"] == "fleet lives in the platform's account"
