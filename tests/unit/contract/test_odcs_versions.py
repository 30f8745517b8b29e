"""Contracts of ODCS 3.0, 3.1 and 3.2, with fields of their vendors."""

from __future__ import annotations

import pytest

from datamesh.contract.lint import has_errors, lint
from datamesh.contract.parse import parse
from tests.support.contracts import edited

METRIC = "- metric: rowCount\n        mustBeGreaterThan: 0"


def contract(version: str, *edits: tuple[str, str]) -> bytes:
    text = edited("apiVersion: v3.2.0", f"apiVersion: {version}")
    for old, new in edits:
        text = edited(old, new, text=text)
    return text.encode()


@pytest.mark.parametrize("version", ["v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.1.7", "v3.2.0"])
def test_each_version_is_read(version: str) -> None:
    assert lint(contract(version)) == []


V30 = (
    (METRIC, "- rule: rowCount"),
    ("{minimum: 1, maximum: 2}", "{minimum: 1, exclusiveMinimum: false, maximum: 3, exclusiveMaximum: true}"),
    ("team:\n", "team:\n  - {role: lead, dateIn: 2013-01-01}\n"),
    ("domain: transit", "domain: transit\ndescription: {purpose: Where buses stop}"),
)
V31 = (
    (METRIC, "- rule: rowCount\n        mustBeGreaterThan: 0"),
    ("team:\n", "team:\n  name: Transit\n  members:\n"),
    ("- metric: rowCount", "- rule: rowCount\n        metric: rowCount"),
)


@pytest.mark.parametrize("edit", V30)
def test_what_3_0_writes_otherwise(edit: tuple[str, str]) -> None:
    # a rule without a threshold checks nothing, and that is said
    assert {f.rule for f in lint(contract("v3.0.2", edit))} <= {"quality.not-carried-out"}


@pytest.mark.parametrize("edit", V30[:3])
def test_what_3_0_writes_otherwise_is_no_longer_right_in_3_2(edit: tuple[str, str]) -> None:
    assert has_errors(lint(contract("v3.2.0", edit)))


@pytest.mark.parametrize("version", ["v3.1.0", "v3.2.0"])
@pytest.mark.parametrize("edit", V31)
def test_what_came_with_3_1(version: str, edit: tuple[str, str]) -> None:
    assert lint(contract(version, edit)) == []


def test_a_rule_of_3_0_with_two_operators_is_wrong_there_too() -> None:
    both = "- rule: rowCount\n        mustBeGreaterThan: 0\n        mustBe: 3"
    assert [f.rule for f in lint(contract("v3.0.2", (METRIC, both)))] == ["odcs.one-of"]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("status: active", "status: active\nx-vendor: {any: [1, 2]}", "x-vendor"),
        ("- name: line", "- name: line\n        x-lineage: here", "schema[0].properties[1].x-lineage"),
        ("{minimum: 1, ", "{x-step: 1, minimum: 1, ", "schema[0].properties[2].logicalTypeOptions.x-step"),
        ("- role: planner", "- role: planner\n    x-cost: 3", "roles[0].x-cost"),
        ("team:\n", "team:\n  x-size: 3\n  members:\n", "team.x-size"),
        ("context:\n", "context:\n  x-tone: plain\n", "context.x-tone"),
        ("mustBeGreaterThan: 0", "mustBeGreaterThan: 0\n        x-tool: soda", "schema[0].quality[0].x-tool"),
    ],
)
def test_a_vendors_field_is_kept_and_named(old: str, new: str, path: str) -> None:
    # Given a contract with a field that ODCS does not have
    text = edited(old, new).encode()
    # Then there is one warning, and the contract means what it meant without
    findings = lint(text)
    assert [(f.rule, f.path, f.severity) for f in findings] == [("odcs.unknown-field", path, "warning")]
    assert parse(text).tables == parse(edited(old, old)).tables or "x-step" in new


def test_an_unknown_field_hides_no_mistake_beside_it() -> None:
    text = edited("- name: fare", "- name: Fare\n        x-note: dear").encode()
    assert {f.rule for f in lint(text)} == {"odcs.unknown-field", "column.name"}


def test_a_mistake_deep_inside_is_found_where_it_is_and_in_no_time() -> None:
    # Given forty arrays in each other, with a mistake in the innermost and an unknown field beside it
    deep = "logicalType: array, items: {" * 40 + "logicalType: strings, x-note: 1" + "}" * 40
    lines = deep.replace(", items", "\n        items", 1)
    text = edited("logicalType: number\n        physicalType: decimal(8,2)", lines)
    # Then each is said once, at its place
    findings = {f.rule: f for f in lint(text.encode())}
    assert findings["odcs.value"].path == "schema[0].properties[4]" + ".items" * 40 + ".logicalType"
    assert findings["odcs.unknown-field"].path == "schema[0].properties[4]" + ".items" * 40 + ".x-note"
    assert "nested.depth" in findings
