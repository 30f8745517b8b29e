"""Whatever contracts follow each other, Lake Formation gives each principal what the policy gives, and nothing more."""

from __future__ import annotations

from typing import Any

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from cli.local import lakeformation as local
from datamesh.contract.model import Column, ColumnType, Contract, Role, Table, Version
from datamesh.govern.lakeformation import apply, differs
from datamesh.govern.projection import OwnRoles, wanted
from datamesh.govern.rights import rights
from tests.support.governed import Product

ACCOUNT = "123456789012"
PRINCIPALS = ("analyst", "guest", "auditor")
COLUMNS = ("tailnum", "seats", "owner")
OWN = OwnRoles(f"arn:aws:iam::{ACCOUNT}:role/reader")


roles = st.builds(
    lambda principals, columns: Role("r", principals=tuple(f"role/{p}" for p in principals), columns=columns),
    st.lists(st.sampled_from(PRINCIPALS), max_size=2),
    st.none() | st.lists(st.sampled_from(COLUMNS), max_size=3).map(tuple),
)
contracts = st.builds(
    lambda given, status, secret: Contract(
        "1",
        "fleet",
        "planes",
        Version(1),
        status,
        "v3.2.0",
        (Table("planes", tuple(Column(c, ColumnType("string"), classification=secret) for c in COLUMNS)),),
        tuple(given),
    ),
    st.lists(roles, max_size=4),
    st.sampled_from(["active", "active", "active", "deprecated", "retired"]),
    st.sampled_from(["", "restricted", "public"]),
)


def columns_by_lake_formation(client: Any) -> dict[str, set[str]]:
    """Role name to the columns that Lake Formation lets it select."""
    table = {"Table": {"DatabaseName": "d", "Name": "planes_v1"}}
    found: dict[str, set[str]] = {}
    for entry in client.list_permissions(Resource=table)["PrincipalResourcePermissions"]:
        if "SELECT" in entry["Permissions"]:
            names = entry["Resource"]["TableWithColumns"].get("ColumnNames", COLUMNS)
            found.setdefault(entry["Principal"]["DataLakePrincipalIdentifier"], set()).update(names)
    return found


@settings(max_examples=20, deadline=None)
@given(st.lists(contracts, min_size=1, max_size=4))
def test_after_every_contract_lake_formation_equals_the_policy(history: list[Contract]) -> None:
    local.install()
    with mock_aws():
        client = boto3.client(
            "lakeformation", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        for contract in history:
            # When a contract follows another
            want = wanted(contract, account=ACCOUNT, database="d", table="planes_v1", own=OWN)
            apply(client, want)
            # Then each principal may select just what the policy lets it read, and nothing is left to do
            expected = {OWN.reader: set(COLUMNS)}
            for name in PRINCIPALS:
                principal = f"arn:aws:iam::{ACCOUNT}:role/{name}"
                if given := rights([Product(contract, ACCOUNT)], principal):
                    expected[principal] = set(given["fleet.planes"].plain)
            assert columns_by_lake_formation(client) == expected
            assert not differs(client, want)
