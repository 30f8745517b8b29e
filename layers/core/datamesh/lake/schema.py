"""From a contract's table to an Iceberg schema, partition spec and properties. Pure.

Every field is optional in Iceberg: DuckDB writes optional columns, and what is required is checked before a commit.
Therefore the key is a table property, for Iceberg's identifier fields would have to be required.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import TypeAlias

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
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
)

from datamesh.contract.model import Column, ColumnType, Contract, Table

__all__ = [
    "FieldIds",
    "field_doc",
    "fields_inside",
    "iceberg_type",
    "ids_of",
    "partition_spec",
    "properties",
    "schema_of",
]

# By name: a field's id, or for a nested one the ids of what is inside, and its own under no name.
FieldIds: TypeAlias = Mapping[str, "int | FieldIds"]

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


def iceberg_type(kind: ColumnType, ids: Iterator[int] | None = None) -> IcebergType:
    """The type; what is inside takes its ids from `ids`: Iceberg gives them anew, so they need only differ."""
    ids = count(1) if ids is None else ids
    if kind.kind == "object":
        return StructType(*(_inside(column, ids) for column in kind.inner))
    if kind.kind == "array":
        return ListType(next(ids), iceberg_type(kind.inner[0].type, ids), element_required=False)
    if kind.kind == "map":
        key, value = (column.type for column in kind.inner)
        return MapType(next(ids), iceberg_type(key, ids), next(ids), iceberg_type(value, ids), value_required=False)
    if kind.kind == "decimal":
        return DecimalType(kind.precision or 38, kind.scale or 0)
    return _NARROW[kind.kind]() if kind.bits == 32 else _TYPES[kind.kind]()


def _inside(column: Column, ids: Iterator[int]) -> NestedField:
    return NestedField(next(ids), column.name, iceberg_type(column.type, ids), required=False, doc=field_doc(column))


def field_doc(column: Column) -> str | None:
    return column.description or column.business_name or None


def schema_of(table: Table) -> Schema:
    """The schema of a new table; its columns' field ids count from 1 in the contract's order."""
    ids = count(1 + len(table.columns))
    return Schema(
        *(
            NestedField(number, column.name, iceberg_type(column.type, ids), required=False, doc=field_doc(column))
            for number, column in enumerate(table.columns, start=1)
        )
    )


def ids_of(field: NestedField, column: Column) -> int | FieldIds:
    """The ids of a field and of what `column` has inside it: the table may have more."""
    if not column.type.nested:
        return field.field_id
    inner = fields_inside(field.field_type)
    return {"": field.field_id} | {c.name: ids_of(inner[c.name], c) for c in column.type.inner}


def fields_inside(kind: IcebergType) -> Mapping[str, NestedField]:
    """The fields of a nested type by name: those of an object, an array's `element`, a map's `key` and `value`."""
    if isinstance(kind, StructType):
        return {field.name: field for field in kind.fields}
    if isinstance(kind, ListType):
        return {"element": kind.element_field}
    return {"key": kind.key_field, "value": kind.value_field} if isinstance(kind, MapType) else {}


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
