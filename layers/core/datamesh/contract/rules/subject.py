"""What the rules look at: the contract beside the text it was read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datamesh.contract.fields import mapping, mappings
from datamesh.contract.finding import Finding
from datamesh.contract.model import Column, Contract, Severity, Table
from datamesh.contract.parse import parse_column
from datamesh.contract.source import Source

__all__ = ["ColumnAt", "Subject", "TableAt", "custom_path"]


@dataclass(frozen=True)
class ColumnAt:
    """A property, its place in the text and its raw fields."""

    path: str
    raw: Mapping[str, Any]
    column: Column

    @property
    def is_measure(self) -> bool:
        return self.column.semantic_type == "measure"

    def inside(self) -> Iterator[ColumnAt]:
        """The columns directly inside a nested one, with their places."""
        under = {"object": "properties[{}]", "array": "items", "map": "map.{}"}
        for index, column in enumerate(self.column.type.inner):
            place = under[self.column.type.kind].format(index if self.column.type.kind == "object" else column.name)
            yield ColumnAt(f"{self.path}.{place}", self._raw(index, column.name), column)

    def _raw(self, index: int, name: str) -> Mapping[str, Any]:
        if self.column.type.kind == "object":
            return mappings(self.raw, "properties")[index]
        return (
            mapping(self.raw, "items") if self.column.type.kind == "array" else mapping(mapping(self.raw, "map"), name)
        )


def custom_path(at: ColumnAt | TableAt, name: str) -> str:
    """Where the custom property `name` of a column or table is written, or the column or table itself."""
    for index, entry in enumerate(mappings(at.raw, "customProperties")):
        if entry.get("property") == name:
            return f"{at.path}.customProperties[{index}]"
    return at.path


@dataclass(frozen=True)
class TableAt:
    """A schema object, its place in the text and its raw fields."""

    path: str
    raw: Mapping[str, Any]
    table: Table

    def columns(self) -> Iterator[ColumnAt]:
        for index, raw in enumerate(mappings(self.raw, "properties")):
            yield ColumnAt(f"{self.path}.properties[{index}]", raw, parse_column(raw, index))

    def column_names(self) -> set[str]:
        return {column.name for column in self.table.columns}


@dataclass(frozen=True)
class Subject:
    """The contract under examination; makes findings that know their line."""

    source: Source
    contract: Contract
    file: str = ""

    def tables(self) -> Iterator[TableAt]:
        raws = mappings(self.source.data, "schema")
        for index, (raw, table) in enumerate(zip(raws, self.contract.tables, strict=True)):
            yield TableAt(f"schema[{index}]", raw, table)

    def columns(self) -> Iterator[ColumnAt]:
        """Every column of every table, and all that is inside nested ones."""
        for table in self.tables():
            for at in table.columns():
                yield from _with_inside(at)

    def says(self, path: str, name: str) -> bool:
        """Whether the custom property `name` has a value at `path`, even one that the vocabulary objects to."""
        custom = self.source.get(f"{path}.customProperties")
        return isinstance(custom, list) and any(
            isinstance(entry, dict) and entry.get("property") == name and entry.get("value") for entry in custom
        )

    def error(self, rule: str, path: str, message: str, fix: str) -> Finding:
        return self.finding(rule, path, "error", message, fix)

    def warning(self, rule: str, path: str, message: str, fix: str) -> Finding:
        return self.finding(rule, path, "warning", message, fix)

    def finding(self, rule: str, path: str, severity: Severity, message: str, fix: str) -> Finding:
        return Finding(rule, path, self.source.line(path), severity, message, fix)


def _with_inside(at: ColumnAt) -> Iterator[ColumnAt]:
    yield at
    for inner in at.inside():
        yield from _with_inside(inner)
