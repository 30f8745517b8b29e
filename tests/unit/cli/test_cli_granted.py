"""What of the Glue catalog Lake Formation would let somebody see, make and change, on the local mesh."""

from __future__ import annotations

from typing import Any

import pytest

from cli.local.granted import Granted, granted_to, lacking, visible

WRITER = "arn:aws:iam::111122223333:role/writer"
LAKE = "arn:aws:s3:::lake"
STOPS = {"DatabaseName": "transit", "Name": "stops"}


def entry(resource: dict[str, Any], *permissions: str, to: str = WRITER) -> dict[str, Any]:
    return {"Principal": {"DataLakePrincipalIdentifier": to}, "Resource": resource, "Permissions": list(permissions)}


def held(*entries: dict[str, Any], **settings: list[str]) -> Granted:
    people = {name: [{"DataLakePrincipalIdentifier": arn} for arn in arns] for name, arns in settings.items()}
    return granted_to(WRITER, entries, people)


def made(name: str = "stops", place: str = "s3://lake/tables/stops") -> dict[str, Any]:
    return {"DatabaseName": "transit", "TableInput": {"Name": name, "StorageDescriptor": {"Location": place}}}


CREATES = entry({"Database": {"Name": "transit"}}, "CREATE_TABLE", "DESCRIBE")
THERE = entry({"DataLocation": {"ResourceArn": LAKE}}, "DATA_LOCATION_ACCESS")
ALTERS = entry({"Table": STOPS}, "ALTER", "DESCRIBE")
EVERY_TABLE = entry({"Table": {"DatabaseName": "transit", "TableWildcard": {}}}, "DESCRIBE")
FILTERED = entry({"DataCellsFilter": {"DatabaseName": "transit", "TableName": "stops", "Name": "f"}}, "SELECT")


@pytest.mark.parametrize(
    ("operation", "asked", "entries", "wanted"),
    [
        ("CreateTable", made(), [CREATES, THERE], ""),
        ("CreateTable", made(), [CREATES], "Data Location Access on arn:aws:s3:::lake"),
        ("CreateTable", made(place="s3://lakeside/stops"), [CREATES], ""),  # no place that is registered
        ("CreateTable", made(), [ALTERS, THERE], "Create Table on stops"),
        ("UpdateTable", made(), [ALTERS, THERE], ""),
        ("UpdateTable", made("lines"), [ALTERS, THERE], "Alter on lines"),
        ("UpdateTable", made(), [EVERY_TABLE, THERE], "Alter on stops"),
        ("UpdateTable", made(), [entry({"Table": STOPS}, "ALL"), THERE], ""),
        ("DeleteTable", STOPS, [ALTERS], "Drop on stops"),
        ("GetTable", STOPS, [], "Describe on stops"),
        ("GetTable", STOPS, [CREATES], "Describe on stops"),
        ("GetTable", STOPS, [EVERY_TABLE], ""),
        ("GetTable", STOPS, [FILTERED], ""),
        ("GetTable", STOPS, [entry({"TableWithColumns": {**STOPS, "ColumnNames": ["stop"]}}, "SELECT")], ""),
        ("GetTable", STOPS | {"DatabaseName": "rail"}, [EVERY_TABLE], "Describe on stops"),
        ("GetDatabase", {"Name": "transit"}, [], "Describe on transit"),
        ("GetDatabase", {"Name": "transit"}, [ALTERS], ""),
        ("GetCrawler", {"Name": "transit"}, [], ""),  # none of Lake Formation's
    ],
)
def test_what_is_wanted_of_a_call(
    operation: str, asked: dict[str, Any], entries: list[dict[str, Any]], wanted: str
) -> None:
    said = lacking(operation, asked, held(*entries), [LAKE])
    assert said == (f"Required {wanted}" if wanted else "")


def test_what_others_hold_is_not_ones_own_but_what_everybody_holds() -> None:
    others = entry({"Table": STOPS}, "ALTER", to=WRITER.replace("writer", "writers"))
    assert lacking("UpdateTable", made(), held(others))
    everybody = entry({"Table": STOPS}, "ALL", to="IAM_ALLOWED_PRINCIPALS")
    assert not lacking("UpdateTable", made(), held(everybody))
    organization = entry({"Table": STOPS}, "ALTER", to="arn:aws:organizations::111122223333:organization/o-1")
    assert lacking("UpdateTable", made(), held(organization))
    with_path = entry({"Table": STOPS}, "ALTER", to=WRITER.replace("role/", "role/data/teams/"))
    assert not lacking("UpdateTable", made(), held(with_path))


def test_a_table_that_is_not_there_is_said_not_to_be_to_who_sees_its_database() -> None:
    assert not lacking("GetTable", STOPS, held(CREATES), is_there=False)
    assert lacking("GetTable", STOPS, held(), is_there=False)


@pytest.mark.parametrize("office", ["DataLakeAdmins", "ReadOnlyAdmins"])
def test_administrators_see_all_and_change_nothing_for_that(office: str) -> None:
    administrator = held(**{office: [WRITER]})
    assert not lacking("GetTable", STOPS, administrator)
    assert lacking("UpdateTable", made(), administrator)


def test_a_listing_shows_what_is_seen() -> None:
    listed = [STOPS, STOPS | {"Name": "lines"}]
    assert visible(listed, held(ALTERS)) == [STOPS]
    assert visible(listed, held(EVERY_TABLE)) == listed
    assert visible(listed, held()) == []
