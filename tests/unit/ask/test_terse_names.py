"""Schemas whose names leave letters out, whose tables only pair things, whose rows lead to others of their kind."""

from __future__ import annotations

from datetime import date

import pytest

from datamesh.ask.planner import Plan, plan
from datamesh.contract.parse import parse
from datamesh.contract.profile import ColumnProfile
from datamesh.registry.knowledge import Knowledge
from tests.support.planning import product_of

_CONTRACT = b"""
apiVersion: v3.2.0
kind: DataContract
id: port
name: Port
version: 1.0.0
status: active
domain: port
dataProduct: port
schema:
  - name: quay
    properties:
      - {name: quay_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: quay_nm, logicalType: string}
      - {name: built_yr, logicalType: integer}
      - {name: is_public, logicalType: boolean}
  - name: ferry
    properties:
      - {name: ferry_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: ferry_nm, logicalType: string}
      - {name: home_quay, logicalType: integer, relationships: [{type: foreignKey, to: quay.quay_id}]}
  - name: ferry_call
    properties:
      - name: ferry_id
        logicalType: integer
        primaryKey: true
        primaryKeyPosition: 1
        relationships: [{type: foreignKey, to: ferry.ferry_id}]
      - name: quay_id
        logicalType: integer
        primaryKey: true
        primaryKeyPosition: 2
        relationships: [{type: foreignKey, to: quay.quay_id}]
  - name: mishap
    properties:
      - {name: mishap_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: ferry_id, logicalType: integer, relationships: [{type: foreignKey, to: ferry.ferry_id}]}
      - {name: quay_id, logicalType: integer, relationships: [{type: foreignKey, to: quay.quay_id}]}
      - {name: mishap_date, logicalType: date}
      - {name: settled_dt, logicalType: date}
  - name: pilot
    properties:
      - {name: pilot_id, logicalType: integer, primaryKey: true, primaryKeyPosition: 1, required: true}
      - {name: fname, logicalType: string}
      - {name: lname, logicalType: string}
      - {name: dob, logicalType: date}
      - {name: supervisor_id, logicalType: integer, relationships: [{type: foreignKey, to: pilot.pilot_id}]}
"""
_VALUES = {"quay.quay_nm": ("East Quay", "Old Pier"), "pilot.fname": ("Ivo", "Una"), "pilot.lname": ("Dahl", "Stark")}
_YEARS = {"quay.built_yr": (980, 2015)}


@pytest.fixture(scope="module")
def port() -> Knowledge:
    contract = parse(_CONTRACT)
    names = [f"{table.name}.{column.name}" for table in contract.tables for column in table.columns]
    ends = [(name, *_YEARS.get(name, (1, 9))) for name in names]
    profiles = [ColumnProfile(name=n, minimum=low, maximum=high, values=_VALUES.get(n)) for n, low, high in ends]
    return Knowledge(products={contract.name: product_of(contract, profiles)})


def _ask(port: Knowledge, question: str) -> Plan:
    (product,) = port.products.values()
    readable = {f"port.{t.name}": tuple(c.name for c in t.columns) for t in product.contract.tables}
    return plan(question, port, readable, today=date(2025, 6, 15))


@pytest.mark.parametrize(
    ("question", "part"),
    [
        (
            "Which quays were built between 1900 and 1950?",
            "SELECT quay.quay_nm FROM port.quay AS quay WHERE quay.built_yr",
        ),
        ("first and last names of pilots born before 1980", "SELECT pilot.fname, pilot.lname FROM"),
        ("Who is the oldest pilot?", "ORDER BY pilot.dob ASC"),
        ("Who supervises Una Stark?", "WHERE pilot_2.supervisor_id = pilot.pilot_id"),
        ("Which pilots does Una Stark supervise?", "ON pilot_2.pilot_id = pilot.supervisor_id"),
        ("public quays built before 1950", "WHERE quay.built_yr < 1950 AND quay.is_public = TRUE"),
        ("How many quays are public?", "COUNT(*) AS count FROM port.quay AS quay WHERE quay.is_public = TRUE"),
        (
            "Which mishaps were settled in 2024?",
            "WHERE mishap.settled_dt >= CAST('2024-01-01' AS DATE) AND mishap.settled_dt",
        ),
        ("How many mishaps have been settled?", "WHERE NOT mishap.settled_dt IS NULL"),
        ("Which ferries call at East Quay?", "FROM port.ferry AS ferry WHERE EXISTS(SELECT 1 FROM port.ferry_call"),
    ],
)
def test_short_names_are_read_as_what_they_are_short_for(port: Knowledge, question: str, part: str) -> None:
    # When
    found = _ask(port, question)

    # Then
    assert found.sql is not None, (found.explanation, found.candidates)
    assert part in found.sql.sql("duckdb")
