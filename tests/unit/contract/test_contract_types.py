"""What a contract's types become."""

from __future__ import annotations

import pytest

from datamesh.contract.model import ColumnType
from datamesh.contract.types import KINDS, UNPUBLISHED, column_type, duckdb_type, physical_kind
from datamesh.errors import ContractError


@pytest.mark.parametrize(
    ("logical", "physical", "options", "duckdb"),
    [
        ("string", "", {}, "VARCHAR"),
        ("boolean", "", {}, "BOOLEAN"),
        ("integer", "", {}, "BIGINT"),
        ("integer", "INT", {}, "BIGINT"),
        ("number", "", {}, "DOUBLE"),
        ("number", "DOUBLE", {}, "DOUBLE"),
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
