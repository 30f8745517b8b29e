"""Values of every type that a statement can return, as JSON."""

from __future__ import annotations

import json
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from datamesh.ask.rows import json_rows


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("NULL", None),
        ("TRUE", True),
        ("42", 42),
        ("9223372036854775807::BIGINT", 9223372036854775807),
        ("SUM(9223372036854775807::BIGINT) + 1", 9223372036854775808),
        ("1.5::DOUBLE", 1.5),
        ("'NaN'::DOUBLE", None),
        ("'-inf'::FLOAT", None),
        ("1.25::DECIMAL(10,2)", 1.25),
        ("7::DECIMAL(10,2)", 7.0),
        ("7::DECIMAL(38,0)", 7),
        ("0.1234567890123456789::DECIMAL(38,19)", "0.1234567890123456789"),
        ("'Zürich'", "Zürich"),
        ("DATE '2013-02-28'", "2013-02-28"),
        ("TIME '05:06:07'", "05:06:07"),
        ("TIMESTAMP '2013-02-28 05:06:07.5'", "2013-02-28T05:06:07.500000"),
        ("TIMESTAMPTZ '2013-02-28 05:06:07+02'", "2013-02-28T03:06:07Z"),
        ("INTERVAL '14 months 3 days 90 seconds'", "P14M3DT90S"),
        ("TIMESTAMP '2013-01-01 00:00:00' - TIMESTAMP '2013-01-02 00:00:00.5'", "P0M-1DT-0.5S"),
    ],
)
def test_a_value_becomes_json(expression: str, value: object) -> None:
    rows = json_rows(duckdb.sql(f"SELECT {expression} AS x").to_arrow_table())
    assert rows == [[value]]
    assert type(rows[0][0]) is type(value)
    json.dumps(rows, allow_nan=False)


def test_what_is_nested_is_json_all_the_way_down() -> None:
    expression = """{'at': [TIMESTAMPTZ '2013-02-28 05:06:07+02', NULL],
        'rates': MAP {DATE '2013-01-01': 'NaN'::DOUBLE},
        'more': NULL::STRUCT(a INTEGER), 'money': 1.25::DECIMAL(4, 2)}"""
    rows = json_rows(duckdb.sql(f"SELECT {expression} AS x").to_arrow_table())
    assert rows == [
        [{"at": ["2013-02-28T03:06:07Z", None], "rates": {"2013-01-01": None}, "more": None, "money": 1.25}]
    ]


def test_two_columns_of_one_name_stay_two() -> None:
    table = pa.table([pa.array([1, None]), pa.array([Decimal("1.5"), None])], names=["x", "x"])
    assert json_rows(table) == [[1, 1.5], [None, None]]


def test_no_rows_are_no_rows() -> None:
    assert json_rows(pa.table({"x": pa.array([], pa.int64())})) == []
