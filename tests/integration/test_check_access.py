"""What differs between policy and Lake Formation is found in both directions, told, and mended by the one writer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from datamesh import events, settings
from datamesh.contract.parse import parse
from datamesh.errors import UnknownProduct
from datamesh.publish.ledger import Ledger
from functions.check_access import app
from tests.integration.test_apply_grants import (
    ACCOUNT,
    OWN,
    ROLE,
    TABLE,
    deliver,
    heard,
    held,
    in_force,
)
from tests.support.contracts import STOPS, edited

__all__ = ["heard"]

ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:check_access"
CONTEXT = SimpleNamespace(
    function_name="check_access", memory_limit_in_mb=512, invoked_function_arn=ARN, aws_request_id="check-1"
)
ROWS = "        value: [role/planner]\n      - {property: datamesh.rows, value: \"line = '7'\"}\n"
RULE = f"role:{parse(STOPS.encode()).roles[0].name}"
PLANNER = {("planner", "SELECT"), ("planner", "DESCRIBE")}


@pytest.fixture
def transit(heard: Any) -> Any:
    """A domain with a database of Glue's and one product whose grants stand; gives what is heard from then on."""
    boto3.client("glue").create_database(DatabaseInput={"Name": TABLE["DatabaseName"]})
    in_force(STOPS)
    deliver(events.GrantsDiffer(product="stops"))
    heard()
    return heard


def check(**asked: Any) -> list[dict[str, Any]]:
    answer: dict[str, Any] = app.handler(asked, CONTEXT)  # type: ignore[arg-type]
    return list(answer["drift"])


def told(found: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    return {
        (drift["product"], each["way"], each["principal"].removeprefix(ROLE), each["permission"], each["on"])
        for drift in found
        for each in drift["differences"]
    }


def grant(principal: str, table: str = TABLE["Name"], **more: Any) -> None:
    boto3.client("lakeformation").grant_permissions(
        Principal={"DataLakePrincipalIdentifier": principal},
        Resource={"Table": {**TABLE, "Name": table}},
        Permissions=["SELECT"],
        **more,
    )


def revoke(principal: str) -> None:
    boto3.client("lakeformation").revoke_permissions(
        Principal={"DataLakePrincipalIdentifier": principal}, Resource={"Table": TABLE}, Permissions=["SELECT"]
    )


def filter_by_hand(name: str, table: str, principal: str) -> None:
    client = boto3.client("lakeformation")
    place = {"TableCatalogId": ACCOUNT, "DatabaseName": TABLE["DatabaseName"], "TableName": table, "Name": name}
    client.create_data_cells_filter(TableData={**place, "ColumnNames": ["line"], "RowFilter": {"AllRowsWildcard": {}}})
    client.grant_permissions(
        Principal={"DataLakePrincipalIdentifier": principal},
        Resource={"DataCellsFilter": place},
        Permissions=["SELECT"],
    )


def mended(transit: Any) -> None:
    """What the bus carries to apply_grants, delivered."""
    asked = [events.GrantsDiffer(**data) for kind, data in transit() if kind == "GrantsDiffer"]
    assert deliver(*asked) == {"batchItemFailures": []}


def test_where_nothing_differs_nothing_is_said(transit: Any) -> None:
    assert check() == []
    assert transit() == []


def test_what_is_missing_and_what_is_too_much_is_found_told_and_mended(transit: Any) -> None:
    # Given grants that somebody took away and gave by hand
    revoke(f"{ROLE}planner")
    grant(f"{ROLE}stranger")
    grant("IAM_ALLOWED_PRINCIPALS")
    # When the schedule looks
    found = check()
    # Then both directions are found, and the mesh is told with counts
    assert told(found) == {
        ("stops", "missing", "planner", "SELECT", "all columns"),
        ("stops", "too much", "stranger", "SELECT", "all columns"),
        ("stops", "too much", "IAM_ALLOWED_PRINCIPALS", "SELECT", "all columns"),
    }
    (drift, differ) = transit()
    assert drift == (
        "AccessDriftFound",
        {"product": "stops", "missing": 1, "excess": 2, "gone_tables": [], "mending": True},
    )
    assert differ == ("GrantsDiffer", {"product": "stops", "tables": []})
    # And when apply_grants has heard of it, nothing differs
    deliver(events.GrantsDiffer(product="stops"))
    assert held() == OWN | PLANNER
    assert check() == []


def test_a_domain_that_does_not_mend_only_tells(transit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    grant(f"{ROLE}stranger")
    monkeypatch.setenv("MEND_ACCESS", "false")
    settings.load.cache_clear()
    check()
    [(kind, data)] = transit()
    assert (kind, data["mending"], data["excess"]) == ("AccessDriftFound", False, 1)


def test_a_person_who_plans_changes_nothing_and_tells_nobody(transit: Any) -> None:
    grant(f"{ROLE}stranger")
    assert len(check(mend=False)) == len(check(mend=False)) == 1
    assert transit() == []


def test_a_person_who_repairs_asks_the_one_writer_for_what_they_named(transit: Any) -> None:
    grant(f"{ROLE}stranger")
    check(products=["stops"], mend=True)
    assert transit() == [("GrantsDiffer", {"product": "stops", "tables": []})]


def test_a_filter_of_rows_that_was_deleted_by_hand_is_missing(transit: Any) -> None:
    # Given a role that reads some rows
    client = boto3.client("lakeformation")
    in_force(
        edited("        value: [role/planner]\n", ROWS),
        after=Ledger(boto3.resource("dynamodb").Table("ledger")).product("stops"),
    )
    deliver(events.GrantsDiffer(product="stops"))
    [cells] = client.list_data_cells_filter(Table=TABLE)["DataCellsFilters"]
    assert cells["RowFilter"] == {"FilterExpression": "\"line\" = '7'"}
    assert check(mend=False) == []
    # When somebody deletes its filter
    place = {key: cells[key] for key in ("TableCatalogId", "DatabaseName", "TableName", "Name")}
    client.delete_data_cells_filter(**place)
    [drift] = check(mend=False)
    assert [(each["way"], each["kind"], each["rule"]) for each in drift["differences"]] == [
        ("missing", "filter", RULE),
        ("missing", "grant", RULE),
    ]
    # Then it is made again
    check(mend=True)
    mended(transit)
    assert [each["Name"] for each in client.list_data_cells_filter(Table=TABLE)["DataCellsFilters"]] == [cells["Name"]]
    assert check(mend=False) == []


def test_grants_on_tables_that_are_gone_are_found_and_taken_back(transit: Any) -> None:
    # Given grants on an old major version's table, on one of a product that is gone, and a filter of it
    grant(f"{ROLE}stranger", "stops_v7")
    grant(f"{ROLE}planner", "lines_v2", PermissionsWithGrantOption=["SELECT"])
    filter_by_hand("datamesh-role-planners-000000000000", "lines_v1", f"{ROLE}planner")
    # And some on a table that stands in Glue, on one that is no product's, and in another database
    boto3.client("glue").create_table(DatabaseName=TABLE["DatabaseName"], TableInput={"Name": "own_v1"})
    for name in ("own_v1", "scratch"):
        grant(f"{ROLE}analyst", name)
    elsewhere = {"Table": {"DatabaseName": "other", "Name": "lines_v2"}}
    analyst = {"DataLakePrincipalIdentifier": f"{ROLE}analyst"}
    client = boto3.client("lakeformation")
    client.grant_permissions(Principal=analyst, Resource=elsewhere, Permissions=["SELECT"])
    # When the schedule looks, then the former are found, by the product that they were of
    found = check()
    assert [(drift["product"], drift["gone_tables"]) for drift in found] == [
        ("lines", ("lines_v1", "lines_v2")),
        ("stops", ("stops_v7",)),
    ]
    assert {way for _, way, *_ in told(found)} == {"too much"}
    assert check(products=["lines"], mend=False) == found[:1]
    # And they are taken back, the filter with them, and nothing else
    mended(transit)
    assert check(mend=False) == []
    assert client.list_data_cells_filter()["DataCellsFilters"] == []
    assert held("own_v1") == held("scratch") == {("analyst", "SELECT")}
    assert len(client.list_permissions(Resource=elsewhere)["PrincipalResourcePermissions"]) == 1
    assert held() == OWN | PLANNER


def test_no_grant_on_a_table_that_stands_is_taken_for_one_that_is_gone(transit: Any) -> None:
    # Given an event that names a product's own table, another product's, and one that Glue has
    boto3.client("glue").create_table(DatabaseName=TABLE["DatabaseName"], TableInput={"Name": "stops_v9"})
    for table in ("stops_v9", "lines_v1"):
        grant(f"{ROLE}analyst", table)
    deliver(events.GrantsDiffer(product="stops", tables=["stops_v1", "stops_v9", "lines_v1"]))
    assert held("stops_v9") == held("lines_v1") == {("analyst", "SELECT")}
    assert held() == OWN | PLANNER


def test_a_product_that_nobody_knows_is_an_error_of_the_one_who_asks(transit: Any) -> None:
    with pytest.raises(UnknownProduct, match="no product lanes"):
        check(products=["stops", "lanes"])
