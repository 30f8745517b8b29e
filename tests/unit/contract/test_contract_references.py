"""References between columns, within a contract and across the mesh."""

from __future__ import annotations

import pytest

from datamesh.contract.model import Relationship, TableRef
from datamesh.contract.references import Here, at_property, at_table, resolve

HERE = Here("operations", "flights", "flights")
OWN = TableRef("operations", "flights", "flights")
PLANES = TableRef("fleet", "planes", "planes")


@pytest.mark.parametrize(
    ("reference", "table", "column"),
    [
        ("flights.tailnum", OWN, "tailnum"),
        ("schema/flights/properties/tailnum", OWN, "tailnum"),
        ("/schema/flights/properties/tailnum", OWN, "tailnum"),
        ("gates.odcs.yaml#/schema/gates/properties/id", TableRef("operations", "gates", "gates"), "id"),
        ("./gates.odcs.yaml#schema/gates/properties/id", TableRef("operations", "gates", "gates"), "id"),
        ("../fleet/planes.odcs.yaml#/schema/planes/properties/tailnum", PLANES, "tailnum"),
        ("../../a/b/fleet/planes.yml#/schema/planes/properties/tailnum", PLANES, "tailnum"),
        ("https://example.com/mesh/fleet/planes.odcs.yaml#/schema/planes/properties/tailnum", PLANES, "tailnum"),
    ],
)
def test_a_reference_names_table_and_column(reference: str, table: TableRef, column: str) -> None:
    assert resolve(reference, HERE) == (table, column)


@pytest.mark.parametrize(
    "reference",
    [
        None,
        7,
        "",
        "tailnum",
        "flights.",
        "a.b.c",
        "planes.odcs.yaml",
        "planes.odcs.yaml#planes.tailnum",
        "../planes.odcs.yaml#/schema/planes/properties/tailnum",
        "../fleet/planes.csv#/schema/planes/properties/tailnum",
        "../fleet/planes.odcs.yaml#/schema/planes",
    ],
)
def test_anything_else_names_nothing(reference: object) -> None:
    assert resolve(reference, HERE) is None


def test_a_property_refers_from_itself() -> None:
    raw = {"id": "flown_by", "to": "../fleet/planes.odcs.yaml#/schema/planes/properties/tailnum"}
    assert at_property(raw, "tailnum", HERE) == Relationship(("tailnum",), PLANES, ("tailnum",), "flown_by")


@pytest.mark.parametrize(
    ("to", "written", "severity", "itself"),
    [
        ("gates.code", None, "warning", False),
        ("gates.code", "error", "error", False),
        ("gates.code", "none", None, False),
        ("airports.odcs.yaml#/schema/airports/properties/faa", "error", "error", False),
        ("../fleet/planes.odcs.yaml#/schema/planes/properties/tailnum", None, None, False),
        ("../fleet/planes.odcs.yaml#/schema/planes/properties/tailnum", "error", None, False),
        ("flights.id", "error", "error", True),
    ],
)
def test_references_within_a_domain_are_looked_at(
    to: str, written: str | None, severity: str | None, itself: bool
) -> None:
    custom = [{"property": "datamesh.severity", "value": written}] if written else []
    found = at_property({"to": to, "customProperties": custom}, "x", HERE)

    assert isinstance(found, Relationship)
    assert (found.severity, found.itself) == (severity, itself)


def test_a_composite_key_refers_column_by_column() -> None:
    weather = "../weather/observations.odcs.yaml#/schema/observations/properties/"
    raw = {"from": ["flights.origin", "flights.time_hour"], "to": [f"{weather}origin", f"{weather}time_hour"]}
    found = at_table(raw, HERE)
    assert isinstance(found, Relationship)
    assert (found.columns, found.to_columns) == (("origin", "time_hour"), ("origin", "time_hour"))
    assert found.to == TableRef("weather", "observations", "observations")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ({"from": "flights.a", "to": ["x.b", "x.c"]}, "1 column(s) cannot refer to 2"),
        ({"from": ["flights.a", "flights.b"], "to": ["x.a", "y.b"]}, "one table"),
        ({"from": "gates.a", "to": "x.b"}, "this table"),
        ({"from": "a", "to": "x.b"}, "no reference"),
        ({"from": "flights.a"}, "no reference"),
        ({"from": "flights.a", "to": []}, "no column"),
    ],
)
def test_what_is_wrong_is_said(raw: dict[str, object], problem: str) -> None:
    found = at_table(raw, HERE)
    assert isinstance(found, str)
    assert problem in found
