"""Quality rules: those that are carried out, and a word about those that are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datamesh.contract.fields import mappings, text
from datamesh.contract.finding import Finding
from datamesh.contract.model import Check
from datamesh.contract.quality import not_carried_out, parse_check
from datamesh.contract.rules.subject import Subject, TableAt

__all__ = ["check"]

_SEVERITIES = ("", "error", "warning")
_UNITS = ("", "rows", "percent")


def check(subject: Subject) -> Iterator[Finding]:
    for table in subject.tables():
        for path, raw, found in _written(table):
            reason = not_carried_out(found)
            if reason:
                yield subject.warning("quality.not-carried-out", path, f"this rule is not carried out: {reason}", "")
            yield from _words(subject, path, raw)
            yield from _arguments(subject, path, found, table)


def _written(table: TableAt) -> Iterator[tuple[str, Mapping[str, Any], Check]]:
    for index, raw in enumerate(mappings(table.raw, "quality")):
        yield f"{table.path}.quality[{index}]", raw, parse_check(raw, None)
    for at in table.columns():
        for index, raw in enumerate(mappings(at.raw, "quality")):
            yield f"{at.path}.quality[{index}]", raw, parse_check(raw, at.column.name)


def _words(subject: Subject, path: str, raw: Mapping[str, Any]) -> Iterator[Finding]:
    severity, unit = text(raw, "severity").lower(), text(raw, "unit")
    if severity not in _SEVERITIES:
        message = f"severity `{severity}` is read as warning"
        yield subject.warning("quality.severity", f"{path}.severity", message, "write error or warning")
    if unit not in _UNITS:
        yield subject.warning("quality.unit", f"{path}.unit", f"unit `{unit}` is read as rows", "write rows or percent")


def _arguments(subject: Subject, path: str, found: Check, table: TableAt) -> Iterator[Finding]:
    names = found.arguments.get("properties")
    for name in names if isinstance(names, list) else []:
        if name not in table.column_names():
            yield subject.error(
                "quality.arguments", f"{path}.arguments.properties", f"there is no column `{name}`", "name columns"
            )
