"""The datamesh.* custom properties."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from datamesh.contract.custom import read
from datamesh.contract.vocabulary import (
    PLACES,
    ColumnProperties,
    RoleProperties,
    StatementProperties,
    TableProperties,
    json_schema,
    names,
)

COMMITTED = Path(__file__).parents[3] / "schemas" / "datamesh-properties.v1.schema.json"


def entry(name: str, value: Any) -> dict[str, Any]:
    return {"property": name, "value": value}


def test_the_committed_schema_is_the_vocabulary() -> None:
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == json_schema(), "run `make schemas`"


def test_the_schema_describes_what_is_read() -> None:
    validator = Draft202012Validator(json_schema())
    Draft202012Validator.check_schema(json_schema())
    assert validator.is_valid({"schemaObject": {"datamesh.writeMode": "append"}, "role": {}})
    assert not validator.is_valid({"schemaObject": {"datamesh.writeMode": "upsert"}})
    assert not validator.is_valid({"property": {"datamesh.colour": "red"}})


def test_each_place_has_its_names() -> None:
    assert {place: names(place) for place in PLACES} == {
        "schemaObject": [
            "datamesh.writeMode",
            "datamesh.merge",
            "datamesh.input",
            "datamesh.thresholds",
            "datamesh.severity",
        ],
        "server": ["datamesh.input"],
        "property": ["datamesh.partitionTransform", "datamesh.severity"],
        "relationship": ["datamesh.severity"],
        "role": ["datamesh.principals", "datamesh.columns", "datamesh.masks", "datamesh.rows"],
        "member": ["datamesh.principals"],
        "contract": ["datamesh.autoApproval"],
        "verifiedStatement": ["datamesh.sql"],
    }


def test_others_custom_properties_are_left_alone() -> None:
    model, problems = read(StatementProperties, [entry("vendor.note", 1), entry("datamesh.sql", "SELECT 1"), None])
    assert model.sql == "SELECT 1"
    assert problems == ()


def test_what_is_wrong_is_told_and_the_rest_is_read() -> None:
    custom = [
        entry("datamesh.writeMode", "upsert"),
        entry("datamesh.thresholds", {"maxQuarantinedPercent": 2}),
        entry("datamesh.colour", "red"),
    ]
    model, problems = read(TableProperties, custom)
    assert model.write_mode == "append"
    assert model.thresholds.max_quarantined_percent == 2.0
    assert [(p.index, p.name, p.unknown) for p in problems] == [
        (0, "datamesh.writeMode", False),
        (2, "datamesh.colour", True),
    ]


def test_a_property_that_stands_twice_counts_once() -> None:
    model, problems = read(StatementProperties, [entry("datamesh.sql", "SELECT 1"), entry("datamesh.sql", "SELECT 2")])
    assert model.sql == "SELECT 1"
    assert [p.index for p in problems] == [1]


@pytest.mark.parametrize(
    "principal", ["role/analyst", "role/datamesh-dev-analyst", "arn:aws:iam::123456789012:role/team/reader"]
)
def test_principals(principal: str) -> None:
    assert read(RoleProperties, [entry("datamesh.principals", [principal])])[1] == ()


@pytest.mark.parametrize(
    "principal",
    [
        "analyst",
        "role/",
        "role/a b",
        "role/a/b",
        "user/ann",
        "arn:aws:iam::12:role/x",
        "*",
        "role/x\n",
        "arn:aws:iam::1*",
    ],
)
def test_malformed_principals_are_told_by_what_they_should_be(principal: str) -> None:
    model, problems = read(RoleProperties, [entry("datamesh.principals", [principal])])
    assert model.principals == []
    assert "neither role/<name> nor arn:aws:iam::<account>:role/<name>" in problems[0].message


def test_a_role_without_columns_reads_all_and_an_empty_list_is_a_mistake() -> None:
    assert read(RoleProperties, [])[0].columns is None
    assert read(RoleProperties, [entry("datamesh.columns", [])])[1] != ()


def test_severities_are_those_of_the_place() -> None:
    assert read(ColumnProperties, [entry("datamesh.severity", {"range": "warning"})])[0].severity == {
        "range": "warning"
    }
    assert read(ColumnProperties, [entry("datamesh.severity", {"primaryKey": "warning"})])[1] != ()
    assert read(TableProperties, [entry("datamesh.severity", {"primaryKey": "warning"})])[1] == ()
