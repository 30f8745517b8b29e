"""What changed between two versions of a contract."""

from __future__ import annotations

import pytest

from datamesh.contract.compatibility import compare, needs_major
from datamesh.contract.model import Version
from datamesh.contract.parse import parse
from tests.support.contracts import STOPS, edited

NEW_COLUMN = "      - name: shelter\n        logicalType: boolean\n"
FARE = "      - name: fare\n"
OPTIONS = "logicalTypeOptions: {minimum: 1, maximum: 2}"
WARN = "\n        customProperties:\n          - {property: datamesh.severity, value: {range: warning}}"


def changes(old: str, new: str) -> list[tuple[str, str, str]]:
    return [(c.kind, c.rule, c.path) for c in compare(parse(STOPS), parse(edited(old, new)))]


def test_nothing_changed() -> None:
    assert compare(parse(STOPS), parse(STOPS)) == ()


@pytest.mark.parametrize(
    ("old", "new", "rule", "path"),
    [
        ("- name: fare", "- name: price", "column.removed", "stops.fare"),
        ("- name: line\n", "- name: route\n", "column.removed", "stops.line"),
        (FARE, NEW_COLUMN.rstrip("\n") + "\n        required: true\n" + FARE, "column.added-required", "stops.shelter"),
        ("logicalType: timestamp", "logicalType: date", "column.type", "stops.opened"),
        ("decimal(8,2)", "decimal(6,2)", "column.type", "stops.fare"),
        ("decimal(8,2)", "decimal(9,3)", "column.type", "stops.fare"),
        ("decimal(8,2)", "double", "column.type", "stops.fare"),
        (FARE, FARE + "        required: true\n", "column.required", "stops.fare"),
        (FARE, FARE + "        unique: true\n", "column.unique", "stops.fare"),
        (OPTIONS, "logicalTypeOptions: {minimum: 2, maximum: 2}", "column.range", "stops.direction"),
        (OPTIONS, "logicalTypeOptions: {minimum: 1, maximum: 1}", "column.range", "stops.direction"),
        (
            OPTIONS,
            "logicalTypeOptions: {minimum: 1, maximum: 2, multipleOf: 1}",
            "column.multipleOf",
            "stops.direction",
        ),
        ("          - {value: B, label: Beach}\n", "", "column.enum", "stops.line"),
        (
            "primaryKeyPosition: 1",
            "primaryKeyPosition: 1\n      - name: no\n        primaryKey: true",
            "primary-key",
            "stops",
        ),
        ("value: overwrite", "value: append", "write-mode", "stops"),
        ("            value: year", "            value: month", "partitions", "stops"),
        ("dataProduct: stops", "dataProduct: halts", "product.renamed", ""),
        ("- name: stops\n", "- name: halts\n", "table.renamed", "halts"),
        ("- name: stops_per_line", "- name: per_line", "measure.removed", "stops.stops_per_line"),
        ("COUNT(*) /", "2 * COUNT(*) /", "measure.changed", "stops.stops_per_line"),
    ],
)
def test_breaking(old: str, new: str, rule: str, path: str) -> None:
    found = changes(old, new)
    assert ("breaking", rule, path) in found
    assert found[0][0] == "breaking", "what breaks is said first"


@pytest.mark.parametrize(
    ("old", "new", "rule", "path"),
    [
        (FARE, NEW_COLUMN + FARE, "column.added", "stops.shelter"),
        ("decimal(8,2)", "decimal(12,2)", "column.widened", "stops.fare"),
        ("        required: true\n        enum", "        enum", "column.required", "stops.line"),
        (OPTIONS, "logicalTypeOptions: {minimum: 0, maximum: 3}", "column.range", "stops.direction"),
        (OPTIONS, "logicalTypeOptions: {minimum: 1}", "column.range", "stops.direction"),
        (OPTIONS, "logicalTypeOptions: {minimum: 2, maximum: 2}" + WARN, "column.range", "stops.direction"),
        (OPTIONS, OPTIONS + WARN, "column.range", "stops.direction"),
        (
            "- {value: B, label: Beach}",
            "- {value: B, label: Beach}\n          - {value: C}",
            "column.enum",
            "stops.line",
        ),
        ("mustBeGreaterThan: 0", "mustBeGreaterThan: 9", "quality", "stops"),
        ("mustBeLessThan: 5", "mustBeLessThan: 6", "quality", "stops.fare"),
        ("[role/planner]", "[role/planner, role/driver]", "roles", ""),
        ("status: active", "status: deprecated", "status", ""),
        ("- name: line", "- name: line\n        transformSourceObjects: [Line]", "input", "stops.line"),
        ("- name: line", "- name: line\n        classification: public", "classification", "stops.line"),
        (
            "- name: stops_per_line",
            "- name: n\n        semanticType: measure\n      - name: stops_per_line",
            "measure.added",
            "stops.n",
        ),
    ],
)
def test_compatible(old: str, new: str, rule: str, path: str) -> None:
    found = changes(old, new)
    assert ("compatible", rule, path) in found
    assert all(kind != "breaking" for kind, _, _ in found)


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("- name: fare", "- name: fare\n        description: In euro.", "stops.fare"),
        ("label: Beach", "label: Strand", "stops.line"),
        ("    physicalType: table", "    physicalType: table\n    businessName: Stops", "stops"),
        ("semanticType: measure", "semanticType: measure\n        description: Mean.", "stops.stops_per_line"),
        ("How many stops are there?", "How many stops do we have?", ""),
    ],
)
def test_documentation(old: str, new: str, path: str) -> None:
    assert changes(old, new) == [("documentation", "text", path)]


def test_a_column_that_kept_its_id_was_renamed() -> None:
    before = edited("- name: fare\n", "- name: fare\n        id: c5\n")
    after = edited("- name: fare\n", "- name: price\n", text=before)
    found = compare(parse(before), parse(after))
    assert ("breaking", "column.renamed", "stops.fare") in [(c.kind, c.rule, c.path) for c in found]


def test_bounds_of_two_kinds_count_as_tighter() -> None:
    before = edited("- name: opened", "- name: opened\n        logicalTypeOptions: {minimum: 2000}")
    after = edited("- name: opened", "- name: opened\n        logicalTypeOptions: {minimum: '1999-01-01'}")
    assert compare(parse(before), parse(after))[0].kind == "breaking"


def test_tables_of_a_contract_of_many_are_matched_by_name() -> None:
    many = "schema:\n- {name: a, properties: [{name: x}]}\n- {name: b}\n"
    fewer = "schema:\n- {name: a, properties: [{name: x}]}\n- {name: c}\n"
    assert [(c.rule, c.path) for c in compare(parse(many), parse(fewer))] == [("table.removed", "b")]


@pytest.mark.parametrize(
    ("old", "new", "edit", "needed"),
    [
        ("1.0.0", "1.1.0", ("- name: fare", "- name: price"), True),
        ("1.0.0", "2.0.0", ("- name: fare", "- name: price"), False),
        ("2.0.0", "1.0.0", ("- name: fare", "- name: price"), True),
        ("1.0.0", "1.1.0", ("label: Beach", "label: Strand"), False),
    ],
)
def test_only_what_breaks_needs_a_new_major(old: str, new: str, edit: tuple[str, str], needed: bool) -> None:
    found = compare(parse(STOPS), parse(edited(*edit)))
    assert needs_major(found, Version(*map(int, old.split("."))), Version(*map(int, new.split(".")))) is needed
