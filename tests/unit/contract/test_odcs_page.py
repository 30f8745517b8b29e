"""docs/odcs.md against the standard's own JSON Schema: every field, and no other."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from datamesh.contract.lint import has_errors, lint
from datamesh.contract.odcs import schema_of
from tests.support.contracts import edited

PAGE = (Path(__file__).parents[3] / "docs" / "odcs.md").read_text(encoding="utf-8")
SCHEMA = schema_of("v3.2.0")
DEFINITIONS = SCHEMA["$defs"]
NO_FIELDS = {"ServerSource", "SchemaProperty", "RelationshipSchemaLevel"}  # those of others


def fields_of(schema: Any) -> set[str]:
    """The properties of a definition, whatever its conditions."""
    if not isinstance(schema, dict):
        return set()
    parts = [schema[key] for key in ("then", "else") if key in schema]
    parts += [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, [])]
    return set(schema.get("properties", {})).union(*map(fields_of, parts))


def written() -> dict[str, dict[str, str]]:
    """By the definition that a heading names: field to what becomes of it."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    name = ""
    for line in PAGE.splitlines():
        if heading := re.match(r"## .*?(?:\(`(\w+)`\))?$", line):
            name = heading[1] or ""
        elif name and (row := re.match(r"\| `(\w+)` \| (honoured|kept|refused) \|", line)):
            found[name].setdefault(row[1], row[2])
    return found


def options_of(schema: Any) -> set[str]:
    if isinstance(schema, list):
        return set().union(*map(options_of, schema))
    if not isinstance(schema, dict):
        return set()
    own = schema.get("logicalTypeOptions")
    named = set(own.get("properties", {})) if isinstance(own, dict) else set()
    return named.union(*map(options_of, schema.values()))


def test_every_definition_has_its_fields_on_the_page() -> None:
    wanted = {name: fields for name, schema in DEFINITIONS.items() if (fields := fields_of(schema))}
    wanted = {name: fields for name, fields in wanted.items() if name not in NO_FIELDS}
    wanted |= {"Contract": set(SCHEMA["properties"]), "logicalTypeOptions": options_of(DEFINITIONS)}
    assert {name: set(fields) for name, fields in written().items()} == wanted


def test_every_kind_of_server_has_its_fields_on_the_page() -> None:
    rows = re.findall(r"^\| `(\w+Server)` \| (.*) \|$", PAGE, re.MULTILINE)
    said = {kind: set(re.findall(r"`(\w+)`", fields)) for kind, fields in rows}
    assert said == {kind: fields_of(schema) for kind, schema in DEFINITIONS["ServerSource"].items()}


KEPT = sorted(name for name, fate in written()["Contract"].items() if fate == "kept")


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_taken_as_it_is(name: str) -> None:
    value = {"support": "[{channel: talk}]", "price": "{priceAmount: 1}", "authoritativeDefinitions": "[]"}
    text = edited("status: active", f"status: active\n{name}: {value.get(name, 'x')}")
    assert not has_errors(lint(text.encode()))


def test_what_is_refused_is_an_error() -> None:
    vector = "logicalType: vector\n        logicalTypeOptions: {dimensions: 3}"
    assert has_errors(lint(edited("logicalType: number\n        physicalType: decimal(8,2)", vector).encode()))
