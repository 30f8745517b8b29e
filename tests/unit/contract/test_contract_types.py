"""What a contract's types become."""

from __future__ import annotations

import pytest

from datamesh.contract.model import Column, ColumnType
from datamesh.contract.types import KINDS, UNPUBLISHED, column_type, duckdb_type, implied, physical_kind
from datamesh.errors import ContractError


@pytest.mark.parametrize(
    ("logical", "physical", "options", "duckdb"),
    [
        ("string", "", {}, "VARCHAR"),
        ("boolean", "", {}, "BOOLEAN"),
        ("integer", "", {}, "BIGINT"),
        ("integer", "BIGINT", {}, "BIGINT"),
        ("integer", "INT", {}, "INTEGER"),
        ("integer", "smallint", {}, "INTEGER"),
        ("integer", "", {"format": "i32"}, "INTEGER"),
        ("integer", "", {"format": "i64"}, "BIGINT"),
        ("integer", "", {"format": "u8"}, "INTEGER"),
        ("integer", "", {"format": "u32"}, "BIGINT"),
        ("integer", "", {"format": "u64"}, "DECIMAL(20,0)"),
        ("integer", "smallint", {"format": "i64"}, "BIGINT"),
        ("number", "", {}, "DOUBLE"),
        ("number", "DOUBLE", {}, "DOUBLE"),
        ("number", "real", {}, "FLOAT"),
        ("number", "float", {}, "FLOAT"),
        ("number", "float(53)", {}, "DOUBLE"),
        ("number", "", {"format": "f32"}, "FLOAT"),
        ("number", "int", {}, "DOUBLE"),
        ("number", "DECIMAL(10, 2)", {}, "DECIMAL(10,2)"),
        ("number", "numeric(5)", {}, "DECIMAL(5,0)"),
        ("integer", "decimal(20,0)", {}, "DECIMAL(20,0)"),
        ("date", "", {}, "DATE"),
        ("time", "", {}, "TIME"),
        ("timestamp", "", {}, "TIMESTAMP"),
        ("timestamp", "", {"timezone": False}, "TIMESTAMP"),
        ("timestamp", "", {"timezone": True}, "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "timestamptz", {}, "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "timestamp(6) with time zone", {}, "TIMESTAMP WITH TIME ZONE"),
        ("timestamp", "timestamptz", {"timezone": False}, "TIMESTAMP"),
        ("string", "VARCHAR(20)", {}, "VARCHAR"),
        (None, "bigint", {}, "BIGINT"),
        (None, "decimal(4,1)", {}, "DECIMAL(4,1)"),
        (None, "", {}, "VARCHAR"),
    ],
)
def test_logical_and_physical_type_make_one_type(
    logical: str | None, physical: str, options: dict[str, object], duckdb: str
) -> None:
    assert duckdb_type(column_type(logical, physical, options)) == duckdb


@pytest.mark.parametrize("kind", UNPUBLISHED)
def test_what_is_not_published_has_no_table_type(kind: str) -> None:
    with pytest.raises(ContractError, match="not published yet"):
        duckdb_type(column_type(kind))


def test_every_kind_has_a_table_type() -> None:
    assert all(duckdb_type(ColumnType(kind, 9, 2)) for kind in KINDS)


@pytest.mark.parametrize("physical", ["", "blob", "decimal(", "varchar(x)", "int; drop table"])
def test_an_unknown_physical_type_names_nothing(physical: str) -> None:
    assert physical_kind(physical) is None


def test_nested_types_nest() -> None:
    price = Column("price", ColumnType("decimal", 6, 2))
    item = Column("element", ColumnType("object", inner=(Column("sku", ColumnType("string")), price)))
    items = Column("items", ColumnType("array", inner=(item,)))
    rates = ColumnType(
        "map", inner=(Column("key", ColumnType("string")), Column("value", ColumnType("array", inner=(item,))))
    )
    assert duckdb_type(items.type) == 'STRUCT("sku" VARCHAR, "price" DECIMAL(6,2))[]'
    assert duckdb_type(rates) == 'MAP(VARCHAR, STRUCT("sku" VARCHAR, "price" DECIMAL(6,2))[])'


@pytest.mark.parametrize(
    ("logical", "physical", "options", "found"),
    [
        ("string", "varchar(3)", {}, {"maxLength": 3}),
        ("string", "char(3)", {"maxLength": 9}, {"maxLength": 3}),
        ("string", "varchar(9)", {"maxLength": 3}, {"maxLength": 3}),
        ("string", "text", {}, {}),
        ("integer", "smallint", {}, {"minimum": -32768, "maximum": 32767}),
        ("integer", "smallint", {"minimum": 0}, {"minimum": 0, "maximum": 32767}),
        ("integer", "int", {}, {}),
        ("integer", "", {"format": "u8"}, {"format": "u8", "minimum": 0, "maximum": 255}),
        ("integer", "", {"format": "u64"}, {"format": "u64", "minimum": 0, "maximum": 2**64 - 1}),
        ("integer", "tinyint", {"format": "i64"}, {"format": "i64"}),
        ("number", "smallint", {}, {}),
        ("", "varchar(3)", {}, {"maxLength": 3}),
    ],
)
def test_what_a_type_says_beside_its_name_is_an_option(
    logical: str, physical: str, options: dict[str, object], found: dict[str, object]
) -> None:
    assert implied(logical, physical, options) == found
