"""Quality rules: those that are carried out, and a word about those that are not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datamesh.contract.fields import mappings, text
from datamesh.contract.finding import Finding
from datamesh.contract.model import Check
from datamesh.contract.quality import is_threshold, not_carried_out, parse_check
from datamesh.contract.rules.options import pattern_problem
from datamesh.contract.rules.subject import Subject, TableAt
from datamesh.contract.values import holds

__all__ = ["check"]

_SEVERITIES = ("", "error", "warning")
_UNITS = ("", "rows", "percent")


def check(subject: Subject) -> Iterator[Finding]:
    for table in subject.tables():
        for path, raw, found in _written(table):
            reason = not_carried_out(found)
            if reason and not _has_a_wrong_threshold(found):
                message = f"this rule is not carried out: {reason}"
                fix = "see Rules of quality in docs/contract.md"
                yield subject.warning("quality.not-carried-out", path, message, fix)
            if found.kind == "sql" and not reason:
                yield from _query(subject, path, found, table)
            yield from _words(subject, path, raw)
            yield from _arguments(subject, path, found, table)


def _written(table: TableAt) -> Iterator[tuple[str, Mapping[str, Any], Check]]:
    for index, raw in enumerate(mappings(table.raw, "quality")):
        yield f"{table.path}.quality[{index}]", raw, parse_check(raw, None)
    for at in table.columns():
        for index, raw in enumerate(mappings(at.raw, "quality")):
            yield f"{at.path}.quality[{index}]", raw, parse_check(raw, at.column.name)


def _query(subject: Subject, path: str, found: Check, table: TableAt) -> Iterator[Finding]:
    from datamesh.contract.sqlrule import problem  # noqa: PLC0415 (few contracts have such rules, and it needs the engine)

    if reason := problem(found, table.table):
        yield subject.error("quality.sql", f"{path}.query", reason, "see Rules of quality in docs/contract.md")


def _words(subject: Subject, path: str, raw: Mapping[str, Any]) -> Iterator[Finding]:
    severity, unit = text(raw, "severity").lower(), text(raw, "unit")
    if severity not in _SEVERITIES:
        message = f"severity `{severity}` is read as warning"
        yield subject.warning("quality.severity", f"{path}.severity", message, "write error or warning")
    if unit not in _UNITS:
        yield subject.warning("quality.unit", f"{path}.unit", f"unit `{unit}` is read as rows", "write rows or percent")
    if unit == "percent" and "rowCount" in (text(raw, "metric"), text(raw, "rule")):
        message = "a count of rows is no share of anything: it is read as rows"
        yield subject.warning("quality.unit", f"{path}.unit", message, "leave the unit out")
    if text(raw, "schedule") or text(raw, "scheduler"):
        message = "it is carried out with every batch; no schedule is kept here"
        at = "schedule" if "schedule" in raw else "scheduler"
        yield subject.warning("quality.schedule", f"{path}.{at}", message, "leave it out")


def _arguments(subject: Subject, path: str, found: Check, table: TableAt) -> Iterator[Finding]:
    for name, problem in _argument_problems(found, table):
        yield subject.error("quality.arguments", f"{path}.arguments.{name}", problem, "see docs/contract.md")
    if _has_a_wrong_threshold(found):
        fix = "write a number, or for Between two numbers, the smaller first"
        message = f"`{found.threshold}` is nothing to compare a number with"
        yield subject.error("quality.threshold", f"{path}.{found.operator}", message, fix)


def _argument_problems(found: Check, table: TableAt) -> Iterator[tuple[str, str]]:
    """What is wrong with the arguments of a metric: the argument, and why."""
    for name in ("properties", "validValues", "missingValues"):
        if name in found.arguments and not isinstance(found.arguments[name], list):
            yield name, "this must be a list"
            return
    for name in found.arguments.get("properties", []):
        if not isinstance(name, str) or name not in table.column_names():
            yield "properties", f"there is no column `{name}`"
    column = table.table.column(found.column) if found.column else None
    for value in found.arguments.get("validValues", []):
        if column and value is not None and not holds(column.type, value):
            yield "validValues", f"`{value}` is no {column.type.kind}"
    pattern = found.arguments.get("pattern")
    problem = pattern_problem(pattern) if isinstance(pattern, str) else None
    if problem or not isinstance(pattern, str | None):
        yield "pattern", problem or "this must be text"


def _has_a_wrong_threshold(found: Check) -> bool:
    compares = found.kind in ("library", "sql") and found.operator is not None
    return compares and not is_threshold(str(found.operator), found.threshold)
