"""Access on the local mesh, under IAM: asked for, decided by an owner, used, taken back, and over by its time."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.support.waiting import until

GUEST, OWNER = "guest", "steward"
STRANGER = BUILDER = "manufacturer"
PRODUCT, AIRLINES, AIRPORTS = "fleet.planes", "network.airlines", "network.airports"


def visible(mesh: Any, product: str = PRODUCT) -> bool:
    return product in [page["name"] for page in mesh.json("products", "--as", GUEST)["products"]]


def requested(mesh: Any, *more: str, product: str = PRODUCT, role: str = GUEST) -> str:
    wish = ("access", "request", product, "--purpose", "noise study", *more, "--as", role)
    return str(mesh.json(*wish)["request_id"])


@pytest.fixture(scope="module", autouse=True)
def brief(mesh: Any) -> str:
    """A guest's access to the airports, which ends while the other tests run."""
    request = requested(mesh, "--until", "30s", product=AIRPORTS)
    assert mesh.json("access", "approve", request, "--as", OWNER)["state"] == "granted"
    return request


def test_access_is_asked_for_granted_in_part_used_and_taken_back(mesh: Any, published: Any) -> None:
    assert not visible(mesh)
    request = requested(mesh, "--columns", "tailnum,manufacturer,seats", "--mask", "tailnum=partial:2")
    for role, code in ((STRANGER, 2), (GUEST, 3)):
        refusal = mesh.json("access", "approve", request, "--as", role, code=code)
        assert refusal["error"] == (
            "no such request" if role == STRANGER else "nobody decides on a request of their own"
        )
    assert not visible(mesh)
    waiting = mesh.json("access", "list", "--to-decide", "--as", OWNER)["requests"]
    assert request in [page["request_id"] for page in waiting]
    # When an owner grants less than was asked for, and not more
    less = ("--rows", "seats > 300", "--mask", "seats=bucket:100", "--until", "10d", "--as", OWNER)
    beyond = mesh.json("access", "approve", request, "--columns", "tailnum,year", *less, code=2)
    assert beyond["error"] == "year is not asked for"
    granted = mesh.json("access", "approve", request, "--columns", "tailnum,seats", *less)
    assert (granted["state"], granted["columns"], granted["rows"]) == ("granted", ["tailnum", "seats"], "seats > 300")
    assert granted["asked"]["columns"] == ["tailnum", "manufacturer", "seats"]
    # Then an answer shows that much, masked
    answer = mesh.json("sql", f"SELECT DISTINCT left(tailnum, 3), seats FROM {PRODUCT} ORDER BY 2", "--as", GUEST)
    assert answer["rows"] == [["***", 300], ["***", 400]]
    (read,) = answer["products"]
    assert (read["rows"], read["masked"]) == ("some", ["tailnum", "seats"])
    mesh.json("sql", f"SELECT manufacturer FROM {PRODUCT}", "--as", GUEST, code=3)
    assert mesh.json("access", "renew", request, "--until", "60d", "--as", OWNER)["state"] == "granted"
    assert mesh.json("access", "revoke", request, "--as", OWNER)["state"] == "revoked"
    assert not visible(mesh)
    told(mesh, request, ["requested", "granted", "renewed", "revoked"])


def test_what_is_withdrawn_nobody_grants(mesh: Any) -> None:
    request = requested(mesh)
    assert mesh.json("access", "withdraw", request, "--as", OWNER, code=3)["rule"] == "requester"
    assert mesh.json("access", "withdraw", request, "--as", GUEST)["state"] == "withdrawn"
    assert "withdrawn already" in mesh.json("access", "approve", request, "--as", OWNER, code=2)["error"]
    told(mesh, request, ["requested", "withdrawn"])


def test_what_a_contract_declares_is_granted_without_an_owner(mesh: Any, published: Any) -> None:
    # Given a manufacturer, who reads nothing of the airlines, and whom their contract lets in without asking
    name = "SELECT name FROM network.airlines WHERE carrier = 'UA'"
    assert mesh.json("sql", name, "--as", BUILDER, code=3)["rule"] == "not-granted"
    wish = ("--columns", "carrier,name", "--until", "30d")

    # When it asks, then nobody decides, and it is answered, here and in Lake Formation
    request = requested(mesh, *wish, product=AIRLINES, role=BUILDER)
    found = until(lambda: shown(mesh, request, BUILDER, but="requested"))
    asked, granted = found["steps"]
    assert (granted["kind"], granted["by"], granted["note"]) == ("granted", "mesh", "as the contract declares")
    waited = datetime.fromisoformat(granted["at"]) - datetime.fromisoformat(asked["at"])
    assert waited.total_seconds() < 30
    assert mesh.json("sql", name, "--as", BUILDER)["rows"] == [["United Air Lines Inc."]]
    until(
        lambda: columns_held(mesh, mesh.target.role_arn(BUILDER)) == {"carrier", "name"},
        "Lake Formation does not follow",
    )

    # And it is over here and there once it is given back
    assert mesh.json("access", "revoke", request, "--as", BUILDER)["state"] == "revoked"
    assert mesh.json("sql", name, "--as", BUILDER, code=3)["rule"] == "not-granted"
    until(lambda: not columns_held(mesh, mesh.target.role_arn(BUILDER)), "Lake Formation does not follow")
    told(mesh, request, ["requested", "granted", "revoked"])


def test_a_role_with_a_path_is_known_by_it_where_that_counts(mesh: Any, published: Any) -> None:
    # Given a role as IAM Identity Center makes them, which the API shows without its path
    iam, name = mesh.target.client("iam"), "datamesh-dev-scout"
    trust = {"Effect": "Allow", "Principal": {"AWS": mesh.target.account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Statement": [trust]})
    scout = iam.create_role(RoleName=name, Path="/data/teams/", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    for policy in iam.list_attached_role_policies(RoleName=f"datamesh-dev-{GUEST}")["AttachedPolicies"]:
        iam.attach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    carriers = "SELECT count(carrier) FROM network.airlines"

    # When it is granted what it asked for
    request = requested(mesh, "--columns", "carrier", product=AIRLINES, role=scout)
    granted = mesh.json("access", "approve", request, "--as", OWNER)

    # Then it reads that here by its name, and is the role with the path in Lake Formation
    assert scout.endswith("role/data/teams/datamesh-dev-scout")
    assert (granted["principal"], granted["arn"]) == (mesh.target.role_arn("scout"), scout)
    assert mesh.json("sql", carriers, "--as", scout)["rows"] == [[16]]
    until(lambda: columns_held(mesh, scout) == {"carrier"}, "Lake Formation does not follow")
    assert mesh.json("access", "revoke", request, "--as", scout)["state"] == "revoked"
    assert mesh.json("sql", carriers, "--as", scout, code=3)["error"]
    until(lambda: not columns_held(mesh, scout), "Lake Formation does not follow")


def test_access_that_is_over_is_ended_by_its_timer(mesh: Any, brief: str) -> None:
    found = until(lambda: shown(mesh, brief, GUEST, but="granted"), seconds=120)
    assert (found["state"], found["steps"][-1]["by"]) == ("expired", "mesh")
    assert not visible(mesh, AIRPORTS)
    told(mesh, brief, ["requested", "granted", "expired"])


def shown(mesh: Any, request: str, role: str, *, but: str) -> Any:
    """The request, unless its state is `but`."""
    found = mesh.json("access", "show", request, "--as", role)
    return found if found["state"] != but else None


def columns_held(mesh: Any, arn: str) -> set[str]:
    """The columns of the airlines that a principal may select, as Lake Formation has it."""
    table = {"Table": {"DatabaseName": "datamesh_dev_network", "Name": "airlines_v1"}}
    grants = mesh.target.client("lakeformation").list_permissions(Resource=table)["PrincipalResourcePermissions"]
    held = [it for it in grants if it["Principal"]["DataLakePrincipalIdentifier"] == arn]
    return {name for it in held for name in it["Resource"].get("TableWithColumns", {}).get("ColumnNames", ["*"])}


def told(mesh: Any, request: str, kinds: list[str]) -> None:
    """Every step is recorded, everything that follows it is done, and nobody waits any more."""
    parameters = mesh.target.parameters("platform")
    s3, bucket = mesh.target.client("s3"), parameters["audit-bucket"]
    keys = [it["Key"] for it in s3.list_objects_v2(Bucket=bucket, Prefix=f"access/{request}/")["Contents"]]
    records = [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    assert [record["step"]["kind"] for record in records] == kinds
    key = {"pk": request.partition("-")[0], "sk": request}
    item = mesh.target.table(parameters["access-table"]).get_item(Key=key, ConsistentRead=True)["Item"]
    assert item["settled"] == item["sequence"] == len(kinds)
    machine = parameters["grant-access-machine-arn"]
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{request}"
    states = mesh.target.client("stepfunctions")
    until(lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED", "somebody waits for ever")
