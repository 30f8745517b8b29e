"""Objects, arrays and maps from a file to an Iceberg table, through the whole data path, and as the table evolves."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from datamesh.contract.lint import lint
from datamesh.contract.parse import parse
from datamesh.lake import table as lake
from datamesh.lake.evolution import create_or_evolve, field_ids
from tests.support.lakeside import HEAD, Lakeside

pytestmark = pytest.mark.xdist_group("nested-columns")

THINGS = (
    HEAD
    + """\
schema:
  - name: things
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true}
      - name: address
        logicalType: object
        description: Where it stands
        properties:
          - {name: city, logicalType: string, required: true, description: The town}
          - {name: zip_code, logicalType: string, transformSourceObjects: [zipCode]}
      - name: lines
        logicalType: array
        items:
          logicalType: object
          properties:
            - {name: sku, logicalType: string, required: true}
            - {name: amount, logicalType: integer, physicalType: int}
            - {name: price, logicalType: number, physicalType: "decimal(6,2)"}
            - {name: tags, logicalType: array, items: {logicalType: string}}
      - name: rates
        logicalType: map
        map:
          key: {logicalType: date}
          value: {logicalType: number}
team:
  members:
    - {username: ann, customProperties: [{property: datamesh.principals, value: [role/ann]}]}
"""
)
NEWER = (
    THINGS.replace("version: 1.0.0", "version: 1.1.0")
    .replace("description: The town", "description: The town or village")
    .replace("physicalType: int}", "physicalType: bigint}")
    .replace("- {name: sku,", "- {name: colour, logicalType: string}\n            - {name: sku,")
)
TABLE: dict[str, Any] = {"database": "datamesh_dev_testing", "table": "things_v1"}
ADDRESS = {"city": "Bern", "zipCode": "3000"}
LINES = [{"sku": "a", "amount": 2, "price": 1.5, "tags": ["x", "y"]}, {"sku": "b"}]
RATES = {"2013-01-01": 0.5}
ROWS = [
    {"id": 1, "address": ADDRESS, "lines": LINES, "rates": RATES},
    {"id": 2},
    {"id": 3, "lines": [{"price": 1}]},
    {"id": 4, "address": {"city": None}},
]


@pytest.fixture
def world(account: None) -> Lakeside:
    assert not lint(THINGS.encode())
    return Lakeside.build(THINGS.encode())


def read() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lake.load(**TABLE).scan().to_arrow().to_pylist()
    return sorted(found, key=lambda row: int(row["id"]))


def publish(world: Lakeside, *rows: dict[str, Any]) -> str:
    """A batch of one file of JSON lines; its id."""
    batch_id = world.batch("".join(f"{json.dumps(row)}\n" for row in rows), names=[f"{rows[0]['id']}.jsonl"])
    world.run(batch_id)
    world.ledger.release("things", batch_id, attempt=1)
    return batch_id


FIRST = {
    "id": 1,
    "address": {"city": "Bern", "zip_code": "3000"},
    "lines": [
        {"sku": "a", "amount": 2, "price": Decimal("1.50"), "tags": ["x", "y"]},
        {"sku": "b", "amount": None, "price": None, "tags": None},
    ],
    "rates": [(date(2013, 1, 1), 0.5)],
}


def test_nested_values_are_published_and_read_by_iceberg(world: Lakeside) -> None:
    # Given rows with objects, arrays and maps, two of them with a value missing inside
    # When they are published
    batch_id = publish(world, *ROWS)
    # Then Iceberg reads the good ones, to the last level, and each bad one says what it lacks
    assert read() == [FIRST, {"id": 2, "address": None, "lines": None, "rates": None}]
    reasons = {(reason.rule, reason.column): reason.rows for reason in world.standing(batch_id).reasons}
    assert reasons == {("required", "lines.element.sku"): 1, ("required", "address.city"): 1}
    schema = world.table.schema()
    assert str(schema.find_field("lines.element.price").field_type) == "decimal(6, 2)"
    assert schema.find_field("address.city").doc == "The town"


def test_fields_are_added_and_widened_inside_and_older_files_are_read_right(world: Lakeside) -> None:
    # Given a table with rows, and what a batch of its first version writes
    publish(world, ROWS[0])
    before = field_ids(world.table, world.contract)
    # When the contract adds a field inside the array, and widens one
    newer = parse(NEWER)
    create_or_evolve(newer, **TABLE, location="s3://lake/tables/things_v1")
    # Then what was there keeps its ids, and its rows
    after = field_ids(lake.load(**TABLE), newer)
    assert inner(after) == inner(before) | {"colour": inner(after)["colour"]}
    assert str(world.table.schema().find_field("lines.element.amount").field_type) == "long"
    assert world.table.schema().find_field("address.city").doc == "The town or village"
    assert [line["colour"] for line in read()[0]["lines"]] == [None, None]
    assert [line["amount"] for line in read()[0]["lines"]] == [2, None]
    # And a batch that was formed under the first version still lands
    publish(world, {"id": 5, "lines": [{"sku": "c", "amount": 7}]})
    assert read()[1]["lines"] == [{"sku": "c", "amount": 7, "price": None, "tags": None, "colour": None}]
    # And bringing it up to the same contract again changes nothing
    once = lake.load(**TABLE).metadata
    create_or_evolve(newer, **TABLE, location="s3://lake/tables/things_v1")
    assert lake.load(**TABLE).metadata.current_schema_id == once.current_schema_id


def inner(ids: Any) -> dict[str, Any]:
    """The ids of the fields of an order's line."""
    return dict(ids["lines"]["element"])


def test_a_field_inside_is_renamed_in_iceberg_and_read_under_its_new_name(world: Lakeside) -> None:
    publish(world, ROWS[0])
    with world.table.update_schema() as update:
        update.rename_column(("lines", "element", "sku"), "code")
    assert [line["code"] for line in read()[0]["lines"]] == ["a", "b"]


def test_the_same_values_from_csv(world: Lakeside) -> None:
    def cell(value: Any) -> str:
        return '"' + json.dumps(value).replace('"', '""') + '"'

    world.publish(f"id,address,lines,rates\n1,{cell(ADDRESS)},{cell(LINES)},{cell(RATES)}\n2,,,\n3,not json,,\n")
    assert read() == [FIRST, {"id": 2, "address": None, "lines": None, "rates": None}]
