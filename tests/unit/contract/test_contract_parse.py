"""A contract read into values."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamesh.contract.intake import InputFormat
from datamesh.contract.model import Check, ColumnType, EnumValue, Owner, TableRef, Version
from datamesh.contract.parse import parse, parse_version
from datamesh.errors import ContractError
from tests.support.contracts import STOPS, edited


def test_the_contract_as_a_whole() -> None:
    contract = parse(STOPS.encode())
    assert contract.name == "transit.stops"
    assert contract.version == Version(1, 0, 0)
    assert (contract.status, contract.api_version) == ("active", "v3.2.0")
    assert [role.principals for role in contract.roles] == [("role/planner",)]
    assert contract.roles[0].columns is None
    assert contract.verified[0].sql == "SELECT COUNT(*) FROM transit.stops"


def test_the_table_its_keys_and_its_measures() -> None:
    table = parse(STOPS).table
    assert [column.name for column in table.columns] == ["stop_id", "line", "direction", "opened", "fare"]
    assert [measure.transform_logic for measure in table.measures] == ["COUNT(*) / COUNT(DISTINCT line)"]
    assert table.primary_key == ("stop_id",)
    assert [(c.name, c.partition_transform) for c in table.partition_columns] == [("opened", "year")]
    assert table.write_mode == "overwrite"
    (relationship,) = table.relationships
    assert relationship.columns == ("line", "direction")
    assert relationship.to == TableRef("transit", "routes", "routes")


def test_the_columns() -> None:
    table = parse(STOPS).table
    line, direction, fare = table.column("line"), table.column("direction"), table.column("fare")
    assert line is not None
    assert direction is not None
    assert fare is not None
    assert line.enum == (EnumValue("A", "Airport"), EnumValue("B", "Beach"))
    assert line.required
    assert direction.options == {"minimum": 1, "maximum": 2}
    assert fare.type == ColumnType("decimal", 8, 2)


def test_quality_rules_become_checks() -> None:
    table = parse(STOPS).table
    fare = table.column("fare")
    assert fare is not None
    assert table.checks == (
        Check(rule="rowCount", kind="library", metric="rowCount", operator="mustBeGreaterThan", threshold=0),
    )
    assert fare.checks == (
        Check(
            rule="nullValues",
            kind="library",
            severity="warning",
            column="fare",
            metric="nullValues",
            operator="mustBeLessThan",
            threshold=5,
            unit="percent",
        ),
    )


def test_severities_of_built_in_rules_are_errors_unless_the_contract_says_otherwise() -> None:
    text = edited(
        "      - name: direction\n",
        "      - name: direction\n        customProperties:\n"
        "          - {property: datamesh.severity, value: {range: warning}}\n",
    )
    column = parse(text).table.column("direction")
    assert column is not None
    assert column.severity("range") == "warning"
    assert column.severity("type") == "error"
    assert parse(text).table.severity("primaryKey") == "error"


def test_how_files_are_written() -> None:
    value = (
        "{format: csv, delimiter: ';', quote: \"'\", header: false, nullWords: [NA, ''], "
        "timestampFormat: '%d.%m.%Y', extraColumns: reject}"
    )
    text = edited(
        "    relationships:\n", f"      - property: datamesh.input\n        value: {value}\n    relationships:\n"
    )
    assert parse(text).table.input == InputFormat(
        format="csv",
        delimiter=";",
        quote="'",
        header=False,
        null_words=("", "NA"),
        timestamp_format="%d.%m.%Y",
        extra_columns="reject",
    )
    assert parse(STOPS).table.input == InputFormat()


def test_keys_without_positions_follow_the_contract() -> None:
    text = edited("        primaryKeyPosition: 1\n", "")
    text = edited("      - name: direction\n", "      - name: direction\n        primaryKey: true\n", text=text)
    assert parse(text).table.primary_key == ("stop_id", "direction")


def test_the_name_in_the_file_may_differ() -> None:
    text = edited("      - name: line\n", "      - name: line\n        transformSourceObjects: [Line No]\n")
    column = parse(text).table.column("line")
    assert column is not None
    assert column.source == "Line No"


def test_older_contracts_are_read_too() -> None:
    # Given ODCS v3.0: the team is a list, and a library rule says `rule` where v3.1 says `metric`
    text = edited("apiVersion: v3.2.0", "apiVersion: v3.0.2")
    text = edited("      - metric: rowCount", "      - rule: rowCount", text=text)
    text = edited("team:\n", "team:\n  - {username: ann@example.com, name: Ann}\n", text=text)
    contract = parse(text)
    assert (contract.team, contract.owners) == (("Ann", "ada"), (Owner("role/dispatcher"),))
    assert contract.table.checks[0].metric == "rowCount"


def test_many_tables_share_a_contract() -> None:
    text = (
        "id: library\nname: library\nversion: 1.0.0\ndomain: library\nschema:\n"
        "- {name: book, properties: [{name: author, relationships: [{to: person.id}]}]}\n"
        "- {name: person, properties: [{name: id, logicalType: integer}]}\n"
    )
    contract = parse(text)
    assert contract.name == "library.library"
    assert [table.name for table in contract.tables] == ["book", "person"]
    assert contract.tables[0].relationships[0].to == TableRef("library", "library", "person")


@pytest.mark.parametrize(
    ("written", "version"),
    [("1.2.3", Version(1, 2, 3)), ("v2.1", Version(2, 1)), (3, Version(3)), ("1.0.0-rc.1", Version(1)), ("one", None)],
)
def test_versions(written: object, version: Version | None) -> None:
    assert parse_version(written) == version


@pytest.mark.parametrize("text", ["", "- a", "a: 1\na: 2", "{"])
def test_only_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ContractError):
        parse(text)


KEYS = ["name", "properties", "quality", "enum", "relationships", "to", "from", "synonyms", "members"]
KEYS += ["customProperties", "property", "value", "logicalType", "logicalTypeOptions", "type", "verifiedStatements"]
SCRAPS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "integer", "measure", "library"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["schema", "roles", "team", "context", "slaProperties", "version", "domain", "tags"]),
        SCRAPS,
        max_size=5,
    )
)
def test_a_mapping_is_always_read_however_wrong_it_is(document: dict[str, Any]) -> None:
    contract = parse(json.dumps(document))
    assert contract.name
