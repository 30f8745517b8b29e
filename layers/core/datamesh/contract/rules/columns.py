"""Columns: names, types, keys, partitions, measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from datamesh.contract.fields import number_or, text, texts
from datamesh.contract.finding import Finding
from datamesh.contract.rules.names import name_problem
from datamesh.contract.rules.subject import ColumnAt, Subject, TableAt, custom_path
from datamesh.contract.types import UNPUBLISHED, physical_kind

__all__ = ["check"]

_MOMENTS = ("timestamp", "timestamptz")
_TRANSFORMED = {
    "year": ("date", *_MOMENTS),
    "month": ("date", *_MOMENTS),
    "day": ("date", *_MOMENTS),
    "hour": _MOMENTS,
    "truncate": ("integer", "decimal", "string"),
}
_MAX_PRECISION = 38
_SAME_FAMILY = {"decimal": "number", "timestamptz": "timestamp"}
_NO_NUMBER_KEYS = ("number",)


def check(subject: Subject) -> Iterator[Finding]:
    for at in subject.columns():
        yield from _type(subject, at)
    for table in subject.tables():
        yield from _names(subject, table)
        yield from _positions(subject, table)
        yield from _key(subject, table)
        for column in table.columns():
            yield from _partition(subject, column)
            yield from _measure(subject, column)
            yield from _encrypted(subject, table, column)
            yield from _not_carried(subject, column)


def _names(subject: Subject, table: TableAt) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for at in table.columns():
        name = at.column.name
        problem = name_problem(name) if name else None
        if problem:
            fix = problem.fix
            if problem.kind == "name" and not at.column.source and not at.is_measure:
                fix += f" and write `transformSourceObjects: [{name}]`, the name in the file"
            yield subject.finding(f"column.{problem.kind}", f"{at.path}.name", problem.severity, problem.message, fix)
        if name in first:
            line = subject.source.line(first[name])
            yield subject.error(
                "column.duplicate", f"{at.path}.name", f"`{name}` stands twice, first on line {line}", "rename one"
            )
        elif name:
            first[name] = f"{at.path}.name"


def _type(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    kind, physical = at.column.type.kind, text(at.raw, "physicalType")
    if kind in UNPUBLISHED:
        message = f"columns of type {kind} are not published yet"
        yield subject.error("column.unpublished-type", f"{at.path}.logicalType", message, "leave the column out")
        return
    if "logicalType" not in at.raw and not at.is_measure:
        yield subject.warning(
            "column.no-type", at.path, f"no logicalType: it is read as {kind}", f"add `logicalType: {kind}`"
        )
    yield from _physical(subject, at, physical)


def _physical(subject: Subject, at: ColumnAt, physical: str) -> Iterator[Finding]:
    named = physical_kind(physical) if physical else None
    path = f"{at.path}.physicalType"
    if named is None:
        return
    if named.kind == "decimal" and not _fits_decimal(named.precision or 0, named.scale or 0):
        yield subject.error("column.decimal", path, f"`{physical}` is no decimal", "1 to 38 digits, scale within them")
    elif named.kind == "number" and physical.lower().strip() in ("decimal", "numeric"):
        yield subject.error("column.decimal", path, "a decimal needs its digits", "write decimal(12,2), for instance")
    chosen = at.column.type.kind
    if _SAME_FAMILY.get(named.kind, named.kind) != _SAME_FAMILY.get(chosen, chosen) and named.kind != "decimal":
        yield subject.warning(
            "column.physical-type", path, f"`{physical}` is no {chosen}; the logical type counts", "make the two agree"
        )


def _fits_decimal(precision: int, scale: int) -> bool:
    return 1 <= precision <= _MAX_PRECISION and 0 <= scale <= precision


def _key(subject: Subject, table: TableAt) -> Iterator[Finding]:
    if table.table.columns and not table.table.primary_key:
        yield subject.warning(
            "primary-key.missing", table.path, "no primary key: duplicates pass unseen", "add `primaryKey: true`"
        )
    for at in table.columns():
        if at.column.primary_key_position is None:
            continue
        path = f"{at.path}.primaryKey"
        if at.is_measure:
            yield subject.error("primary-key.measure", path, "a measure is no key", "remove `primaryKey`")
        elif at.column.type.kind in _NO_NUMBER_KEYS:
            yield subject.warning(
                "primary-key.number", path, "a floating number is a poor key", "use integer or decimal"
            )
        elif not at.column.required:
            yield subject.warning("primary-key.required", path, "a key column may be empty", "add `required: true`")


def _positions(subject: Subject, table: TableAt) -> Iterator[Finding]:
    for on, field, rule in (
        ("primaryKey", "primaryKeyPosition", "primary-key.position"),
        ("partitioned", "partitionKeyPosition", "partition.position"),
    ):
        positions = [(at, number_or(at.raw.get(field), -1)) for at in table.columns()]
        counts = Counter(position for _, position in positions)
        for at, position in positions:
            if position == -1:  # what ODCS says for none
                continue
            path = f"{at.path}.{field}"
            if at.raw.get(on) is not True:
                yield subject.warning(rule, path, f"`{field}` without `{on}: true` means nothing", f"add `{on}: true`")
            elif counts[position] > 1:
                message = f"position {position} is taken more than once"
                yield subject.error(rule, path, message, "count 1, 2, 3")


def _partition(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    column = at.column
    if column.partition_transform != "identity":
        path = custom_path(at, "datamesh.partitionTransform")
        if column.partition_position is None:
            yield subject.warning("partition.unused", path, "the column is not partitioned", "add `partitioned: true`")
        name = column.partition_transform.partition("[")[0]
        if name == "bucket":
            message = "files cannot be laid out in buckets here"
            yield subject.error("partition.transform", path, message, "use truncate[width], or a date of the row")
        elif column.type.kind not in _TRANSFORMED[name]:
            message = f"{column.partition_transform} of a {column.type.kind} is not possible"
            fix = f"use it on {' or '.join(_TRANSFORMED[name])}"
            yield subject.error("partition.transform", path, message, fix)
    elif column.partition_position is not None:
        if column.type.kind in ("number", "time") or column.type.nested:
            message = f"a {column.type.kind} makes no partitions"
            yield subject.error("partition.transform", f"{at.path}.partitioned", message, "choose another column")
        elif column.type.kind in _MOMENTS:
            yield subject.warning(
                "partition.fine", f"{at.path}.partitioned", "one partition for each instant", "add a transform: month"
            )


def _measure(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    if at.is_measure and not at.column.transform_logic.strip():
        message = f"the measure `{at.column.name}` has no expression"
        yield subject.error("measure.expression", at.path, message, "add `transformLogic: SUM(...)`")


def _encrypted(subject: Subject, table: TableAt, at: ColumnAt) -> Iterator[Finding]:
    name = at.column.encrypted_name
    if name and (name == at.column.name or name not in table.column_names()):
        message = f"`{name}` is no other column of this table"
        fix = "name the column that holds the encrypted value, and write it among the properties"
        yield subject.error("encrypted-name.column", f"{at.path}.encryptedName", message, fix)


def _not_carried(subject: Subject, at: ColumnAt) -> Iterator[Finding]:
    """Fields of ODCS that change the data elsewhere and do nothing here: said, not ignored."""
    rule = "not-carried-out"
    if at.column.transform_logic and not at.is_measure:
        path = f"{at.path}.transformLogic"
        yield subject.warning(rule, path, "only measures are computed; this column is read from the file", "remove it")
    if len(texts(at.raw, "transformSourceObjects")) > 1:
        path = f"{at.path}.transformSourceObjects"
        yield subject.warning(rule, path, "a column is read from one column of the file", "name one")
    physical_name = text(at.raw, "physicalName")
    if physical_name and physical_name != at.column.name:
        path = f"{at.path}.physicalName"
        fix = "for the name in the file use transformSourceObjects"
        yield subject.warning(rule, path, f"the table's column is called `{at.column.name}`", fix)
