"""Lake Formation brought to the policy, over HTTP, against the server that the local mesh runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from cli.local.lakeformation import running
from datamesh.contract.model import Column, ColumnType, Contract, Role, Table, Version
from datamesh.errors import Transient
from datamesh.govern.lakeformation import Applied, apply, differs
from datamesh.govern.projection import OwnRoles, State, wanted

ACCOUNT = "123456789012"
OWN = OwnRoles(
    reader=f"arn:aws:iam::{ACCOUNT}:role/datamesh-dev-fleet-reader",
    writers=(f"arn:aws:iam::{ACCOUNT}:role/apply-contract", f"arn:aws:iam::{ACCOUNT}:role/catalog-product"),
    admin=f"arn:aws:iam::{ACCOUNT}:role/apply-grants",
)
ANALYST = Role("analysts", principals=("role/analyst",))
GUEST = Role("guests", principals=("role/guest",), columns=("tailnum", "seats"))
TABLE = {"Table": {"DatabaseName": "datamesh_dev_fleet", "Name": "planes_v1"}}


def contract(*roles: Role, product: str = "planes") -> Contract:
    columns = (
        Column("tailnum", ColumnType("string")),
        Column("seats", ColumnType("integer")),
        Column("owner", ColumnType("string"), classification="restricted"),
    )
    return Contract("1", "fleet", product, Version(1), "active", "v3.2.0", (Table(product, columns),), roles)


def want(*roles: Role, product: str = "planes") -> State:
    promised = contract(*roles, product=product)
    return wanted(promised, account=ACCOUNT, database="datamesh_dev_fleet", table=f"{product}_v1", own=OWN)


class Watched:
    """Counts the calls that a client makes, and holds every raw answer against AWS's own description of it."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[str] = []
        client.meta.events.register("before-parse.lakeformation", self.check)

    def check(self, operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
        self.calls.append(operation_model.name)
        if response_dict["status_code"] == 200:
            answer = {key: value for key, value in json.loads(response_dict["body"]).items() if value != []}
            report = ParamValidator().validate(answer, operation_model.output_shape)
            assert not report.has_errors(), f"{operation_model.name}: {report.generate_report()}"

    def writes(self) -> list[str]:
        return [name for name in self.calls if not name.startswith(("Get", "List"))]


def client_of(url: str) -> Any:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client("lakeformation", endpoint_url=url, region_name="eu-west-1", config=once, **keys)


@pytest.fixture
def watched() -> Iterator[Watched]:
    with running() as url:
        yield Watched(client_of(url))


def held(client: Any, resource: dict[str, Any] = TABLE) -> set[tuple[str, str, tuple[str, ...] | None]]:
    """(role, permission, columns) as Lake Formation lists them; None is the whole table."""
    found = set()
    for entry in client.list_permissions(Resource=resource)["PrincipalResourcePermissions"]:
        columns = entry["Resource"].get("TableWithColumns", {}).get("ColumnNames")
        role = entry["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2]
        found |= {(role, each, tuple(sorted(columns)) if columns else None) for each in entry["Permissions"]}
    return found


OWN_GRANTS = {
    ("datamesh-dev-fleet-reader", "SELECT", None),
    ("datamesh-dev-fleet-reader", "DESCRIBE", None),
    ("apply-contract", "ALTER", None),
    ("apply-contract", "DESCRIBE", None),
    ("catalog-product", "ALTER", None),
    ("catalog-product", "DESCRIBE", None),
}
ANALYST_GRANTS = {("analyst", "SELECT", None), ("analyst", "DESCRIBE", None)}
GUEST_GRANTS = {("guest", "SELECT", ("seats", "tailnum"))}


def test_after_apply_lake_formation_holds_exactly_what_the_policy_gives(watched: Watched) -> None:
    # Given a contract that gives one role the table and another two of its columns
    policy = want(ANALYST, GUEST)
    assert differs(watched.client, policy)
    # When it is applied
    applied = apply(watched.client, policy)
    # Then just these may read, beside the mesh's own roles
    assert held(watched.client) == OWN_GRANTS | ANALYST_GRANTS | GUEST_GRANTS
    assert applied == Applied(granted=9, revoked=0)
    assert not differs(watched.client, policy)


def test_a_second_apply_writes_nothing(watched: Watched) -> None:
    # Given a policy that stands
    policy = want(ANALYST, GUEST)
    apply(watched.client, policy)
    watched.calls.clear()
    # When it is applied again
    applied = apply(watched.client, policy)
    # Then no call changes anything
    assert applied == Applied(granted=0, revoked=0)
    assert watched.writes() == []


def test_a_role_taken_out_of_the_contract_loses_its_grant_and_others_keep_theirs(watched: Watched) -> None:
    apply(watched.client, want(ANALYST, GUEST))
    watched.calls.clear()
    # When the analysts are taken out
    applied = apply(watched.client, want(GUEST))
    # Then theirs go, in one call, and nobody else's was touched
    assert applied == Applied(granted=0, revoked=2)
    assert held(watched.client) == OWN_GRANTS | GUEST_GRANTS
    assert set(watched.writes()) == {"RevokePermissions"}


def test_a_role_with_fewer_columns_keeps_no_other(watched: Watched) -> None:
    apply(watched.client, want(GUEST))
    apply(watched.client, want(replace(GUEST, columns=("seats",))))
    assert held(watched.client) == OWN_GRANTS | {("guest", "SELECT", ("seats",))}
    # And from all columns to some
    apply(watched.client, want(replace(GUEST, columns=None)))
    apply(watched.client, want(GUEST))
    assert held(watched.client) == OWN_GRANTS | GUEST_GRANTS


def test_a_retired_product_is_read_by_nobody(watched: Watched) -> None:
    apply(watched.client, want(ANALYST, GUEST))
    retired = replace(contract(ANALYST, GUEST), status="retired")
    apply(
        watched.client,
        wanted(retired, account=ACCOUNT, database="datamesh_dev_fleet", table="planes_v1", own=OWN),
    )
    assert held(watched.client) == OWN_GRANTS


@pytest.mark.parametrize(
    ("resource", "permissions"),
    [
        (TABLE, ["ALL"]),
        (TABLE, ["SELECT", "INSERT"]),
        ({"TableWithColumns": {**TABLE["Table"], "ColumnNames": ["owner"]}}, ["SELECT"]),
        ({"TableWithColumns": {**TABLE["Table"], "ColumnWildcard": {"ExcludedColumnNames": ["owner"]}}}, ["SELECT"]),
    ],
)
def test_what_was_granted_by_hand_on_the_table_is_found_and_taken_back(
    watched: Watched, resource: dict[str, Any], permissions: list[str]
) -> None:
    policy = want(ANALYST)
    apply(watched.client, policy)
    for principal in ("IAM_ALLOWED_PRINCIPALS", f"arn:aws:iam::{ACCOUNT}:role/stranger"):
        watched.client.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": principal},
            Resource=resource,
            Permissions=permissions,
            PermissionsWithGrantOption=permissions,
        )
    assert differs(watched.client, policy)
    apply(watched.client, policy)
    assert held(watched.client) == OWN_GRANTS | ANALYST_GRANTS
    assert not differs(watched.client, policy)


def test_a_right_to_pass_a_grant_on_is_taken_back_and_the_grant_stays(watched: Watched) -> None:
    policy = want(ANALYST)
    apply(watched.client, policy)
    watched.client.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/analyst"},
        Resource=TABLE,
        Permissions=["SELECT"],
        PermissionsWithGrantOption=["SELECT"],
    )
    apply(watched.client, policy)
    entries = watched.client.list_permissions(Resource=TABLE)["PrincipalResourcePermissions"]
    assert held(watched.client) == OWN_GRANTS | ANALYST_GRANTS
    assert not any(entry["PermissionsWithGrantOption"] for entry in entries)


def test_other_tables_and_grants_on_the_whole_database_are_not_ours(watched: Watched) -> None:
    # Given another product of the database, and grants that somebody made on all of it
    apply(watched.client, want(GUEST, product="engines"))
    database = {"Database": {"Name": "datamesh_dev_fleet"}}
    every_table = {"Table": {"DatabaseName": "datamesh_dev_fleet", "TableWildcard": {}}}
    for resource in (database, every_table):
        watched.client.grant_permissions(
            Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/auditor"},
            Resource=resource,
            Permissions=["DESCRIBE"],
        )
    # When our product is granted, and its roles are taken away
    apply(watched.client, want(ANALYST))
    apply(watched.client, want())
    # Then the rest stands
    engines = {"Table": {"DatabaseName": "datamesh_dev_fleet", "Name": "engines_v1"}}
    assert held(watched.client, engines) == OWN_GRANTS | GUEST_GRANTS
    assert held(watched.client, database) == {("auditor", "DESCRIBE", None)}


def test_tags_stand_on_database_table_and_columns_and_follow_the_contract(watched: Watched) -> None:
    # Given tags of others on the same table, and a contract that was applied
    watched.client.create_lf_tag(TagKey="team", TagValues=["blue"])
    watched.client.add_lf_tags_to_resource(Resource=TABLE, LFTags=[{"TagKey": "team", "TagValues": ["blue"]}])
    apply(watched.client, want())
    # When the table's classification changes and the column loses its own
    plain = contract()
    columns = tuple(replace(column, classification="") for column in plain.table.columns)
    public = replace(plain, classification="Public", tables=(replace(plain.table, columns=columns),))
    policy = wanted(public, account=ACCOUNT, database="datamesh_dev_fleet", table="planes_v1", own=OWN)
    assert tags(watched.client)["owner"] == {"classification": "restricted"}
    apply(watched.client, policy)
    # Then the tags say so, and those of others are still there
    assert tags(watched.client) == {
        "database": {"domain": "fleet"},
        "table": {"classification": "public", "team": "blue"},
    }
    ontology = {tag["TagKey"]: set(tag["TagValues"]) for tag in watched.client.list_lf_tags()["LFTags"]}
    assert ontology == {"domain": {"fleet"}, "classification": {"internal", "restricted", "public"}, "team": {"blue"}}


def tags(client: Any) -> dict[str, dict[str, str]]:
    columns = {"TableWithColumns": {**TABLE["Table"], "ColumnNames": ["tailnum", "seats", "owner"]}}
    database = client.get_resource_lf_tags(Resource={"Database": {"Name": "datamesh_dev_fleet"}})
    found = {
        "database": database.get("LFTagOnDatabase", []),
        "table": client.get_resource_lf_tags(Resource=TABLE).get("LFTagsOnTable", []),
    }
    for each in client.get_resource_lf_tags(Resource=columns).get("LFTagsOnColumns", []):
        found[each["Name"]] = each["LFTags"]
    return {place: {tag["TagKey"]: tag["TagValues"][0] for tag in of_place} for place, of_place in found.items()}


def test_settings_of_the_account_are_merged_never_replaced(watched: Watched) -> None:
    # Given an account with an administrator and settings of its own
    settings = watched.client.get_data_lake_settings()["DataLakeSettings"]
    settings["DataLakeAdmins"] = [{"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/lake-admin"}]
    settings["CreateTableDefaultPermissions"] = []
    settings["Parameters"] = {"CROSS_ACCOUNT_VERSION": "4"}
    watched.client.put_data_lake_settings(DataLakeSettings=settings)
    # When a product is granted
    apply(watched.client, want(ANALYST))
    # Then one administrator came to it and nothing else changed
    after = watched.client.get_data_lake_settings()["DataLakeSettings"]
    assert after == {
        **settings,
        "DataLakeAdmins": [*settings["DataLakeAdmins"], {"DataLakePrincipalIdentifier": OWN.admin}],
    }


class Refusing:
    """A client whose named call fails `times` times (with `code`) for requests that `when` picks, then works."""

    def __init__(self, client: Any, call: str, code: str, times: int, when: Callable[[Any], bool]) -> None:
        self._client, self._call, self._code, self._left, self._when = client, call, code, times, when

    def __getattr__(self, name: str) -> Any:
        return self._refused if name == self._call else getattr(self._client, name)

    def _refused(self, **request: Any) -> Any:
        if self._left and self._when(request):
            self._left -= 1
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, self._call)
        return getattr(self._client, self._call)(**request)


def test_a_concurrent_writer_is_waited_for_with_jitter(watched: Watched) -> None:
    waits: list[float] = []
    busy = Refusing(watched.client, "grant_permissions", "ConcurrentModificationException", 3, lambda _: True)
    apply(busy, want(ANALYST), sleep=waits.append)
    assert len(waits) == 3
    assert held(watched.client) == OWN_GRANTS | ANALYST_GRANTS


def test_lake_formation_that_stays_busy_is_an_error_worth_a_retry(watched: Watched) -> None:
    busy = Refusing(watched.client, "create_lf_tag", "ConcurrentModificationException", 99, lambda _: True)
    with pytest.raises(Transient):
        apply(busy, want(ANALYST), sleep=lambda _: None)


def test_a_principal_that_is_nobody_is_reported_and_hinders_no_other(watched: Watched) -> None:
    def of_analyst(request: Any) -> bool:
        return bool(request["Principal"]["DataLakePrincipalIdentifier"].endswith("/analyst"))

    refusing = Refusing(watched.client, "grant_permissions", "InvalidInputException", 99, of_analyst)
    applied = apply(refusing, want(ANALYST, GUEST))
    assert applied.refused == (f"arn:aws:iam::{ACCOUNT}:role/analyst",)
    assert held(watched.client) == OWN_GRANTS | GUEST_GRANTS


def test_a_tag_that_the_ontology_lacks_is_refused_as_on_aws(watched: Watched) -> None:
    watched.client.create_lf_tag(TagKey="domain", TagValues=["fleet"])
    answer = watched.client.add_lf_tags_to_resource(
        Resource=TABLE, LFTags=[{"TagKey": "domain", "TagValues": ["weather"]}]
    )
    assert [failure["Error"]["ErrorCode"] for failure in answer["Failures"]] == ["EntityNotFoundException"]
    assert watched.client.get_resource_lf_tags(Resource=TABLE).get("LFTagsOnTable", []) == []


def test_the_local_mesh_runs_it_as_a_process_of_its_own_in_its_own_account() -> None:
    command = [sys.executable, "-m", "cli.local.lakeformation", "--port", "0", "--account", "000000000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        client = client_of(process.stdout.readline().strip())
        client.create_lf_tag(TagKey="domain", TagValues=["fleet"])
        [tag] = client.list_lf_tags()["LFTags"]
        process.terminate()
    assert tag == {"CatalogId": "000000000000", "TagKey": "domain", "TagValues": ["fleet"]}
    assert process.returncode == 0
