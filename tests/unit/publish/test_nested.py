"""Rules about what is inside objects, arrays and maps: a row that breaks one is a bad row that names the place."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datamesh.contract.model import Table
from datamesh.contract.parse import parse
from tests.support.staging import Outcome, staged

ORDERS = parse("""
schema:
- name: things
  properties:
  - {name: id, logicalType: integer, required: true}
  - name: address
    logicalType: object
    logicalTypeOptions: {required: [city], maxProperties: 3}
    properties:
    - {name: city, logicalType: string}
    - name: zip_code
      logicalType: string
      transformSourceObjects: [zipCode]
      customProperties: [{property: datamesh.severity, value: {pattern: warning}}]
      logicalTypeOptions: {pattern: '^[0-9]+$'}
  - name: lines
    logicalType: array
    logicalTypeOptions: {minItems: 1, maxItems: 3}
    items:
      logicalType: object
      properties:
      - {name: sku, logicalType: string, required: true}
      - {name: price, logicalType: number, physicalType: 'decimal(6,2)', logicalTypeOptions: {minimum: 0}}
      - name: tags
        logicalType: array
        logicalTypeOptions: {uniqueItems: true}
        items: {logicalType: string, enum: [{value: a}, {value: b}]}
  - name: rates
    logicalType: map
    map:
      key: {logicalType: date}
      value: {logicalType: number, required: true}
""").tables[0]
GOOD: dict[str, Any] = {
    "id": 1,
    "address": {"city": "Bern", "zipCode": "3000", "country": "not in the contract"},
    "lines": [{"sku": "s", "price": 1.5, "tags": ["a", "b", None]}, {"sku": "t"}],
    "rates": {"2013-01-01": 1.5},
}
READ = (
    1,
    {"city": "Bern", "zip_code": "3000"},
    [{"sku": "s", "price": Decimal("1.50"), "tags": ["a", "b", None]}, {"sku": "t", "price": None, "tags": None}],
    {date(2013, 1, 1): 1.5},
)


def as_json(where: Path, *rows: dict[str, Any], table: Table = ORDERS) -> Outcome:
    return staged(where, table, {"o.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows)})


def as_csv(where: Path, *rows: dict[str, Any]) -> Outcome:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = [column.name for column in ORDERS.columns]
    writer.writerow(names)
    for row in rows:
        cells = [row.get(name) for name in names]
        writer.writerow(["" if cell is None else cell if isinstance(cell, str) else json.dumps(cell) for cell in cells])
    return staged(where, ORDERS, {"o.csv": out.getvalue()})


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"address": {"zipCode": "3000"}}, "required", "address.city"),
    ({"address": {"city": None}}, "required", "address.city"),
    ({"address": {"city": "a", "b": 1, "c": 2, "d": 3}}, "properties", "address"),
    ({"address": [1]}, "type", "address"),
    ({"address": 7}, "type", "address"),
    ({"lines": []}, "items", "lines"),
    ({"lines": [{"sku": "s"}] * 4}, "items", "lines"),
    ({"lines": [{"price": 1}]}, "required", "lines.element.sku"),
    ({"lines": [{"sku": "s"}, {"sku": "s", "price": 1.234}]}, "type", "lines.element.price"),
    ({"lines": [{"sku": "s", "price": "much"}]}, "type", "lines.element.price"),
    ({"lines": [{"sku": "s", "price": -0.01}]}, "range", "lines.element.price"),
    ({"lines": [{"sku": "s", "tags": ["a", "a"]}]}, "items", "lines.element.tags"),
    ({"lines": [{"sku": "s", "tags": [None, None]}]}, "items", "lines.element.tags"),
    ({"lines": [{"sku": "s", "tags": ["a", "c"]}]}, "enum", "lines.element.tags.element"),
    ({"lines": [{"sku": "s", "tags": 3}]}, "type", "lines.element.tags"),
    ({"lines": {"sku": "s"}}, "type", "lines"),
    ({"lines": [3]}, "type", "lines.element"),
    ({"rates": {"soon": 1}}, "type", "rates.key"),
    ({"rates": {"2013-01-01": 1, " 2013-01-01": 2}}, "type", "rates.key"),
    ({"rates": {"2013-01-01": None}}, "required", "rates.value"),
    ({"rates": {"2013-01-01": "x"}}, "type", "rates.value"),
    ({"rates": [1]}, "type", "rates"),
]


@pytest.mark.parametrize("form", [as_json, as_csv])
def test_each_rule_inside_keeps_its_rows_out_and_names_the_place(tmp_path: Path, form: Any) -> None:
    # Given a good row, one with nothing in it, and one for each way to be wrong
    done = form(tmp_path, GOOD, {"id": 2}, *({"id": 10 + i} | row for i, (row, _, _) in enumerate(BAD)))
    # Then the good ones are published, typed to the last level
    assert done.good == [READ, (2, None, None, None)]
    # And each other is a bad row with its rule, its place and the column's text
    found = done.quarantine('row_number, rule, "column", value')
    assert [row[:3] for row in found] == [(3 + i, rule, path) for i, (_, rule, path) in enumerate(BAD)]
    for (_, _, path, value), (row, _, _) in zip(found, BAD, strict=True):
        assert json.loads(value) == row[path.partition(".")[0]]


def test_a_warning_inside_is_published_and_counted(tmp_path: Path) -> None:
    done = as_json(tmp_path, {"id": 1, "address": {"city": "a", "zipCode": "x"}})
    assert done.good == [(1, {"city": "a", "zip_code": "x"}, None, None)]
    assert done.hits == {("pattern", "address.zip_code"): 1}


def test_what_is_no_json_is_a_bad_row(tmp_path: Path) -> None:
    texts = ["{not json", '{"city": "a"} x', "[" * 5_000, "", "null", '{"city": "a", "city": "b"}']
    done = as_csv(tmp_path, *({"id": i, "address": text} for i, text in enumerate(texts)))
    assert done.quarantine('row_number, rule, "column"') == [(n, "type", "address") for n in (1, 2, 3, 5)]
    assert [row[1] for row in done.good] == [None, {"city": "a", "zip_code": None}]


def test_a_key_that_stands_twice_is_a_bad_row(tmp_path: Path) -> None:
    done = as_csv(tmp_path, {"id": 1, "rates": '{"2013-01-01": 1, "2013-01-01": 2}'})
    assert (done.good, [row[2:4] for row in done.bad]) == ([], [("type", "rates")])


def test_parquet_has_nested_values_of_its_own(tmp_path: Path) -> None:
    line = pa.struct({"sku": pa.string(), "price": pa.decimal128(9, 3), "tags": pa.list_(pa.string())})
    source = pa.table(
        {
            "id": pa.array([1, 2, 3, 4], pa.int32()),
            "address": [{"city": "Bern", "zipCode": "3000"}, None, {"city": None, "zipCode": None}, None],
            "lines": pa.array(
                [
                    [{"sku": "s", "price": Decimal("1.500"), "tags": ["a", "b", None]}, {"sku": "t"}],
                    None,
                    None,
                    [{"sku": "s", "price": Decimal("1.005")}],
                ],
                pa.list_(line),
            ),
            "rates": pa.array([[(date(2013, 1, 1), 1.5)], None, None, None], pa.map_(pa.date32(), pa.float64())),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(source, buffer)

    done = staged(tmp_path, ORDERS, {"o.parquet": buffer.getvalue()})

    assert done.good == [READ, (2, None, None, None)]
    assert [row[1:4] for row in done.bad] == [(3, "required", "address.city"), (4, "type", "lines.element.price")]
    assert json.loads(done.bad[1][4])[0]["price"] == "1.005"


def test_parquet_of_another_shape_is_a_bad_row_not_a_failure(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"id": [1], "address": [["Bern"]], "rates": ['{"2013-01-01": 2}'], "lines": [3]}), buffer)
    done = staged(tmp_path, ORDERS, {"o.parquet": buffer.getvalue()})
    assert done.quarantine("broken") == [
        ([{"rule": "type", "column": "address"}, {"rule": "type", "column": "lines"}],)
    ]


def test_files_carry_field_ids_at_every_level(tmp_path: Path) -> None:
    ids: Any = {
        "id": 1,
        "address": {"": 2, "city": 5, "zip_code": 6},
        "lines": {"": 3, "element": {"": 7, "sku": 8, "price": 9, "tags": {"": 10, "element": 11}}},
        "rates": {"": 4, "key": 12, "value": 13},
    }
    done = staged(tmp_path, ORDERS, {"o.jsonl": json.dumps(GOOD)}, field_ids=ids)
    schema = pq.ParquetFile(done.staged.files[0]).schema
    text = str(schema)
    assert all(f"field_id={number} " in text for number in range(1, 14))


def test_the_profile_of_a_nested_column_counts_what_is_null(tmp_path: Path) -> None:
    profile = as_json(tmp_path, GOOD, {"id": 2}).staged.profile
    assert profile is not None
    lines = profile.column("lines")
    assert lines is not None
    assert (lines.nulls, lines.distinct, lines.minimum, lines.values) == (1, None, None, None)
    assert json.loads(profile.model_dump_json())["rows"] == 2


def test_depth_is_not_felt(tmp_path: Path) -> None:
    deep = "{name: leaf, logicalType: integer, logicalTypeOptions: {maximum: 9}}"
    for level in range(7):
        deep = f"{{name: n{level}, logicalType: object, properties: [{deep}]}}"
    table = parse(f"schema: [{{name: things, properties: [{deep}]}}]").tables[0]

    def row(leaf: int) -> dict[str, Any]:
        value: Any = {"leaf": leaf}
        for level in range(7):
            value = {f"n{level}": value}
        return dict(value)

    done = as_json(tmp_path, row(3), row(10), table=table)
    assert done.staged.rows_good == 1
    assert [row[2:4] for row in done.bad] == [("range", "n6.n5.n4.n3.n2.n1.n0.leaf")]
