"""Whatever contracts follow each other, and whatever somebody changes by hand between them, Lake Formation gives each
principal what the policy gives, and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from cli.local import lakeformation as local
from datamesh.contract.masks import Mask
from datamesh.contract.model import Column, ColumnType, Contract, Role, Table, Version
from datamesh.govern.lakeformation import apply, differs
from datamesh.govern.projection import OwnRoles, wanted
from datamesh.govern.rights import rights
from tests.support.governed import Product

ACCOUNT = "123456789012"
PRINCIPALS = ("analyst", "guest", "auditor")
COLUMNS = ("tailnum", "seats", "owner")
OWN = OwnRoles(f"arn:aws:iam::{ACCOUNT}:role/reader")
TABLE = {"DatabaseName": "d", "Name": "planes_v1"}
PLACE = {"TableCatalogId": ACCOUNT, "DatabaseName": "d", "TableName": "planes_v1"}
CONDITIONS = {"seats = '9'": "\"seats\" = '9'", "NOT owner IS NULL": '"owner" IS NOT NULL'}  # and as filters say them
BEYOND = "tailnum = 'N1' AND length(seats) = 1"  # what is no condition: the role gives nothing

# (columns, the condition of the rows in Lake Formation's words or "" for all), as one principal may select them
Shown = set[tuple[frozenset[str], str]]
Step = Contract | Callable[[Any], object]


roles = st.builds(
    lambda principals, columns, rows, masked: Role(
        f"{columns}{rows}{masked}",
        principals=tuple(f"role/{p}" for p in principals),
        columns=columns,
        rows=rows,
        masks=tuple((name, Mask("hash")) for name in masked if columns is None or name in columns),
    ),
    st.lists(st.sampled_from(PRINCIPALS), max_size=2, unique=True),
    st.none() | st.lists(st.sampled_from(COLUMNS), max_size=3, unique=True).map(tuple),
    st.sampled_from(["", *CONDITIONS, *CONDITIONS, BEYOND]),
    st.lists(st.sampled_from(COLUMNS), max_size=1),
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
    st.lists(roles, max_size=5),
    st.sampled_from(["active", "active", "active", "deprecated", "retired"]),
    st.sampled_from(["", "restricted", "public"]),
)


def ours(client: Any) -> list[dict[str, Any]]:
    return list(client.list_data_cells_filter(Table=TABLE)["DataCellsFilters"])


def grant(client: Any, resource: dict[str, Any], principal: str) -> None:
    name = principal if principal.isupper() else f"arn:aws:iam::{ACCOUNT}:role/{principal}"
    client.grant_permissions(Principal={"DataLakePrincipalIdentifier": name}, Resource=resource, Permissions=["SELECT"])


def grant_of_columns(client: Any, principal: str, columns: list[str]) -> None:
    grant(client, {"TableWithColumns": {**TABLE, "ColumnNames": columns}} if columns else {"Table": TABLE}, principal)


def filter_of_theirs(client: Any, principal: str, name: str) -> None:
    if name not in {each["Name"] for each in ours(client)}:
        wide = {"ColumnNames": list(COLUMNS), "RowFilter": {"AllRowsWildcard": {}}}
        client.create_data_cells_filter(TableData={**PLACE, "Name": name, **wide})
    grant(client, {"DataCellsFilter": {**PLACE, "Name": name}}, principal)


def meddle_with_filters(client: Any, principal: str, how: str) -> None:
    """Every filter is granted to one more, opened, or deleted."""
    for each in ours(client):
        place = {**PLACE, "Name": each["Name"]}
        if how == "grant":
            grant(client, {"DataCellsFilter": place}, principal)
        elif how == "open":
            wide = {"ColumnNames": list(COLUMNS), "RowFilter": {"AllRowsWildcard": {}}}
            client.update_data_cells_filter(TableData={**place, **wide})
        else:
            client.delete_data_cells_filter(**place)


def revoke_all(client: Any, principal: str) -> None:
    for entry in client.list_permissions(Resource={"Table": TABLE})["PrincipalResourcePermissions"]:
        if entry["Principal"]["DataLakePrincipalIdentifier"].endswith(principal):
            client.revoke_permissions(
                Principal=entry["Principal"], Resource=entry["Resource"], Permissions=entry["Permissions"]
            )


somebody = st.sampled_from([*PRINCIPALS, "stranger", "IAM_ALLOWED_PRINCIPALS"])
by_hand = st.one_of(
    st.builds(
        lambda who, columns: lambda client: grant_of_columns(client, who, columns),
        somebody,
        st.lists(st.sampled_from(COLUMNS), max_size=2, unique=True),
    ),
    st.builds(
        lambda who, name: lambda client: filter_of_theirs(client, who, name),
        somebody,
        st.sampled_from(["theirs", "datamesh-role-posing"]),
    ),
    st.builds(
        lambda who, how: lambda client: meddle_with_filters(client, who, how),
        somebody,
        st.sampled_from(["grant", "open", "delete"]),
    ),
    st.builds(lambda who: lambda client: revoke_all(client, who), somebody),
)


def by_lake_formation(client: Any) -> dict[str, Shown]:
    """What Lake Formation lets each principal select, by its grants and the filters as they stand."""
    filters = {each["Name"]: each for each in ours(client)}
    found: dict[str, Shown] = {}
    for entry in client.list_permissions(Resource={"Table": TABLE})["PrincipalResourcePermissions"]:
        if "SELECT" in entry["Permissions"]:
            resource = entry["Resource"]
            if cells := resource.get("DataCellsFilter"):
                held = filters[cells["Name"]]
                shown = (frozenset(held["ColumnNames"]), held["RowFilter"]["FilterExpression"])
            else:
                shown = (frozenset(resource["TableWithColumns"].get("ColumnNames", COLUMNS)), "")
            found.setdefault(entry["Principal"]["DataLakePrincipalIdentifier"], set()).add(shown)
    return found


def by_policy(contract: Contract, principal: str) -> Shown:
    """Columns of all rows; or, for each condition, the columns that every right to some rows shows."""
    given = rights([Product(contract, ACCOUNT)], principal).get("fleet.planes")
    if given is None:
        return set()
    if given.plain:
        return {(given.plain, "")}
    some = [right for right in given.each if right.rows in CONDITIONS and right.clear]
    shared = frozenset(name for name in COLUMNS if all(name in right.clear for right in some))
    return {(shared, CONDITIONS[right.rows]) for right in some if shared}


@settings(max_examples=40, deadline=None)
@given(contracts, st.lists(contracts | by_hand, max_size=6))
def test_after_every_step_lake_formation_equals_the_policy(first: Contract, history: list[Step]) -> None:
    local.install()
    in_force = first
    with mock_aws():
        client = boto3.client(
            "lakeformation", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        for step in [first, *history]:
            # When a contract follows another, or somebody changes something by hand
            if isinstance(step, Contract):
                in_force = step
            else:
                step(client)
            want = wanted(in_force, account=ACCOUNT, database="d", table="planes_v1", own=OWN)
            apply(client, want)
            # Then each principal may select just what the policy lets it read, and nothing is left to do
            expected: dict[str, Shown] = {OWN.reader: {(frozenset(COLUMNS), "")}}
            for name in PRINCIPALS:
                principal = f"arn:aws:iam::{ACCOUNT}:role/{name}"
                if shown := by_policy(in_force, principal):
                    expected[principal] = shown
            assert by_lake_formation(client) == expected
            assert not differs(client, want)
