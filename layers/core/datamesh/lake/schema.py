"""From a contract's table to an Iceberg schema, partition spec and properties. Pure.

Every field is optional in Iceberg: DuckDB writes optional columns, and what is required is checked before a commit.
Therefore the key is a table property, for Iceberg's identifier fields would have to be required.
"""

from __future__ import annotations

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
)

from datamesh.contract.model import Column, ColumnType, Contract, Table

__all__ = ["field_doc", "iceberg_type", "partition_spec", "properties", "schema_of"]

_TYPES: dict[str, type[IcebergType]] = {
    "string": StringType,
    "boolean": BooleanType,
    "integer": LongType,
    "number": DoubleType,
    "date": DateType,
    "timestamp": TimestampType,
    "timestamptz": TimestamptzType,
    "time": TimeType,
}
_NARROW: dict[str, type[IcebergType]] = {"integer": IntegerType, "number": FloatType}
_FIRST_PARTITION_ID = 1000  # where Iceberg's partition field ids begin


def iceberg_type(kind: ColumnType) -> IcebergType:
    if kind.kind == "decimal":
        return DecimalType(kind.precision or 38, kind.scale or 0)
    return _NARROW[kind.kind]() if kind.bits == 32 else _TYPES[kind.kind]()


def field_doc(column: Column) -> str | None:
    return column.description or column.business_name or None


def schema_of(table: Table) -> Schema:
    """The schema of a new table; field ids count from 1 in the contract's order."""
    return Schema(
        *(
            NestedField(number, column.name, iceberg_type(column.type), required=False, doc=field_doc(column))
            for number, column in enumerate(table.columns, start=1)
        )
    )


def partition_spec(table: Table, schema: Schema) -> PartitionSpec:
    return PartitionSpec(
        *(
            PartitionField(
                source_id=schema.find_field(column.name).field_id,
                field_id=_FIRST_PARTITION_ID + place,
                transform=parse_transform(column.partition_transform),
                name=_partition_name(column),
            )
            for place, column in enumerate(table.partition_columns)
        )
    )


def _partition_name(column: Column) -> str:
    name = column.partition_transform.partition("[")[0]
    return column.name if name == "identity" else f"{column.name}_{'trunc' if name == 'truncate' else name}"


def properties(contract: Contract) -> dict[str, str]:
    """What the table says of itself."""
    return {
        "comment": contract.description or contract.table.description or contract.name,
        "datamesh.product": contract.name,
        "datamesh.contract-version": str(contract.version),
        "datamesh.primary-key": ",".join(contract.table.primary_key),
        "write.format.default": "parquet",
    }
