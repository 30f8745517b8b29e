"""What changed between two versions of a contract, and whether it may stay one major version.

A change is breaking when a query that worked would not, when rows already published may not keep the new promise, or
when they would have to be laid out anew: then the product needs a new major version, a new table beside the old one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from datamesh.contract.model import Column, ColumnType, Contract, Table, Version

__all__ = ["Change", "ChangeKind", "compare", "needs_major"]

ChangeKind = Literal["breaking", "compatible", "documentation"]

_OPTION_RULES = {
    "minimum": "range",
    "exclusiveMinimum": "range",
    "maximum": "range",
    "exclusiveMaximum": "range",
    "minLength": "length",
    "maxLength": "length",
    "pattern": "pattern",
    "multipleOf": "multipleOf",
}
_LOWER = ("minimum", "exclusiveMinimum", "minLength")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength")
_TEXTS = ("business_name", "description", "synonyms", "tags", "examples", "deprecated", "semantic_type", "id")


@dataclass(frozen=True)
class Change:
    """One difference; `path` is `table` or `table.column`, or empty for the contract as a whole."""

    kind: ChangeKind
    rule: str
    path: str
    message: str


def compare(old: Contract, new: Contract) -> tuple[Change, ...]:
    """Every difference that matters to someone, breaking ones first."""
    changes = list(_contract(old, new))
    for before, after in _paired(old, new):
        changes += _table(before, after)
    order = ("breaking", "compatible", "documentation")
    return tuple(sorted(changes, key=lambda change: order.index(change.kind)))


def needs_major(changes: tuple[Change, ...], old: Version, new: Version) -> bool:
    """True when something breaks and the new version does not say so by a higher major."""
    return new.major <= old.major and any(change.kind == "breaking" for change in changes)


def _paired(old: Contract, new: Contract) -> Iterator[tuple[Table, Table]]:
    if len(old.tables) == len(new.tables) == 1:
        yield old.tables[0], new.tables[0]
        return
    after = {table.name: table for table in new.tables}
    yield from ((table, after[table.name]) for table in old.tables if table.name in after)


def _contract(old: Contract, new: Contract) -> Iterator[Change]:
    if old.name != new.name:
        yield Change("breaking", "product.renamed", "", f"{old.name} is called {new.name}")
    names = {table.name for table in new.tables}
    single = len(old.tables) == len(new.tables) == 1
    for table in () if single else old.tables:
        if table.name not in names:
            yield Change("breaking", "table.removed", table.name, "the table is gone")
    for field, rule in (("roles", "roles"), ("sla", "sla"), ("status", "status"), ("classification", "classification")):
        if getattr(old, field) != getattr(new, field):
            yield Change("compatible", rule, "", f"{rule} changed")
    if (old.description, old.business_name, old.tags, old.team, old.verified) != (
        new.description,
        new.business_name,
        new.tags,
        new.team,
        new.verified,
    ):
        yield Change("documentation", "text", "", "texts, team or verified statements changed")


def _table(old: Table, new: Table) -> Iterator[Change]:
    path = new.name
    if old.name != new.name:
        yield Change("breaking", "table.renamed", path, f"the table {old.name} is called {new.name}")
    if old.primary_key != new.primary_key:
        message = f"the primary key was {_listed(old.primary_key)} and is {_listed(new.primary_key)}"
        yield Change("breaking", "primary-key", path, message)
    if old.write_mode != new.write_mode:
        yield Change("breaking", "write-mode", path, f"files {_writes(new)}; before, they {_writes(old)}")
    if _partitions(old) != _partitions(new):
        yield Change(
            "breaking", "partitions", path, "the table is partitioned otherwise: its files lie by the old ones"
        )
    for field, rule in (("relationships", "relationships"), ("checks", "quality"), ("input", "input")):
        if getattr(old, field) != getattr(new, field):
            yield Change("compatible", rule, path, f"{rule} changed")
    if old.thresholds != new.thresholds or old.severities != new.severities:
        yield Change("compatible", "thresholds", path, "thresholds or severities changed")
    if any(getattr(old, f) != getattr(new, f) for f in ("business_name", "description", "synonyms", "tags")):
        yield Change("documentation", "text", path, "texts changed")
    yield from _columns(old.columns, new.columns, path)
    yield from _measures(old.measures, new.measures, path)


def _writes(table: Table) -> str:
    return "add rows" if table.write_mode == "append" else "replace the table"


def _partitions(table: Table) -> list[tuple[str, str]]:
    return [(column.name, column.partition_transform) for column in table.partition_columns]


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none"


def _columns(old: tuple[Column, ...], new: tuple[Column, ...], table: str) -> Iterator[Change]:
    before, after = {c.name: c for c in old}, {c.name: c for c in new}
    renamed = {c.id: c.name for c in new if c.id and c.name not in before}
    for name, column in before.items():
        path = f"{table}.{name}"
        if name in after:
            yield from _column(column, after[name], path)
        elif column.id in renamed:
            yield Change("breaking", "column.renamed", path, f"the column is called {renamed[column.id]}")
        else:
            yield Change("breaking", "column.removed", path, "the column is gone")
    for name, column in after.items():
        if name in before:
            continue
        if column.required and column.severity("required") == "error":
            message = "a required column is new: rows already published have no value in it"
            yield Change("breaking", "column.added-required", f"{table}.{name}", message)
        else:
            yield Change("compatible", "column.added", f"{table}.{name}", "the column is new")


def _measures(old: tuple[Column, ...], new: tuple[Column, ...], table: str) -> Iterator[Change]:
    before, after = {m.name: m for m in old}, {m.name: m for m in new}
    for name, measure in before.items():
        path = f"{table}.{name}"
        if name not in after:
            yield Change("breaking", "measure.removed", path, "the measure is gone")
        elif measure.transform_logic != after[name].transform_logic:
            yield Change("breaking", "measure.changed", path, "the measure computes something else under the same name")
        elif measure != after[name]:
            yield Change("documentation", "text", path, "texts changed")
    for name in after.keys() - before.keys():
        yield Change("compatible", "measure.added", f"{table}.{name}", "the measure is new")


def _column(old: Column, new: Column, path: str) -> Iterator[Change]:
    if old.type != new.type:
        yield _type_change(old.type, new.type, path)
    for rule, tighter, message in _promises(old, new):
        if tighter and new.severity(rule) == "error":
            yield Change("breaking", f"column.{rule}", path, f"{message}; rows already published may break it")
        else:
            yield Change("compatible", f"column.{rule}", path, message)
    for field, rule in (("checks", "quality"), ("source", "input"), ("classification", "classification")):
        if getattr(old, field) != getattr(new, field):
            yield Change("compatible", rule, path, f"{rule} changed")
    if any(getattr(old, field) != getattr(new, field) for field in _TEXTS) or _relabelled(old, new):
        yield Change("documentation", "text", path, "texts changed")


def _type_change(old: ColumnType, new: ColumnType, path: str) -> Change:
    """Iceberg widens a decimal in place; any other change of type would need its data rewritten."""
    message = f"{_type_text(old)} became {_type_text(new)}"
    wider = old.kind == new.kind == "decimal" and old.scale == new.scale and (new.precision or 0) > (old.precision or 0)
    return Change("compatible" if wider else "breaking", "column.widened" if wider else "column.type", path, message)


def _type_text(column: ColumnType) -> str:
    return f"decimal({column.precision},{column.scale})" if column.kind == "decimal" else column.kind


def _promises(old: Column, new: Column) -> Iterator[tuple[str, bool, str]]:
    """What the column promises about its values, where it changed: (rule, tighter, message)."""
    for rule in ("required", "unique"):
        before, after = getattr(old, rule), getattr(new, rule)
        if before != after:
            yield rule, after, f"{rule} is {'new' if after else 'gone'}"
    yield from _enum(old, new)
    for name in sorted({*old.options, *new.options} & _OPTION_RULES.keys()):
        if old.options.get(name) != new.options.get(name):
            yield _OPTION_RULES[name], _tighter(name, old.options, new.options), f"{name} {_went(name, old, new)}"
    for rule in sorted({*old.severities, *new.severities}):
        if old.severity(rule) != new.severity(rule):
            yield rule, new.severity(rule) == "error", f"breaking {rule} is now {_article(new.severity(rule))}"


def _article(severity: str) -> str:
    return "an error" if severity == "error" else "a warning"


def _enum(old: Column, new: Column) -> Iterator[tuple[str, bool, str]]:
    before, after = {repr(e.value) for e in old.enum}, {repr(e.value) for e in new.enum}
    if before == after:
        return
    tighter = bool(after) and (not before or not before <= after)
    yield "enum", tighter, "fewer values are allowed" if tighter else "more values are allowed"


def _tighter(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    if name not in new:
        return False
    if name not in old or name not in (*_LOWER, *_UPPER):
        return True
    try:
        return bool(new[name] > old[name] if name in _LOWER else new[name] < old[name])
    except TypeError:  # bounds of two kinds cannot be compared: assume the worse
        return True


def _went(name: str, old: Column, new: Column) -> str:
    return f"was {old.options.get(name, 'not set')} and is {new.options.get(name, 'not set')}"


def _relabelled(old: Column, new: Column) -> bool:
    """Same values, other labels."""
    return old.enum != new.enum and {repr(e.value) for e in old.enum} == {repr(e.value) for e in new.enum}
