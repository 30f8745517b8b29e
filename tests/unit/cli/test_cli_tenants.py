"""Lake Formation's server knows whose a request is, and refuses what IAM or Lake Formation would refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.lakeformation.models import lakeformation_backends

from cli.local import lakeformation
from cli.local.lakeformation import refusal
from cli.local.tenants import Caller, guarded

HERE, THERE = "111122223333", "222233334444"
GRANTS, READS = (f"arn:aws:sts::{THERE}:assumed-role/{name}/f" for name in ("grants", "reads"))
REGION = "us-east-1"


class Door:
    """A moto server, and who calls it with which key."""

    def __init__(self, refuses: str = "") -> None:
        self.told: list[Any] = []
        self.asked: list[str] = []
        self.status = ""
        self._refuses = refuses
        self._door = guarded(
            self._app, self._known, lambda _caller, operation, region: self._refuses and f"{operation} {region}"
        )

    def _app(self, environ: dict[str, Any], _start: Any) -> list[bytes]:
        self.told.append(environ.get("HTTP_X_MOTO_ACCOUNT_ID"))
        return [b"done"]

    def _known(self, key: str, action: str) -> Caller:
        self.asked.append(action)
        return {"ASIA1": Caller(THERE, GRANTS), "ASIA2": Caller(THERE, READS, allowed=False), HERE: Caller(HERE)}[key]

    def call(self, key: str, operation: str = "GrantPermissions") -> bytes:
        signed = f"AWS4-HMAC-SHA256 Credential={key}/20261129/{REGION}/lakeformation/aws4_request, SignedHeaders=host"
        said = {"HTTP_AUTHORIZATION": signed, "HTTP_X_MOTO_ACCOUNT_ID": "333344445555", "PATH_INFO": f"/{operation}"}
        return b"".join(self._door(said if key else {}, self._start))

    def _start(self, status: str, _headers: Any) -> None:
        self.status = status


def test_moto_is_told_the_account_of_the_key() -> None:
    door = Door()
    assert {door.call(key) for key in ("ASIA1", HERE, "")} == {b"done"}
    assert door.told == [THERE, HERE, None]
    assert door.asked == ["lakeformation:GrantPermissions"] * 2


def test_whom_iam_does_not_let_is_denied() -> None:
    door = Door()
    said = json.loads(door.call("ASIA2"))
    assert (said["__type"], door.status[:3], door.told) == ("AccessDeniedException", "400", [])
    assert said["Message"] == f"User: {READS} is not authorized to perform: lakeformation:GrantPermissions"


def test_what_lake_formation_refuses_is_denied_whatever_iam_says() -> None:
    door = Door("refuses")
    assert json.loads(door.call("ASIA1"))["Message"] == f"GrantPermissions {REGION}"
    assert door.told == []


@pytest.mark.parametrize(
    ("arn", "operation", "refused"),
    [
        (GRANTS, "GrantPermissions", False),
        (READS, "GrantPermissions", True),
        (READS, "CreateDataCellsFilter", True),
        (READS, "ListPermissions", False),
        ("", "GrantPermissions", False),
    ],
)
def test_administrators_grant_and_nobody_else(arn: str, operation: str, *, refused: bool) -> None:
    lakeformation.install()
    lakeformation_backends.clear()
    administrator = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{THERE}:role/grants"}
    lakeformation_backends[THERE][REGION].put_data_lake_settings(THERE, {"DataLakeAdmins": [administrator]})

    assert bool(refusal(Caller(THERE, arn), operation, REGION)) is refused
