"""Access on the local mesh, under IAM: asked for, decided by an owner, used, taken back, and over by its time."""

from __future__ import annotations

import json
import time
from typing import Any

GUEST, OWNER, STRANGER = "guest", "steward", "manufacturer"
PRODUCT = "fleet.planes"


def visible(mesh: Any) -> bool:
    return PRODUCT in [page["name"] for page in mesh.json("products", "--as", GUEST)["products"]]


def requested(mesh: Any, *more: str) -> str:
    wish = ("access", "request", PRODUCT, "--purpose", "noise study", *more, "--as", GUEST)
    return str(mesh.json(*wish)["request_id"])


def test_access_is_asked_for_granted_used_and_taken_back(mesh: Any) -> None:
    assert not visible(mesh)
    request = requested(mesh, "--columns", "manufacturer,seats", "--until", "30d")
    for role, code in ((STRANGER, 2), (GUEST, 3)):
        refusal = mesh.json("access", "approve", request, "--as", role, code=code)
        assert refusal["error"] == (
            "no such request" if role == STRANGER else "nobody decides on a request of their own"
        )
    assert not visible(mesh)
    waiting = mesh.json("access", "list", "--to-decide", "--as", OWNER)["requests"]
    assert request in [page["request_id"] for page in waiting]
    assert mesh.json("access", "approve", request, "--as", OWNER)["state"] == "granted"
    assert visible(mesh)
    assert mesh.json("access", "renew", request, "--until", "60d", "--as", OWNER)["state"] == "granted"
    assert mesh.json("access", "revoke", request, "--as", OWNER)["state"] == "revoked"
    assert not visible(mesh)
    told(mesh, request, ["requested", "granted", "renewed", "revoked"])


def test_access_that_is_over_is_ended_by_its_timer(mesh: Any) -> None:
    request = requested(mesh, "--until", "40s")
    assert mesh.json("access", "approve", request, "--as", OWNER)["state"] == "granted"
    deadline = time.monotonic() + 120
    while (found := mesh.json("access", "show", request, "--as", GUEST))["state"] == "granted":
        assert time.monotonic() < deadline
        time.sleep(2)
    assert (found["state"], found["steps"][-1]["by"]) == ("expired", "mesh")
    assert not visible(mesh)
    told(mesh, request, ["requested", "granted", "expired"])


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
    deadline = time.monotonic() + 60
    while mesh.target.client("stepfunctions").describe_execution(executionArn=arn)["status"] != "SUCCEEDED":
        assert time.monotonic() < deadline
        time.sleep(1)
