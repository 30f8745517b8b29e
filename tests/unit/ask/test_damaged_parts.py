"""A table that is called by what was done to the rows of another: parts that were not damaged are not in it."""

from __future__ import annotations

import duckdb
import pytest

from datamesh.ask.planner import Plan, plan
from datamesh.contract.parse import parse
from tests.support.meshes import TODAY
from tests.support.planning import all_columns, knowledge_of

_HEAD = b"""
apiVersion: v3.2.0
kind: DataContract
id: plant-%(name)s
name: %(name)s
version: 1.0.0
status: active
domain: plant
dataProduct: %(name)s
schema:
  - name: %(name)s
    properties:
      - {name: %(key)s, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}
"""
PART = _HEAD % {b"name": b"part", b"key": b"part_id"} + b"      - {name: label, logicalType: string}\n"
DAMAGED = (
    _HEAD % {b"name": b"damaged_part", b"key": b"report_id"}
    + b"""
      - name: part_id
        logicalType: integer
        relationships:
          - {id: part, type: foreignKey, to: part.odcs.yaml#/schema/part/properties/part_id}
"""
)


def ask(question: str) -> Plan:
    with duckdb.connect(":memory:") as connection:
        connection.execute("CREATE SCHEMA plant")
        connection.execute("CREATE TABLE plant.part AS SELECT 1 AS part_id, 'Bolt' AS label")
        connection.execute("CREATE TABLE plant.damaged_part AS SELECT 1 AS report_id, 1 AS part_id")
        knowledge = knowledge_of([parse(PART), parse(DAMAGED)], connection)
    return plan(question, knowledge, all_columns(knowledge), today=TODAY)


@pytest.mark.parametrize(
    "question",
    ["What are the labels of parts that were not damaged?", "Show the label of the parts not damaged."],
)
def test_what_was_not_done_has_no_row_there(question: str) -> None:
    found = ask(question)
    assert found.sql is not None, found.explanation
    rows = "SELECT 1 FROM plant.damaged_part AS damaged_part WHERE damaged_part.part_id = part.part_id"
    assert found.sql.sql("duckdb") == f"SELECT part.label FROM plant.part AS part WHERE NOT EXISTS({rows})"


def test_what_no_table_is_called_by_is_not_known() -> None:
    assert ask("What are the labels of parts that were not inspected?").status == "refused"
