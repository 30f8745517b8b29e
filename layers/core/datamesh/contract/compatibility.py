"""What changed between two versions of a contract, and whether it may stay one major version.

A change is breaking when a query that worked would not, when rows already published may not keep the new promise, or
when they would have to be laid out anew: then the product needs a new major version, a new table beside the old one.
What was deprecated may go, and a contract that is still proposed or a draft has promised nothing to anybody.

Fields that need no rule of their own are compared in aspects.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from datamesh.contract.aspects import aspects
from datamesh.contract.change import KINDS, Change, ChangeKind
from datamesh.contract.kinship import Pair, paired
from datamesh.contract.model import Column, ColumnType, Contract, Table
from datamesh.contract.promises import promises, severities

__all__ = ["compare"]

_MICROSECONDS = 6  # the digits of a timestamp's second, where the contract names none
_NO_PROMISE = ("proposed", "draft")
# What the table cannot follow in place, whatever was promised.
_LAYOUT = ("column.type", "column.reused", "partitions", "primary-key", "product.renamed", "table.renamed")


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference that matters to someone, breaking ones first."""
    changes = list(_contract(old, new))
    for before, after in _tables(old, new):
        changes += _table(before, after)
    if old.status.lower() in _NO_PROMISE:
        changes = [_unpromised(change) for change in changes]
    return tuple(sorted(changes, key=lambda change: KINDS.index(change.kind)))


def _unpromised(change: Change) -> Change:
    return change if change.rule in _LAYOUT else replace(change, kind=_at_most_compatible(change.kind))


def _at_most_compatible(kind: ChangeKind) -> ChangeKind:
    return "compatible" if kind == "breaking" else kind


def _tables(old: Contract, new: Contract) -> Iterator[tuple[Table, Table]]:
    if len(old.tables) == len(new.tables) == 1:
        yield old.tables[0], new.tables[0]
        return
    after = {table.name: table for table in new.tables}
    yield from ((table, after[table.name]) for table in old.tables if table.name in after)


def _contract(old: Contract, new: Contract) -> Iterator[Change]:
    if old.name != new.name:
        yield Change("breaking", "product.renamed", "", f"{old.name} is called {new.name}")
    yield from _tables_of_many(old, new)
    if old.status.lower() != new.status.lower():
        yield _status(old.status.lower(), new.status.lower())
    yield from aspects(old, new, "", None)


def _tables_of_many(old: Contract, new: Contract) -> Iterator[Change]:
    if len(old.tables) == len(new.tables) == 1:
        return
    before, after = {table.name for table in old.tables}, {table.name for table in new.tables}
    yield from (Change("breaking", "table.removed", name, "the table is gone") for name in sorted(before - after))
    yield from (Change("compatible", "table.added", name, "the table is new") for name in sorted(after - before))


def _status(old: str, new: str) -> Change:
    """Access hangs on it: what is active ends as deprecated and then retired, and is no draft again."""
    message = f"the status was {old or 'not set'} and is {new or 'not set'}"
    if new in _NO_PROMISE or (new == "retired" and old != "deprecated"):
        return Change("breaking", "status", "", f"{message}: nobody may read it any more")
    return Change("compatible", "status", "", message)


def _table(old: Table, new: Table) -> Iterator[Change]:
    path, pairs = new.name, paired(old.columns, new.columns)
    if old.name != new.name:
        yield Change("breaking", "table.renamed", path, f"the table {old.name} is called {new.name}")
    names = {pair.before.name: pair.after.name for pair in pairs if pair.before and pair.after}
    if tuple(names.get(name, "") for name in old.primary_key) != new.primary_key:
        message = f"the primary key was {_listed(old.primary_key)} and is {_listed(new.primary_key)}"
        yield Change("breaking", "primary-key", path, message)
    if old.write_mode != new.write_mode:
        message = f"files {_WRITES[new.write_mode]}; before, they {_WRITES[old.write_mode]}"
        yield Change("breaking", "write-mode", path, message)
    if [(names.get(name, ""), how) for name, how in _partitions(old)] != _partitions(new):
        message = "the table is partitioned otherwise: its files lie by the old ones"
        yield Change("breaking", "partitions", path, message)
    for rule, tighter, message in severities(old.severities, new.severities):
        yield Change("breaking" if tighter else "compatible", f"table.{rule}", path, message)
    yield from aspects(old, new, path, None)
    for pair in pairs:
        yield from _pair(pair, old, path)
    if list(names.values()) != [column.name for column in new.columns if column.name in names.values()]:
        yield Change("compatible", "columns.order", path, "the columns stand in another order")
    yield from _measures(old, new, path)


_WRITES = {
    "append": "add rows",
    "overwrite": "replace the table",
    "overwritePartitions": "replace partitions",
    "merge": "replace rows by key",
}


def _partitions(table: Table) -> list[tuple[str, str]]:
    return [(column.name, column.partition_transform) for column in table.partition_columns]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _pair(pair: Pair, old: Table, table: str) -> Iterator[Change]:
    before, after = pair.before, pair.after
    if after is not None and old.column(after.name) not in (None, before):
        message = f"{after.name} is now another column: a query that names it would not notice"
        yield Change("breaking", "column.reused", f"{table}.{after.name}", message, (after.name,))
    if before is None:
        if after is not None:
            yield _added(after, f"{table}.{after.name}")
        return
    path, own = f"{table}.{before.name}", (before.name,)
    gone: ChangeKind = "compatible" if before.deprecated else "breaking"
    if after is None:
        yield Change(gone, "column.removed", path, _gone("the column is gone", before), own)
        return
    if pair.renamed:
        yield Change(gone, "column.renamed", path, _gone(f"the column is called {after.name}", before), own)
    yield from _column(_called(before, after.name), after, path, own)


def _called(column: Column, name: str) -> Column:
    checks = tuple(replace(check, column=name) for check in column.checks)
    return replace(column, name=name, checks=checks)


def _gone(message: str, column: Column) -> str:
    return f"{message}, as it was deprecated" if column.deprecated else message


def _added(column: Column, path: str) -> Change:
    if column.required and column.severity("required") == "error":
        message = "a required column is new: rows already published have no value in it"
        return Change("breaking", "column.added-required", path, message)
    return Change("compatible", "column.added", path, "the column is new", ())


def _column(old: Column, new: Column, path: str, own: tuple[str, ...]) -> Iterator[Change]:
    if old.type.nested and old.type.kind == new.type.kind:
        yield from _inside(old.type, new.type, path, own)
    elif old.type != new.type:
        yield _type_change(old.type, new.type, path, own)
    for promise in promises(old, new):
        if promise.tighter:
            message = f"{promise.message}; rows already published may break it"
            yield Change("breaking", f"column.{promise.rule}", path, message, own)
        else:
            yield Change("compatible", f"column.{promise.rule}", path, promise.message, own)
    if _values(old) == _values(new) and old.enum != new.enum:
        yield Change("documentation", "text", path, "labels of values changed", own)
    yield from aspects(old, new, path, own)


def _inside(old: ColumnType, new: ColumnType, path: str, own: tuple[str, ...]) -> Iterator[Change]:
    """What changed in a nested column. Fields are added in place; for one that goes the data would be laid out anew."""
    for pair in paired(old.inner, new.inner):
        before, after = pair.before, pair.after
        if before is None:
            if after is not None:
                yield _added(after, f"{path}.{after.name}")
        elif after is None or pair.renamed:
            message = "the field is gone" if after is None else f"the field is called {after.name}"
            yield Change("breaking", "column.type", f"{path}.{before.name}", message, own)
        else:
            yield from _column(before, after, f"{path}.{before.name}", own)


def _values(column: Column) -> set[str]:
    return {repr(entry.value) for entry in column.enum}


def _type_change(old: ColumnType, new: ColumnType, path: str, own: tuple[str, ...]) -> Change:
    """Iceberg widens numbers in place; any other change of type would need its data rewritten."""
    message = f"{_type_text(old)} became {_type_text(new)}"
    if old.kind == new.kind and _widened(old, new):
        return Change("compatible", "column.widened", path, message, own)
    return Change("breaking", "column.type", path, message, own)


def _widened(old: ColumnType, new: ColumnType) -> bool:
    """More digits of a decimal, 64 bits after 32, or more digits of a timestamp's second."""
    if old.kind == "decimal":
        return old.scale == new.scale and (new.precision or 0) > (old.precision or 0)
    if old.kind.startswith("timestamp"):
        return _digits(new) > _digits(old)
    return old.bits == 32 and new.bits is None


def _digits(column: ColumnType) -> int:
    return _MICROSECONDS if column.precision is None else column.precision


def _type_text(column: ColumnType) -> str:
    if column.kind == "decimal":
        return f"decimal({column.precision},{column.scale})"
    if column.precision is not None:
        return f"{column.kind}({column.precision})"
    return f"{column.kind} of {column.bits or 64} bits" if column.kind in ("integer", "number") else column.kind


def _measures(old: Table, new: Table, table: str) -> Iterator[Change]:
    for pair in paired(old.measures, new.measures):
        before, after = pair.before, pair.after
        if before is None:
            if after is not None:
                yield Change("compatible", "measure.added", f"{table}.{after.name}", "the measure is new", ())
            continue
        path, own = f"{table}.{before.name}", _columns_in(before.transform_logic, old)
        free: ChangeKind = "compatible" if before.deprecated else "breaking"
        if after is None:
            yield Change(free, "measure.removed", path, _gone("the measure is gone", before), own)
        elif pair.renamed:
            yield Change(free, "measure.renamed", path, _gone(f"the measure is called {after.name}", before), own)
        elif before.transform_logic != after.transform_logic:
            message = _gone("the measure computes something else under the same name", before)
            yield Change(free, "measure.changed", path, message, own)
        elif before != after:
            yield Change("documentation", "text", path, "texts changed", own)


def _columns_in(expression: str, table: Table) -> tuple[str, ...] | None:
    """The columns that a measure's expression names: who may not read them does not see the measure."""
    words = {word.lower() for word in re.findall(r"\w+", expression)}
    return tuple(column.name for column in table.columns if column.name.lower() in words) or None
