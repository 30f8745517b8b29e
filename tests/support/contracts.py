"""A small contract that is right, to be broken one line at a time."""

from __future__ import annotations

__all__ = ["STOPS", "edited", "line_of"]

STOPS = """\
apiVersion: v3.2.0
kind: DataContract
id: transit-stops
version: 1.0.0
status: active
domain: transit
dataProduct: stops
schema:
  - name: stops
    physicalType: table
    customProperties:
      - property: datamesh.writeMode
        value: overwrite
    relationships:
      - from: [stops.line, stops.direction]
        to:
          - routes.odcs.yaml#/schema/routes/properties/line
          - routes.odcs.yaml#/schema/routes/properties/direction
    quality:
      - metric: rowCount
        mustBeGreaterThan: 0
    properties:
      - name: stop_id
        logicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
      - name: line
        logicalType: string
        required: true
        enum:
          - {value: A, label: Airport}
          - {value: B, label: Beach}
      - name: direction
        logicalType: integer
        logicalTypeOptions: {minimum: 1, maximum: 2}
      - name: opened
        logicalType: timestamp
        partitioned: true
        partitionKeyPosition: 1
        customProperties:
          - property: datamesh.partitionTransform
            value: year
      - name: fare
        logicalType: number
        physicalType: decimal(8,2)
        quality:
          - metric: nullValues
            mustBeLessThan: 5
            unit: percent
            severity: warning
      - name: stops_per_line
        logicalType: number
        semanticType: measure
        transformLogic: COUNT(*) / COUNT(DISTINCT line)
context:
  verifiedStatements:
    - question: How many stops are there?
      customProperties:
        - property: datamesh.sql
          value: SELECT COUNT(*) FROM transit.stops
team:
  - username: ada
    customProperties:
      - property: datamesh.principals
        value: [role/dispatcher]
roles:
  - role: planner
    access: read
    customProperties:
      - property: datamesh.principals
        value: [role/planner]
"""


def edited(old: str, new: str, *, text: str = STOPS) -> str:
    """The contract with the first `old` written otherwise; `old` must stand in it."""
    assert old in text, f"the contract does not say {old!r}"
    return text.replace(old, new, 1)


def line_of(text: str, snippet: str) -> int:
    """The line, counted from 1, that `snippet` begins on."""
    return text[: text.index(snippet)].count("\n") + 1
