"""Every lint rule, broken once: its id, its line, its severity."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from datamesh.contract.lint import has_errors, lint
from tests.support.contracts import STOPS, edited

DOCS = Path(__file__).parents[3] / "docs" / "contract.md"


@dataclass(frozen=True)
class Broken:
    """The contract with `old` written as `new` breaks `rule` on the line of `at` (of `new`, when left out).

    That is the first `at` from the edit on or, unless `after`, the last one before it.
    """

    rule: str
    old: str
    new: str
    at: str = ""
    severity: str = "error"
    after: bool = True

    @property
    def text(self) -> str:
        return edited(self.old, self.new)

    @property
    def line(self) -> int:
        wanted, edit = self.at or self.new, STOPS.index(self.old)
        found = self.text.find(wanted, edit)
        return self.text[: found if self.after else self.text.rindex(wanted, 0, edit)].count("\n") + 1


CUSTOM = "\n        customProperties:\n          - "
DIRECTION = "logicalTypeOptions: {minimum: 1, maximum: 2}"
ROWS = "- metric: rowCount\n        mustBeGreaterThan: 0"
MODE = "        value: overwrite\n"
MERGE = MODE.replace("overwrite", "merge")


def merging(value: str) -> str:
    return f"{MERGE}      - property: datamesh.merge\n        value: {value}\n"


def from_mode_to(end: str) -> str:
    """The text of the contract from its write mode to `end`."""
    start = STOPS.index(MODE)
    return STOPS[start : STOPS.index(end, start) + len(end)]


OWNER = "    customProperties:\n      - property: datamesh.principals\n        value: [role/dispatcher]\n"
ROLES = STOPS[STOPS.index("  - role: planner") :]


def reading(number: int, column: str, rows: str) -> str:
    """A role of the planner's that shows one column of some rows."""
    own = {"principals": "[role/planner]", "columns": f"[{column}]", "rows": rows}
    custom = "".join(f"      - {{property: datamesh.{name}, value: {value}}}\n" for name, value in own.items())
    return f"  - role: r{number}\n    access: read\n    customProperties:\n{custom}"


PARTITION = "        customProperties:\n          - property: datamesh.partitionTransform\n            value: year\n"

FARE = "logicalType: number\n        physicalType: decimal(8,2)"


def nested(rule: str, *lines: str, at: str, severity: str = "error") -> Broken:
    """The column `fare` made a nested one by `lines`."""
    return Broken(rule, FARE, "\n        ".join(lines), at=at, severity=severity)


DEEP = "logicalType: array, items: {" * 9 + "logicalType: string" + "}" * 9
BROKEN = [
    # The text
    Broken("yaml", "schema:\n", "schema: [\n", at="- name: stops"),
    Broken("yaml.duplicate-key", "status: active\n", "status: active\nid: again\n", at="id: again"),
    # The standard
    Broken("odcs.required", "id: transit-stops\n", "", at="apiVersion", after=False),
    Broken("odcs.unknown-field", "status: active", "status: active\ncolour: red", at="colour", severity="warning"),
    Broken("odcs.type", "version: 1.0.0", "version: 1.0"),
    Broken("odcs.value", "kind: DataContract", "kind: Contract"),
    Broken("odcs.form", "- name: line", "- name: line\n        id: a b", at="id: a b"),
    Broken("odcs.one-of", ROWS, "- metric: rowCount"),
    Broken("odcs.one-of", ROWS, ROWS + "\n        mustBe: 3"),
    Broken(
        "odcs.not-allowed",
        "- name: line",
        "- name: line\n        relationships: [{from: stops.line, to: stops.stop_id}]",
        at="relationships: [{from",
    ),
    Broken("odcs.invalid", DIRECTION, "enum: []"),
    Broken("odcs.form", "apiVersion: v3.2.0", "apiVersion: v4.0.0"),
    Broken("odcs.version", "apiVersion: v3.2.0", "apiVersion: v2.2.2"),
    # The contract as a whole
    Broken("version", "version: 1.0.0", "version: first"),
    Broken("status", "status: active", "status: lively", severity="warning"),
    Broken("domain.missing", "domain: transit\n", "", at="apiVersion", after=False),
    Broken("domain.name", "domain: transit", "domain: Public Transit"),
    Broken("domain.name", "domain: transit", "domain: " + "t" * 21),
    Broken("domain.name", "domain: transit", "domain: public_transit"),
    Broken("domain.reserved", "domain: transit", "domain: platform"),
    Broken("domain.reserved", "domain: transit", "domain: table"),
    Broken("dataProduct.missing", "dataProduct: stops\nschema:\n", "schema: []\nold:\n", at="apiVersion", after=False),
    Broken("dataProduct.name", "dataProduct: stops", "dataProduct: bus-stops"),
    Broken("dataProduct.reserved", "dataProduct: stops", "dataProduct: contracts"),
    Broken("dataProduct.reserved", "dataProduct: stops", "dataProduct: stops_v2"),
    Broken("dataProduct.file", "dataProduct: stops", "dataProduct: halts"),
    Broken("schema.one-object", "context:\n", "  - name: more\ncontext:\n", at="schema:", after=False),
    Broken("schema.name", "- name: stops\n", "- name: halts\n"),
    Broken("schema.no-columns", "    properties:\n", "    tags: []\nold:\n", at="- name: stops", after=False),
    # Columns
    Broken("column.name", "- name: fare", "- name: Fare in EUR"),
    Broken("column.reserved", "- name: fare", "- name: order"),
    Broken("column.reserved", "- name: fare", "- name: date", severity="warning"),
    Broken("column.duplicate", "- name: fare", "- name: line", at="- name: line\n        logicalType: number"),
    Broken(
        "column.unpublished-type",
        "logicalType: number\n        physicalType: decimal(8,2)",
        "logicalType: vector\n        logicalTypeOptions: {dimensions: 3}",
        at="logicalType: vector",
    ),
    Broken("column.no-type", "- name: fare\n        logicalType: number", "- name: fare", severity="warning"),
    Broken("column.decimal", "physicalType: decimal(8,2)", "physicalType: decimal"),
    Broken("column.decimal", "physicalType: decimal(8,2)", "physicalType: decimal(40,2)"),
    Broken("column.physical-type", "physicalType: decimal(8,2)", "physicalType: varchar(9)", severity="warning"),
    Broken(
        "primary-key.missing", "primaryKey: true", "unique: true", at="- name: stops", severity="warning", after=False
    ),
    Broken(
        "primary-key.required",
        "required: true\n        primaryKey: true",
        "required: false\n        primaryKey: true",
        at="primaryKey: true",
        severity="warning",
    ),
    Broken(
        "primary-key.number",
        "physicalType: decimal(8,2)",
        "required: true\n        primaryKey: true",
        at="primaryKey: true\n        quality",
        severity="warning",
    ),
    Broken(
        "primary-key.measure",
        "semanticType: measure",
        "semanticType: measure\n        primaryKey: true",
        at="primaryKey: true",
    ),
    Broken("primary-key.position", "primaryKey: true\n", "unique: true\n", at="primaryKeyPosition", severity="warning"),
    Broken(
        "primary-key.position",
        "- name: line\n",
        "- name: line\n        primaryKey: true\n        primaryKeyPosition: 1\n",
        at="primaryKeyPosition: 1",
        after=False,
    ),
    Broken(
        "partition.position", "partitioned: true\n", "unique: true\n", at="partitionKeyPosition", severity="warning"
    ),
    Broken(
        "partition.unused", "partitioned: true\n", "unique: true\n", at="- property: datamesh.part", severity="warning"
    ),
    Broken("partition.transform", "logicalType: timestamp", "logicalType: string", at="- property: datamesh.part"),
    Broken("partition.transform", "value: year", "value: bucket[16]", at="- property: datamesh.part", after=False),
    Broken("partition.transform", "value: year", "value: truncate[4]", at="- property: datamesh.part", after=False),
    Broken("datamesh.value", "value: year", "value: truncate[0]", at="- property: datamesh.part", after=False),
    Broken(
        "partition.transform",
        "physicalType: decimal(8,2)",
        "physicalType: double\n        partitioned: true",
        at="partitioned: true\n        quality",
    ),
    Broken("partition.fine", PARTITION, "", at="partitioned", severity="warning", after=False),
    Broken(
        "measure.expression",
        "        transformLogic: COUNT(*) / COUNT(DISTINCT line)\n",
        "",
        at="- name: stops_per",
        after=False,
    ),
    Broken("not-carried-out", "- name: line", "- name: line\n        transformLogic: UPPER(line)", "t", "warning"),
    Broken("not-carried-out", "- name: line", "- name: line\n        physicalName: line_no", "physicalN", "warning"),
    Broken("encrypted-name.column", "- name: line", "- name: line\n        encryptedName: l", "encrypted"),
    Broken(
        "not-carried-out",
        "- name: line",
        "- name: line\n        transformSourceObjects: [a, b]",
        "transformS",
        "warning",
    ),
    Broken(
        "not-carried-out",
        "- name: line",
        "- name: line\n        logicalTypeOptions: {format: password}",
        "logicalTypeO",
        "warning",
    ),
    Broken(
        "not-carried-out",
        "logicalType: timestamp",
        "logicalType: timestamp\n        logicalTypeOptions: {defaultTimezone: Europe/Berlin}",
        at="logicalTypeO",
        severity="warning",
    ),
    # What is inside objects, arrays and maps
    nested("nested.shape", "logicalType: object", at="logicalType: object"),
    nested("nested.shape", "logicalType: array", at="logicalType: array"),
    nested("nested.depth", "logicalType: array", f"items: {{{DEEP}}}", at="items:"),
    nested(
        "nested.key",
        "logicalType: array",
        "unique: true",
        "items: {logicalType: string}",
        at="unique: true",
    ),
    nested("nested.key", "logicalType: array", "items: {logicalType: string, unique: true}", at="items:"),
    nested(
        "nested.map-key",
        "logicalType: map",
        "map:",
        "  key: {logicalType: array, items: {logicalType: string}}",
        "  value: {logicalType: string}",
        at="key: {",
    ),
    nested(
        "options.required",
        "logicalType: object",
        "logicalTypeOptions: {required: [b]}",
        "properties: [{name: a, logicalType: string}]",
        at="logicalTypeO",
    ),
    nested("column.name", "logicalType: object", "properties: [{name: aB, logicalType: string}]", at="properties: ["),
    nested(
        "column.reserved", "logicalType: object", "properties: [{name: order, logicalType: string}]", at="properties: ["
    ),
    nested(
        "column.duplicate",
        "logicalType: object",
        "properties:",
        "  - {name: a, logicalType: string, transformSourceObjects: [Id]}",
        "  - {name: b, logicalType: string, transformSourceObjects: [ID]}",
        at="- {name: b",
    ),
    nested("column.unpublished-type", "logicalType: array", "items: {logicalType: vector}", at="items:"),
    nested(
        "options.range",
        "logicalType: array",
        "logicalTypeOptions: {minItems: 3, maxItems: 2}",
        "items: {logicalType: string}",
        at="logicalTypeO",
    ),
    nested("enum.type", "logicalType: array", "items: {logicalType: integer, enum: [{value: a}]}", at="items:"),
    nested(
        "not-carried-out",
        "logicalType: array",
        "items: {logicalType: string, quality: [{metric: nullValues, mustBe: 0}]}",
        at="items:",
        severity="warning",
    ),
    # Options and enumerations
    Broken(
        "options.timezone",
        "logicalType: timestamp",
        "logicalType: timestamp\n        logicalTypeOptions: {timezone: true, defaultTimezone: Berlin}",
        at="logicalTypeO",
    ),
    Broken(
        "options.format",
        "logicalType: timestamp",
        "logicalType: timestamp\n        logicalTypeOptions: {format: 'YYYY-MM-dd'}",
        at="logicalTypeO",
    ),
    Broken(
        "options.format",
        "logicalType: timestamp",
        "logicalType: timestamp\n        logicalTypeOptions: {format: 'HH:mm'}",
        at="logicalTypeO",
    ),
    Broken("options.format", DIRECTION, "logicalTypeOptions: {format: u128}"),
    Broken(
        "options.bound", "- name: opened", "- name: opened\n        logicalTypeOptions: {minimum: soon}", "logicalTypeO"
    ),
    Broken("options.range", DIRECTION, "logicalTypeOptions: {minimum: 3, maximum: 2}"),
    Broken(
        "options.range",
        "- name: line",
        "- name: line\n        logicalTypeOptions: {minLength: 3, maxLength: 2}",
        "logicalTypeO",
    ),
    Broken(
        "options.pattern", "- name: line", "- name: line\n        logicalTypeOptions: {pattern: '['}", "logicalTypeO"
    ),
    Broken(
        "options.pattern",
        "- name: line",
        "- name: line\n        logicalTypeOptions: {pattern: '(?=A)'}",
        "logicalTypeO",
    ),
    Broken(
        "severity.unused",
        DIRECTION,
        DIRECTION + CUSTOM + "{property: datamesh.severity, value: {pattern: warning}}",
        at="- {property: datamesh.sev",
        severity="warning",
    ),
    Broken("enum.type", "- {value: B, label: Beach}", "- {value: 2, label: Beach}"),
    Broken("enum.type", DIRECTION, "enum: [{value: 9223372036854775808}]"),
    Broken(
        "enum.type", "physicalType: decimal(8,2)", "physicalType: decimal(8,2)\n        enum: [{value: 1.005}]", "enum"
    ),
    Broken("enum.type", "partitioned: true", "partitioned: true\n        enum: [{value: 2013-02-30}]", "enum"),
    Broken("enum.duplicate", "- {value: B, label: Beach}", "- {value: A, label: Beach}"),
    # Relationships
    Broken("relationship.form", "- from: [stops.line, stops.direction]", "- from: [stops.line]"),
    Broken("relationship.column", "- from: [stops.line, stops.direction]", "- from: [stops.line, stops.way]"),
    Broken(
        "relationship.column",
        "- name: line",
        "- name: line\n        relationships: [{to: lines.line}]",
        at="relationships: [{to",
    ),
    Broken(
        "relationship.column",
        "- name: line",
        "- name: line\n        relationships: [{to: stops.code}]",
        at="relationships: [{to",
    ),
    Broken(
        "relationship.not-checked",
        "- name: line",
        "- name: line\n        relationships:\n          - to: ../rail/lines.odcs.yaml#/schema/lines/properties/line\n"
        "            customProperties: [{property: datamesh.severity, value: error}]",
        at="- to: ../rail",
        severity="warning",
    ),
    # Roles and verified statements
    Broken("role.duplicate", "roles:\n", "roles:\n  - role: planner\n", at="- role: planner"),
    Broken("role.access", "access: read", "access: write"),
    Broken(
        "role.principals", "value: [role/planner]", "value: []", at="- role: planner", severity="warning", after=False
    ),
    Broken("team.date", "team:\n", "team:\n  - {username: bo, dateOut: soon}\n", at="- {username: bo"),
    Broken("team.owners", OWNER, "", at="team:", severity="warning", after=False),
    Broken(
        "team.owner", "team:\n", "team:\n  - {username: bo, role: owner}\n", at="- {username: bo", severity="warning"
    ),
    Broken(
        "approval.columns",
        "roles:\n",
        "customProperties:\n"
        "  - property: datamesh.autoApproval\n"
        "    value: [{principals: [role/planner], columns: [colour], days: 30}]\n"
        "roles:\n",
        at="customProperties:",
    ),
    Broken(
        "role.columns",
        "        value: [role/planner]\n",
        "        value: [role/planner]\n      - {property: datamesh.columns, value: [colour]}\n",
        at="- role: planner",
        after=False,
    ),
    *(
        Broken(
            "role.masks",
            "        value: [role/planner]\n",
            f"        value: [role/planner]\n      - {{property: datamesh.masks, value: [{masks}]}}\n{more}",
            at="- role: planner",
            after=False,
        )
        for masks, more in (
            ("{column: colour, mask: hash}", ""),
            ("{column: line, mask: bucket, width: 2}", ""),
            ("{column: line, mask: hash}, {column: line, mask: null}", ""),
            ("{column: line, mask: hash}", "      - {property: datamesh.columns, value: [name]}\n"),
        )
    ),
    Broken(
        "role.rows",
        "        value: [role/planner]\n",
        "        value: [role/planner]\n      - {property: datamesh.rows, value: colour = 'red'}\n",
        at="- role: planner",
        after=False,
    ),
    # Lake Formation
    *(
        Broken(
            "role.filter",
            "        value: [role/planner]\n",
            f"        value: [role/planner]\n      - {{property: datamesh.rows, value: {rows}}}\n",
            at="- role: planner",
            severity="warning",
            after=False,
        )
        for rows in (
            "\"opened >= DATE '2024-01-01'\"",
            "\"line LIKE '\\\\%'\"",
            f'"{" OR ".join(["fare=1"] * 150)}"',
        )
    ),
    Broken(
        "role.filters",
        ROLES,
        "".join(reading(number, "line", f"line = '{number}'") for number in range(101)),
        at="roles:\n",
        severity="warning",
        after=False,
    ),
    Broken(
        "role.apart",
        ROLES,
        reading(1, "line", "fare > 1") + reading(2, "fare", "fare < 1"),
        at="roles:\n",
        severity="warning",
        after=False,
    ),
    Broken("tag.value", "logicalType: timestamp", "logicalType: timestamp\n        classification: 'a;b'", "classi"),
    Broken("tag.value", "logicalType: timestamp", "logicalType: timestamp\n        tags: ['tier:a#b']", "tags: ['tier"),
    Broken("tag.value", "dataProduct: stops", f"dataProduct: stops\ntags: ['personal:{'y' * 257}']", "tags"),
    Broken(
        "verified.sql",
        "- property: datamesh.sql\n          value: SELECT COUNT(*) FROM transit.stops",
        "- {property: vendor.note, value: later}",
        at="- question",
        severity="warning",
        after=False,
    ),
    Broken(
        "sla.retention",
        "dataProduct: stops",
        "dataProduct: stops\nslaProperties:\n  - {property: retention, value: forever}",
        at="- {property: retention",
        severity="warning",
    ),
    Broken(
        "sla.retention",
        "dataProduct: stops",
        "dataProduct: stops\nslaProperties:\n  - {property: quarantineRetention, value: 0, unit: d}",
        at="- {property: quarantineRetention",
        severity="warning",
    ),
    # Quality
    Broken("quality.not-carried-out", ROWS, "- {type: custom, engine: soda, implementation: x}", severity="warning"),
    Broken("quality.not-carried-out", ROWS, "- {metric: nullValues, mustBe: 0}", severity="warning"),
    Broken("quality.not-carried-out", ROWS, "- {metric: duplicateValues, mustBe: 0}", severity="warning"),
    Broken("quality.threshold", ROWS, "- {type: sql, query: SELECT count(*) FROM stops, mustBe: none}"),
    Broken("quality.sql", ROWS, "- {type: sql, query: SELECT count(colour) FROM stops, mustBe: 0}"),
    Broken("quality.severity", "severity: warning", "severity: info", severity="warning"),
    Broken("quality.unit", "unit: percent", "unit: pages", severity="warning"),
    Broken("quality.unit", ROWS, "- {metric: rowCount, mustBe: 1, unit: percent}", severity="warning"),
    Broken("quality.schedule", "unit: percent", "schedule: 0 6 * * *", severity="warning"),
    Broken("quality.threshold", "mustBeLessThan: 5", "mustBe: none"),
    Broken("quality.threshold", "mustBeLessThan: 5", "mustBeBetween: [3, 1]"),
    Broken(
        "quality.arguments",
        "mustBeLessThan: 5",
        "mustBeLessThan: 5\n            arguments: {pattern: '('}",
        "arguments",
    ),
    Broken(
        "quality.arguments", "mustBeLessThan: 5", "mustBeLessThan: 5\n            arguments: {validValues: [a]}", "arg"
    ),
    Broken(
        "quality.arguments", "mustBeLessThan: 5", "mustBeLessThan: 5\n            arguments: {validValues: 3}", "arg"
    ),
    Broken("quality.arguments", ROWS, "- {metric: duplicateValues, mustBe: 0, arguments: {properties: [colour]}}"),
    # Write modes
    Broken(
        "merge.no-key",
        from_mode_to("primaryKeyPosition: 1\n"),
        from_mode_to("required: true\n").replace(MODE, merging("{order: opened}")),
        at="- property: datamesh.writeMode",
        after=False,
    ),
    Broken("merge.no-order", MODE, MERGE, at="- property: datamesh.writeMode", severity="warning", after=False),
    Broken(
        "merge.unused",
        MODE,
        MODE + "      - {property: datamesh.merge, value: {order: opened}}\n",
        at="- {property: datamesh.merge",
        severity="warning",
    ),
    *(
        Broken("merge.order", MODE, merging(f"{{order: {column}}}"), at="- property: datamesh.merge")
        for column in ("seen", "stop_id")
    ),
    *(
        Broken("merge.delete", MODE, merging(f"{{order: opened, delete: {mark}}}"), at="- property: datamesh.merge")
        for mark in (
            "{column: op, values: [D]}",
            "{column: stop_id, values: [D]}",
            "{column: direction, values: [D]}",
            "{column: line, values: [D]}",
        )
    ),
    Broken(
        "overwrite-partitions.no-partition",
        from_mode_to("partitionKeyPosition: 1\n" + PARTITION),
        from_mode_to("logicalType: timestamp\n").replace("overwrite", "overwritePartitions"),
        at="- property: datamesh.writeMode",
        after=False,
    ),
    # The vocabulary
    Broken("datamesh.unknown", "- property: datamesh.writeMode", "- property: datamesh.writemode"),
    Broken("datamesh.unknown", "- property: datamesh.partitionTransform", "- property: datamesh.writeMode"),
    Broken(
        "datamesh.unknown", "status: active", "customProperties: [{property: datamesh.sql, value: x}]", severity="error"
    ),
    Broken("datamesh.value", "value: overwrite", "value: upsert", at="- property: datamesh.writeMode", after=False),
    Broken(
        "datamesh.value", "value: [role/planner]", "value: [planner]", at="- property: datamesh.principals", after=False
    ),
]


def test_the_contract_is_right_before_it_is_broken() -> None:
    assert lint(STOPS.encode(), file="transit/stops.odcs.yaml") == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.rule)
def test_each_rule_finds_what_breaks_it(broken: Broken) -> None:
    # Given a contract with one mistake, when it is linted
    findings = lint(broken.text.encode(), file="transit/stops.odcs.yaml")
    # Then the rule finds it on its line and says something
    found = [f for f in findings if f.rule == broken.rule]
    assert found, f"found only {findings}"
    assert (found[0].line, found[0].severity) == (broken.line, broken.severity)
    assert all(f.message and f.fix for f in findings)
    assert has_errors(findings) or broken.severity == "warning"


def test_the_documentation_names_every_rule_and_no_other() -> None:
    text = DOCS.read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-zA-Z.-]+)` \| (?:error|warning)", text, re.MULTILINE))
    elsewhere = {rule for rule in documented if rule.startswith("input.")}  # test_contract_files.py
    assert documented - elsewhere == {broken.rule for broken in BROKEN} | {"yaml.aliases"}


def test_what_is_no_yaml_is_one_finding() -> None:
    (finding,) = lint(b"a: 1\na: 2\n")
    assert (finding.rule, finding.line, finding.severity) == ("yaml.duplicate-key", 2, "error")


def test_one_mistake_is_said_once() -> None:
    # A wrong operator breaks one of eight forms of a rule inside an if/then inside a list: still one sentence.
    (finding,) = lint(edited("mustBeGreaterThan: 0", "mustBeGreaterThan: some").encode())
    assert finding.path == "schema[0].quality[0].mustBeGreaterThan"
    assert finding.message == "this must be a number"


def test_a_slip_of_the_pen_is_recognised() -> None:
    (finding,) = lint(edited("logicalTypeOptions", "logicalTypeOption").encode())
    assert finding.fix == "did you mean `logicalTypeOptions`?"


@pytest.mark.parametrize(
    "file", ["", "stops.odcs.yaml", "contracts/stops.odcs.yaml", "C:\\mesh\\stops.odcs.yml", "x.yaml"]
)
def test_a_file_may_be_named_for_its_product_or_for_nothing(file: str) -> None:
    assert lint(STOPS.encode(), file=file) == []


def test_text_rules_are_prose() -> None:
    assert lint(edited(ROWS, "- {type: text, description: Stops are surveyed each spring.}").encode()) == []
