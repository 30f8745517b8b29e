"""The table of a contract: made, and brought from one version of the contract to the next without rewriting a file.

It goes in two steps, for a batch or a question may come between any two:

    prepare   before a contract is in force    the table is made; columns are added and widened. Nothing is taken away
    settle    once it is in force              columns are renamed, dropped, put in order; docs and properties follow

Data files carry Iceberg's field ids, so what was written before is read right after; a snapshot keeps the schema that
it was made with. A column is known again by its ODCS `id`, or else by its name: the table's properties remember which
field each id is, and which fields the columns of each version are. So a batch that was formed under an older version
writes the right ids, whatever the columns are called by then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, ResolveError, TableAlreadyExistsError
from pyiceberg.schema import Schema, promote
from pyiceberg.table import Table as IcebergTable
from pyiceberg.table import Transaction
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.types import IcebergType, NestedField

from datamesh.contract.model import Column, Contract, Version
from datamesh.contract.nested import ELEMENT, KEY, VALUE
from datamesh.errors import CommitConflict, InfrastructureError
from datamesh.lake import schema as shapes
from datamesh.lake.table import catalog_of

__all__ = ["create_or_evolve", "field_ids", "prepare", "schema_as", "settle"]

_IDS = "datamesh.column-ids"  # ODCS id to field id, of every column that ever had one
_COLUMNS = "datamesh.columns."  # and a version: the field id of each of its columns
_UNNAMED = (ELEMENT, KEY, VALUE)  # what Iceberg names in a nested column, and cannot describe
_VERSIONS_KEPT = 20  # no batch is under way for so long


def create_or_evolve(contract: Contract, *, database: str, table: str, location: str) -> IcebergTable:
    """Both steps at once, for who has the table for himself."""
    prepare(contract, database=database, table=table, location=location)
    return settle(contract, database=database, table=table, stands=lambda: True)


def prepare(contract: Contract, *, database: str, table: str, location: str) -> IcebergTable:
    """Makes the table, or adds and widens columns; may be repeated. `location` is s3://bucket/prefix.

    Raises CommitConflict when another writer came first.
    """
    catalog, name = catalog_of(None), (database, table)
    try:
        found = catalog.load_table(name)
    except NoSuchTableError:
        schema = shapes.schema_of(contract.table)
        spec = shapes.partition_spec(contract.table, schema)
        try:
            found = catalog.create_table(
                name, schema, location=location, partition_spec=spec, properties=shapes.properties(contract)
            )
        except TableAlreadyExistsError:
            found = catalog.load_table(name)
    with _changing(found) as change:
        with change.update_schema() as update:
            _extend(update, found, contract)
        _remember(change, found, contract)
    return found


def settle(contract: Contract, *, database: str, table: str, stands: Callable[[], bool]) -> IcebergTable:
    """Makes the table just what `contract` says; may be repeated, and comes after `prepare`.

    `stands` says whether the contract is (still) in force. It is asked between reading the table and committing to
    what was read, so a contract that was replaced meanwhile changes nothing. Raises CommitConflict then, too.
    """
    found = catalog_of(None).load_table((database, table))
    if not stands():
        raise CommitConflict(f"another contract of {contract.name} came into force")
    fields = {field_id: name for name, field_id in _known(found, contract).items()}
    with _changing(found) as change:
        with change.update_schema() as update:
            for field in found.schema().fields:
                if field.field_id not in fields:
                    update.delete_column(field.name)
        with change.update_schema() as update:
            for field in change.table_metadata.schema().fields:
                if field.name != fields[field.field_id]:
                    update.rename_column(field.name, fields[field.field_id])
        with change.update_schema() as update:
            _document(update, change.table_metadata.schema(), contract)
            _order(update, change.table_metadata.schema(), contract)
        _set(change, found, shapes.properties(contract))
    return found


def field_ids(table: IcebergTable, contract: Contract) -> shapes.FieldIds:
    """The Iceberg id of each column of `contract`, as Parquet files staged for it must carry them.

    `contract` may be an older version than the table's. Raises InfrastructureError when it was never prepared.
    """
    known = _columns_of(table, contract)
    return {column.name: _with_inside(table, known[column.name], column) for column in contract.table.columns}


def schema_as(table: IcebergTable, contract: Contract) -> Schema:
    """The columns of `contract`, by the names that it has for them, in the types that the table has for them.

    `contract` may be an older version than the table's, as for `field_ids`.
    """
    known = _columns_of(table, contract)
    fields = [_field(table, known[column.name]) for column in contract.table.columns]
    return Schema(
        *(
            NestedField(field.field_id, column.name, field.field_type, required=False)
            for column, field in zip(contract.table.columns, fields, strict=True)
        )
    )


def _columns_of(table: IcebergTable, contract: Contract) -> dict[str, int]:
    said = table.properties.get(f"{_COLUMNS}{contract.version}")
    if said is None:
        raise InfrastructureError(f"{'.'.join(table.name())} does not know version {contract.version}")
    known: dict[str, int] = json.loads(said)
    return known


def _with_inside(table: IcebergTable, field_id: int, column: Column) -> int | shapes.FieldIds:
    """The ids of a column and of all that is inside of it."""
    return shapes.ids_of(_field(table, field_id), column) if column.type.nested else field_id


def _field(table: IcebergTable, field_id: int) -> NestedField:
    """In the newest schema that has it: columns are dropped, but fields inside of them never taken away."""
    schemas = [table.schema(), *sorted(table.schemas().values(), key=lambda schema: -schema.schema_id)]
    return next(field for schema in schemas for field in schema.fields if field.field_id == field_id)


def _known(table: IcebergTable, contract: Contract) -> dict[str, int]:
    """The field of each column that the table has already: the one of its ODCS id, or else the one of its name."""
    remembered: Mapping[str, int] = json.loads(table.properties.get(_IDS, "{}"))
    present = {field.field_id: field.name for field in table.schema().fields}
    by_id = {c.name: remembered[c.id] for c in contract.table.columns if remembered.get(c.id) in present}
    taken = set(by_id.values())
    by_name = {name: field_id for field_id, name in present.items() if field_id not in taken}
    return {
        c.name: by_id.get(c.name, by_name.get(c.name, 0))
        for c in contract.table.columns
        if c.name in by_id or c.name in by_name
    }


def _extend(update: UpdateSchema, table: IcebergTable, contract: Contract) -> None:
    known, fields = _known(table, contract), {field.field_id: field for field in table.schema().fields}
    for column in contract.table.columns:
        kind, field = shapes.iceberg_type(column.type), fields.get(known.get(column.name, 0))
        if field is None:
            update.add_column(column.name, kind, doc=shapes.field_doc(column))
        else:
            _widen(update, (field.name,), column, field.field_type)


def _widen(update: UpdateSchema, path: tuple[str, ...], column: Column, present: IcebergType) -> None:
    """Brings a column up to what the contract has; the fields inside a nested one, too."""
    if column.type.nested:
        fields = shapes.fields_inside(present)
        for inner in column.type.inner:
            place = (*path, inner.name)
            if inner.name not in fields:
                update.add_column(place, shapes.iceberg_type(inner.type), doc=shapes.field_doc(inner))
            else:
                _widen(update, place, inner, fields[inner.name].field_type)
        return
    kind = shapes.iceberg_type(column.type)
    if not _promotable(kind, present):  # a contract that never came into force may have widened it more
        update.update_column(path, field_type=kind)


def _promotable(narrow: IcebergType, wide: IcebergType) -> bool:
    try:
        return promote(narrow, wide) == wide
    except ResolveError:
        return False


def _document(update: UpdateSchema, schema: Schema, contract: Contract) -> None:
    for column in contract.table.columns:
        _describe(update, (column.name,), column, schema.find_field(column.name))


def _describe(update: UpdateSchema, path: tuple[str, ...], column: Column, field: NestedField) -> None:
    doc = shapes.field_doc(column)
    if column.name not in _UNNAMED and (field.doc or None) != doc:
        update.update_column(path, doc=doc or "")
    fields = shapes.fields_inside(field.field_type)
    for inner in column.type.inner:
        _describe(update, (*path, inner.name), inner, fields[inner.name])


def _order(update: UpdateSchema, schema: Schema, contract: Contract) -> None:
    names = [column.name for column in contract.table.columns]
    if [field.name for field in schema.fields] == names:
        return
    update.move_first(names[0])
    for before, name in pairwise(names):
        update.move_after(name, before)


def _remember(change: Transaction, table: IcebergTable, contract: Contract) -> None:
    """Which field each column of the contract is."""
    known = _known(table, contract)
    added = {field.name: field.field_id for field in change.table_metadata.schema().fields}
    fields = {c.name: known.get(c.name) or added[c.name] for c in contract.table.columns}
    ids = json.loads(table.properties.get(_IDS, "{}")) | {c.id: fields[c.name] for c in contract.table.columns if c.id}
    _set(change, table, {_IDS: json.dumps(ids), f"{_COLUMNS}{contract.version}": json.dumps(fields)})
    versions = [name for name in change.table_metadata.properties if name.startswith(_COLUMNS)]
    if old := sorted(versions, key=_version_of)[:-_VERSIONS_KEPT]:
        change.remove_properties(*old)


def _version_of(name: str) -> Version:
    return Version(*map(int, name.removeprefix(_COLUMNS).split(".")))


def _set(change: Transaction, table: IcebergTable, wanted: Mapping[str, str]) -> None:
    if stale := {name: value for name, value in wanted.items() if table.properties.get(name) != value}:
        change.set_properties(stale)


@contextmanager
def _changing(table: IcebergTable) -> Iterator[Transaction]:
    try:
        with table.transaction() as change:
            yield change
    except CommitFailedException as conflict:
        raise CommitConflict(f"another writer changed {'.'.join(table.name())} first") from conflict
