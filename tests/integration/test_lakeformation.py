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
from datamesh.govern.differences import differences
from datamesh.govern.lakeformation import Applied, apply, differs, existing
from datamesh.govern.projection import OwnRoles, State, wanted

ACCOUNT = "123456789012"
OWN = OwnRoles(
    reader=f"arn:aws:iam::{ACCOUNT}:role/datamesh-dev-fleet-reader",
    writers=(f"arn:aws:iam::{ACCOUNT}:role/apply-contract", f"arn:aws:iam::{ACCOUNT}:role/catalog-product"),
    admin=f"arn:aws:iam::{ACCOUNT}:role/apply-grants",
)
ANALYST = Role("analysts", principals=("role/analyst",))
GUEST = Role("guests", principals=("role/guest",), columns=("tailnum", "seats"))
SOME = Role("small", principals=("role/pilot",), columns=("tailnum", "seats"), rows="seats < 10")
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
            PermissionsWithGrantOption=permissions if "ExcludedColumnNames" not in str(resource) else [],
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


@pytest.mark.parametrize("governed", [True, False])
def test_what_everybody_holds_on_a_governed_database_is_taken_back(watched: Watched, governed: bool) -> None:
    # Given a database as accounts make them: open to whom IAM lets in
    everybody = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    database = {"Database": {"Name": "datamesh_dev_fleet"}}
    every_table = {"Table": {"DatabaseName": "datamesh_dev_fleet", "TableWildcard": {}}}
    for resource in (database, every_table):
        for principal in (everybody, {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/auditor"}):
            watched.client.grant_permissions(Principal=principal, Resource=resource, Permissions=["DESCRIBE", "ALTER"])
    policy = wanted(
        contract(), account=ACCOUNT, database="datamesh_dev_fleet", table="planes_v1", own=OWN, governed=governed
    )
    # When a product of it is granted, then of a governed database nobody else loses anything, and no other is touched
    before = differences(existing(watched.client, policy), policy)
    assert {it.on for it in before if it.principal == "IAM_ALLOWED_PRINCIPALS"} == (
        {"the database", "every table of the database"} if governed else set()
    )
    apply(watched.client, policy)
    left = {"auditor"} if governed else {"auditor", "IAM_ALLOWED_PRINCIPALS"}
    for resource in (database, every_table):
        assert {role for role, *_ in held(watched.client, resource)} == left
    assert not differs(watched.client, policy)


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


def test_who_compares_grants_is_an_administrator_who_reads_only_beside_those_that_are(watched: Watched) -> None:
    # Given an account with a reading administrator of its own
    auditor = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/auditor"}
    settings = watched.client.get_data_lake_settings()["DataLakeSettings"]
    watched.client.put_data_lake_settings(DataLakeSettings={**settings, "ReadOnlyAdmins": [auditor]})
    own = replace(OWN, watchers=(f"arn:aws:iam::{ACCOUNT}:role/check-access",))
    policy = wanted(contract(), account=ACCOUNT, database="datamesh_dev_fleet", table="planes_v1", own=own)
    apply(watched.client, policy)
    after = watched.client.get_data_lake_settings()["DataLakeSettings"]
    assert after["ReadOnlyAdmins"] == [auditor, {"DataLakePrincipalIdentifier": own.watchers[0]}]
    assert after["DataLakeAdmins"] == [{"DataLakePrincipalIdentifier": own.admin}]
    assert not differs(watched.client, policy)


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


def test_settings_that_another_domain_takes_back_are_put_again(watched: Watched) -> None:
    # Given a domain that read the settings before us and writes them after us
    other = {"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/other-admin"}
    before = watched.client.get_data_lake_settings()["DataLakeSettings"]
    waits: list[float] = []

    def overwritten(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 1:
            watched.client.put_data_lake_settings(DataLakeSettings={**before, "DataLakeAdmins": [other]})

    # When a product is granted, then both are administrators in the end
    apply(watched.client, want(), sleep=overwritten)
    after = watched.client.get_data_lake_settings()["DataLakeSettings"]
    assert after["DataLakeAdmins"] == [other, {"DataLakePrincipalIdentifier": OWN.admin}]
    assert len(waits) == 2

    # And where they are always taken back, that is an error worth a retry
    def always(_: float) -> None:
        watched.client.put_data_lake_settings(DataLakeSettings=before)

    always(0)
    with pytest.raises(Transient):
        apply(watched.client, want(), sleep=always)


def test_a_concurrent_writer_is_waited_for_with_jitter(watched: Watched) -> None:
    waits: list[float] = []
    apply(watched.client, want())
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


def filters(client: Any) -> dict[str, tuple[list[str], str]]:
    """Of each filter of the table its columns and expression, by name."""
    listed = client.list_data_cells_filter(Table=TABLE["Table"])["DataCellsFilters"]
    return {each["Name"]: (each["ColumnNames"], each["RowFilter"]["FilterExpression"]) for each in listed}


def filter_grants(client: Any) -> set[tuple[str, str]]:
    """(role, filter) of every grant on a filter of the table."""
    entries = client.list_permissions(Resource=TABLE)["PrincipalResourcePermissions"]
    return {
        (entry["Principal"]["DataLakePrincipalIdentifier"].rpartition("/")[2], cells["Name"])
        for entry in entries
        if (cells := entry["Resource"].get("DataCellsFilter")) and entry["Permissions"] == ["SELECT"]
    }


def by_hand(client: Any, name: str, **given: Any) -> dict[str, Any]:
    """A filter as somebody makes it; gives its place."""
    place = {
        "TableCatalogId": ACCOUNT,
        "DatabaseName": TABLE["Table"]["DatabaseName"],
        "TableName": TABLE["Table"]["Name"],
        "Name": name,
    }
    rows = {"ColumnNames": ["owner"], "RowFilter": {"AllRowsWildcard": {}}}
    client.create_data_cells_filter(TableData={**place, **rows, **given})
    return place


def grant_by_hand(client: Any, place: dict[str, Any], role: str = "stranger") -> None:
    client.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": f"arn:aws:iam::{ACCOUNT}:role/{role}"},
        Resource={"DataCellsFilter": place},
        Permissions=["SELECT"],
    )


def test_a_right_to_some_rows_is_a_filter_on_which_select_is_granted(watched: Watched) -> None:
    policy = want(GUEST, SOME)
    applied = apply(watched.client, policy)
    [(name, shown)] = filters(watched.client).items()
    assert shown == (["seats", "tailnum"], '"seats" < 10')
    assert filter_grants(watched.client) == {("pilot", name)}
    assert applied == Applied(granted=8, revoked=0)
    # And a second time, nothing is left to do
    watched.calls.clear()
    assert apply(watched.client, policy) == Applied(granted=0, revoked=0)
    assert watched.writes() == []


def test_a_filter_goes_with_its_right_and_is_deleted_when_nobody_holds_it(watched: Watched) -> None:
    apply(watched.client, want(ANALYST, SOME))
    watched.calls.clear()
    apply(watched.client, want(ANALYST))
    assert watched.writes() == ["RevokePermissions", "DeleteDataCellsFilter"]
    assert filters(watched.client) == {}
    assert held(watched.client) == OWN_GRANTS | ANALYST_GRANTS


def test_another_condition_is_given_only_when_the_old_one_is_gone(watched: Watched) -> None:
    apply(watched.client, want(SOME))
    watched.calls.clear()
    apply(watched.client, want(replace(SOME, rows="seats < 5")))
    assert watched.writes() == [
        *("RevokePermissions", "DeleteDataCellsFilter", "CreateDataCellsFilter", "GrantPermissions")
    ]
    assert [shown for _, shown in filters(watched.client).values()] == ['"seats" < 5']


@pytest.mark.parametrize(
    "changed",
    [
        {"ColumnNames": ["seats", "tailnum", "owner"]},
        {"RowFilter": {"AllRowsWildcard": {}}},
        {"RowFilter": {"FilterExpression": "seats < 999"}},
        {"ColumnNames": [], "ColumnWildcard": {}},
    ],
)
def test_a_filter_that_was_changed_by_hand_is_put_right_while_nobody_holds_it(
    watched: Watched, changed: dict[str, Any]
) -> None:
    # Given a filter of ours to which somebody gave more
    policy = want(SOME)
    apply(watched.client, policy)
    [data] = watched.client.list_data_cells_filter(Table=TABLE["Table"])["DataCellsFilters"]
    before = filters(watched.client)
    data = {**{key: value for key, value in data.items() if key != "VersionId"}, **changed}
    watched.client.update_data_cells_filter(TableData=data)
    assert differs(watched.client, policy)
    # When the policy is applied
    watched.calls.clear()
    apply(watched.client, policy)
    # Then it is as it was, and was held by nobody while it changed
    assert watched.writes() == ["RevokePermissions", "UpdateDataCellsFilter", "GrantPermissions"]
    assert filters(watched.client) == before
    assert filter_grants(watched.client) == {("pilot", name) for name in before}
    assert not differs(watched.client, policy)


def test_filters_of_others_stay_and_nobody_is_granted_our_table_through_them(watched: Watched) -> None:
    policy = want(SOME)
    apply(watched.client, policy)
    ours = filters(watched.client)
    # Given a filter of somebody's, one that poses as ours, and grants on them
    for name in ("auditors", "datamesh-role-x-000000000000"):
        grant_by_hand(watched.client, by_hand(watched.client, name, RowFilter={"FilterExpression": "TRUE"}))
    assert differs(watched.client, policy)
    apply(watched.client, policy)
    assert filter_grants(watched.client) == {("pilot", name) for name in ours}
    assert filters(watched.client).keys() == {*ours, "auditors"}
    assert not differs(watched.client, policy)


def test_a_grant_on_a_filter_is_found_even_if_a_listing_of_the_table_holds_none(watched: Watched) -> None:
    # Given a service that lists a table's own grants only
    class Terse:
        def __getattr__(self, name: str) -> Any:
            return getattr(watched.client, name)

        def list_permissions(self, **request: Any) -> Any:
            page = watched.client.list_permissions(**request)
            if "Table" in request["Resource"]:
                entries = page["PrincipalResourcePermissions"]
                page["PrincipalResourcePermissions"] = [e for e in entries if "DataCellsFilter" not in e["Resource"]]
            return page

    policy = want(SOME)
    apply(Terse(), policy)
    assert not differs(Terse(), policy)
    apply(Terse(), want())
    assert filter_grants(watched.client) == set()


@pytest.mark.parametrize("call", ["create_data_cells_filter", "update_data_cells_filter"])
def test_a_filter_that_is_not_taken_is_reported_by_its_holders_and_hinders_no_other(
    watched: Watched, call: str
) -> None:
    if call.startswith("update"):
        apply(watched.client, want(SOME))
        [data] = watched.client.list_data_cells_filter(Table=TABLE["Table"])["DataCellsFilters"]
        del data["VersionId"]
        watched.client.update_data_cells_filter(TableData={**data, "ColumnNames": ["owner"]})
    refusing = Refusing(watched.client, call, "InvalidInputException", 99, lambda _: True)
    applied = apply(refusing, want(SOME, GUEST))
    assert applied.refused == (f"arn:aws:iam::{ACCOUNT}:role/pilot",)
    assert held(watched.client) == OWN_GRANTS | GUEST_GRANTS
    assert filter_grants(watched.client) == set()


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as refused:
        call()
    return str(refused.value.response["Error"]["Code"])


def test_filters_are_made_read_changed_and_deleted_as_on_aws(watched: Watched) -> None:
    client = watched.client
    place = by_hand(client, "mine")
    grant_by_hand(client, place)
    read = client.get_data_cells_filter(**place)["DataCellsFilter"]
    assert (read["Name"], read["ColumnNames"], read["RowFilter"]) == ("mine", ["owner"], {"AllRowsWildcard": {}})
    on_filter = client.list_permissions(Resource={"DataCellsFilter": place})["PrincipalResourcePermissions"]
    assert [entry["Resource"] for entry in on_filter] == [{"DataCellsFilter": place}]
    assert code_of(lambda: by_hand(client, "mine")) == "AlreadyExistsException"
    other = {**TABLE["Table"], "Name": "engines_v1"}
    assert client.list_data_cells_filter(Table=other)["DataCellsFilters"] == []
    # When it goes, so do the grants on it
    client.delete_data_cells_filter(**place)
    assert filter_grants(client) == set()
    for call in (client.get_data_cells_filter, client.delete_data_cells_filter):
        assert code_of(lambda call=call: call(**place)) == "EntityNotFoundException"  # type: ignore[misc]
    assert code_of(lambda: grant_by_hand(client, place)) == "EntityNotFoundException"
    data = {**place, "ColumnNames": ["owner"], "RowFilter": {"AllRowsWildcard": {}}}
    assert code_of(lambda: client.update_data_cells_filter(TableData=data)) == "EntityNotFoundException"


@pytest.mark.parametrize(
    "given",
    [
        {"RowFilter": {"FilterExpression": "tags[0] = 'a'"}},
        {"RowFilter": {"FilterExpression": "upper(owner) = 'A'"}},
        {"RowFilter": {"FilterExpression": "owner = '" + "x" * 2_040 + "'"}},
        {"RowFilter": {"FilterExpression": ""}},
        {"RowFilter": {"FilterExpression": "seats = 1", "AllRowsWildcard": {}}},
        {"RowFilter": {}},
        {"ColumnNames": []},
        {"ColumnWildcard": {}},
    ],
)
def test_a_filter_that_breaks_a_rule_of_lake_formation_is_refused(watched: Watched, given: dict[str, Any]) -> None:
    assert code_of(lambda: by_hand(watched.client, "mine", **given)) == "InvalidInputException"


def test_an_expression_of_comparisons_is_taken(watched: Watched) -> None:
    rows = '("seats" IN (1, 2)) AND (("owner" NOT LIKE \'f(x) [1]\') OR ("seats" BETWEEN 1 AND 2))'
    by_hand(watched.client, "mine", RowFilter={"FilterExpression": rows})
    assert filters(watched.client)["mine"] == (["owner"], rows)


def test_limits_of_lake_formation_hold_here(watched: Watched) -> None:
    client = watched.client
    # A principal is granted 100 filters of a table, and another as many
    places = [by_hand(client, f"f{number}") for number in range(101)]
    for place in places[:100]:
        grant_by_hand(client, place)
    assert code_of(lambda: grant_by_hand(client, places[100])) == "ResourceNumberLimitExceededException"
    grant_by_hand(client, places[100], role="another")
    # A right that may be passed on names its columns
    excluding = {"TableWithColumns": {**TABLE["Table"], "ColumnWildcard": {"ExcludedColumnNames": ["owner"]}}}
    give = {
        "Principal": {"DataLakePrincipalIdentifier": OWN.reader},
        "Resource": excluding,
        "Permissions": ["SELECT"],
    }
    client.grant_permissions(**give)
    passed_on = {**give, "PermissionsWithGrantOption": ["SELECT"]}
    assert code_of(lambda: client.grant_permissions(**passed_on)) == "InvalidInputException"
    # A tag has 1,000 values
    client.create_lf_tag(TagKey="team", TagValues=[f"t{number}" for number in range(900)])
    for number in range(2):
        more = {"TagKey": "team", "TagValuesToAdd": [f"n{50 * number + each}" for each in range(50)]}
        client.update_lf_tag(**more)
    over = {"TagKey": "team", "TagValuesToAdd": ["one more"]}
    assert code_of(lambda: client.update_lf_tag(**over)) == "ResourceNumberLimitExceededException"


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
