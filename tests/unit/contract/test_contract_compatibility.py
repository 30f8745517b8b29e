"""What changed between two versions of a contract."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.resources import files
from typing import Any

import pytest

from datamesh.contract import promises as promised
from datamesh.contract.aspects import FIELDS
from datamesh.contract.change import needs_major, right_version
from datamesh.contract.compatibility import compare
from datamesh.contract.model import Check, Column, ColumnType, Contract, EnumValue, Table, Version
from datamesh.contract.parse import parse
from datamesh.contract.promises import promises
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


WITH_ID = edited("- name: fare\n", "- name: fare\n        id: c5\n")
RENAMED = edited("- name: fare\n", "- name: price\n", text=WITH_ID)
DEPRECATED = edited("- name: fare\n", "- name: fare\n        deprecated: true\n", text=WITH_ID)
DRAFT = edited("status: active", "status: draft", text=WITH_ID)


def between(old: str, new: str) -> list[tuple[str, str, str]]:
    return [(c.kind, c.rule, c.path) for c in compare(parse(old), parse(new))]


def test_a_column_that_kept_its_id_was_renamed() -> None:
    assert between(WITH_ID, RENAMED) == [("breaking", "column.renamed", "stops.fare")]


@pytest.mark.parametrize("old", [DEPRECATED, DRAFT])
def test_what_was_deprecated_or_never_promised_may_be_renamed(old: str) -> None:
    found = between(old, RENAMED)
    assert ("compatible", "column.renamed", "stops.fare") in found
    assert all(kind != "breaking" for kind, _, _ in found)


@pytest.mark.parametrize("old", [DEPRECATED, DRAFT])
def test_what_was_deprecated_or_never_promised_may_go(old: str) -> None:
    start, end = old.index("      - name: fare"), old.index("      - name: stops_per_line")
    found = between(old, old[:start] + old[end:])
    assert [(kind, rule) for kind, rule, _ in found] == [("compatible", "column.removed")]


def test_a_draft_may_change_all_that_its_table_can_follow() -> None:
    tighter = edited(OPTIONS, "logicalTypeOptions: {minimum: 2, maximum: 2}", text=DRAFT)
    assert between(DRAFT, tighter) == [("compatible", "column.range", "stops.direction")]
    assert between(DRAFT, edited("decimal(8,2)", "decimal(6,2)", text=DRAFT))[0][0] == "breaking"


def test_a_name_never_passes_to_another_column() -> None:
    """A query that names it would go on, and mean something else."""
    other = edited(
        "- name: price\n",
        "- name: fare\n        id: c9\n        logicalType: string\n      - name: price\n",
        text=RENAMED,
    )
    found = between(DEPRECATED, other)
    assert found[0] == ("breaking", "column.reused", "stops.fare")


def test_a_key_may_be_renamed_like_any_column() -> None:
    old = edited("- name: stop_id", "- name: stop_id\n        id: k\n        deprecated: true")
    new = edited("- name: stop_id", "- name: code\n        id: k")
    assert [kind for kind, _, _ in between(old, new)] == ["compatible", "documentation"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("active", "deprecated", "compatible"),
        ("deprecated", "retired", "compatible"),
        ("deprecated", "active", "compatible"),
        ("draft", "active", "compatible"),
        ("draft", "retired", "compatible"),
        ("active", "retired", "breaking"),
        ("active", "draft", "breaking"),
        ("deprecated", "proposed", "breaking"),
    ],
)
def test_a_product_ends_as_deprecated_and_then_retired(old: str, new: str, kind: str) -> None:
    before, after = (edited("status: active", f"status: {status}") for status in (old, new))
    assert between(before, after) == [(kind, "status", "")]


def test_a_change_says_which_columns_it_is_about() -> None:
    """Those of the older version, in which its readers know them."""
    assert [c.columns for c in compare(parse(WITH_ID), parse(RENAMED))] == [("fare",)]
    keyed = edited("value: overwrite", "value: append")
    assert [c.columns for c in compare(parse(STOPS), parse(keyed))] == [None]
    measured = edited("COUNT(*) /", "2 * COUNT(*) /")
    assert [c.columns for c in compare(parse(STOPS), parse(measured))] == [("line",)]


OTHERWISE: Mapping[tuple[type, str], Any] = {
    (Contract, "tables"): (Table("stops", (Column("stop_id", ColumnType("string")),)),),
    (Table, "columns"): (),
    (Table, "measures"): (),
    (Table, "write_mode"): "append",
    (Column, "type"): ColumnType("date"),
    (Column, "enum"): (EnumValue("A"),),
    (Column, "primary_key_position"): None,
    (Column, "partition_position"): None,
    (Column, "options"): {"minimum": 1},
    (Column, "semantic_type"): "dimension",
    (Column, "partition_transform"): "day",
}


def _other(owner: type, name: str, value: Any) -> Any:
    """A value that this field does not have."""
    if (owner, name) in OTHERWISE:
        return OTHERWISE[owner, name]
    if isinstance(value, bool):
        return not value
    if value is None or isinstance(value, int):
        return (value or 0) + 1
    if isinstance(value, str):
        return f"other{value}"
    if isinstance(value, tuple):
        return (*value, *value, Check("other", "text"))
    if isinstance(value, Mapping):
        return {**value, "required": "warning"}
    return replace(value, **{fields(value)[0].name: "json"} if name == "input" else {fields(value)[0].name: 1})


PARSED = parse(STOPS)
COLUMN = replace(PARSED.table.columns[3], primary_key_position=5)  # opened, which is partitioned


def _with(owner: type, changed: Any) -> Contract:
    """The contract with a changed table, column or column type in it."""
    if owner is Contract:
        return changed  # type: ignore[no-any-return]
    if owner is Table:
        return replace(PARSED, tables=(changed,))
    column = replace(COLUMN, type=changed) if owner is ColumnType else changed
    columns = tuple(column if c.name == COLUMN.name else c for c in PARSED.table.columns)
    return replace(PARSED, tables=(replace(PARSED.table, columns=columns),))


@pytest.mark.parametrize("owner", FIELDS, ids=lambda owner: owner.__name__)
def test_every_field_of_the_model_is_named_and_nothing_else(owner: Any) -> None:
    assert {field.name for field in fields(owner)} == set(FIELDS[owner])


@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in FIELDS.items() for name in names])
def test_a_change_of_any_field_is_told(owner: Any, name: str) -> None:
    subject = {Contract: PARSED, Table: PARSED.table, Column: COLUMN, ColumnType: ColumnType("decimal", 8, 2)}[owner]
    changed = replace(subject, **{name: _other(owner, name, getattr(subject, name))})
    told = compare(_with(owner, subject), _with(owner, changed))
    assert bool(told) is (FIELDS[owner][name] != "none")


def _options_of(schema: Any) -> set[str]:
    """The names of all logicalTypeOptions in a JSON Schema."""
    if isinstance(schema, list):
        return set().union(*map(_options_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = schema.get("logicalTypeOptions")
    named = set(own.get("properties", {})) if isinstance(own, dict) else set()
    return named.union(*map(_options_of, schema.values()))


def test_every_option_of_odcs_is_named() -> None:
    folder = files("open_data_contract_standard")
    assert _options_of(json.loads(folder.joinpath("schema.json").read_text())) == set(promised.OPTIONS)


@pytest.mark.parametrize(
    ("name", "looser", "tighter"),
    [
        ("minItems", 1, 2),
        ("maxItems", 2, 1),
        ("uniqueItems", False, True),
        ("required", ["a"], ["a", "b"]),
        ("pattern", None, "^a"),
        ("pattern", "a", "^a"),
        ("format", None, "email"),
        ("minLength", None, 1),
    ],
)
def test_an_option_that_promises_more_is_breaking_and_less_is_not(name: str, looser: Any, tighter: Any) -> None:
    text = ColumnType("string")
    less, more = (Column("c", text, options={} if v is None else {name: v}) for v in (looser, tighter))
    assert [promise.tighter for promise in promises(less, more)] == [True]
    assert [promise.tighter for promise in promises(more, less)] == [name == "pattern" and looser is not None]


def test_how_a_date_is_written_in_a_file_is_no_promise_to_readers() -> None:
    plain = Column("c", ColumnType("date"))
    assert [(p.rule, p.tighter) for p in promises(plain, replace(plain, options={"format": "dd.MM.yyyy"}))] == [
        ("input", False)
    ]


def test_bounds_of_two_kinds_count_as_tighter() -> None:
    before = edited("- name: opened", "- name: opened\n        logicalTypeOptions: {minimum: 2000}")
    after = edited("- name: opened", "- name: opened\n        logicalTypeOptions: {minimum: '1999-01-01'}")
    assert compare(parse(before), parse(after))[0].kind == "breaking"


def test_tables_of_a_contract_of_many_are_matched_by_name() -> None:
    many = "schema:\n- {name: a, properties: [{name: x}]}\n- {name: b}\n"
    fewer = "schema:\n- {name: a, properties: [{name: x}]}\n- {name: c}\n"
    assert [(c.rule, c.path) for c in compare(parse(many), parse(fewer))] == [
        ("table.removed", "b"),
        ("table.added", "c"),
    ]


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


@pytest.mark.parametrize(
    ("edit", "right"),
    [
        (("- name: fare", "- name: price"), "2.0.0"),
        (("decimal(8,2)", "decimal(9,2)"), "1.1.0"),
        (("label: Beach", "label: Strand"), "1.0.1"),
        (("version: 1.0.0", "version: 1.5.0"), "1.0.0"),
    ],
)
def test_the_right_version_follows_from_the_changes(edit: tuple[str, str], right: str) -> None:
    assert str(right_version(compare(parse(STOPS), parse(edited(*edit))), Version(1))) == right


def test_a_number_of_more_bits_or_digits_is_compatible_and_of_fewer_breaking() -> None:
    for narrow, wide in (
        (ColumnType("integer", bits=32), ColumnType("integer")),
        (ColumnType("number", bits=32), ColumnType("number")),
        (ColumnType("timestamp", 3), ColumnType("timestamp")),
    ):
        there, back = (compare(_typed(a), _typed(b)) for a, b in ((narrow, wide), (wide, narrow)))
        assert [(c.kind, c.rule) for c in there] == [("compatible", "column.widened")]
        assert [(c.kind, c.rule) for c in back] == [("breaking", "column.type")]


def _typed(kind: ColumnType) -> Contract:
    return _with(Column, replace(COLUMN, type=kind))


def test_a_nested_column_is_compared_field_by_field() -> None:
    def nested(*fields: Column) -> Contract:
        return _typed(ColumnType("array", inner=(Column("element", ColumnType("object", inner=fields)),)))

    text, narrow, wide = ColumnType("string"), ColumnType("integer", bits=32), ColumnType("integer")
    sku, count = Column("sku", text, id="s"), Column("count", narrow)
    before = nested(sku, count)
    expected: list[tuple[Contract, list[tuple[str, str, str]]]] = [
        (nested(sku, count, Column("more", text)), [("compatible", "column.added", "more")]),
        (nested(sku, replace(count, type=wide)), [("compatible", "column.widened", "count")]),
        (nested(replace(sku, description="Its code"), count), [("documentation", "text", "sku")]),
        (nested(sku), [("breaking", "column.type", "count")]),
        (nested(replace(sku, name="code"), count), [("breaking", "column.type", "sku")]),
        (nested(replace(sku, required=True), count), [("breaking", "column.required", "sku")]),
        (nested(sku, count, Column("more", text, required=True)), [("breaking", "column.added-required", "more")]),
    ]
    for after, told in expected:
        found = [(c.kind, c.rule, c.path) for c in compare(before, after)]
        assert found == [(kind, rule, f"stops.opened.element.{name}") for kind, rule, name in told]
