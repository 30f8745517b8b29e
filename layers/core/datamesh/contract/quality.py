"""The contract's own quality rules (`quality` of ODCS) as checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datamesh.contract.fields import mapping, mappings, text
from datamesh.contract.model import Check

__all__ = ["METRICS", "OPERATORS", "not_carried_out", "parse_check", "parse_checks"]

METRICS = ("nullValues", "missingValues", "invalidValues", "duplicateValues", "rowCount")
OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)


def parse_checks(raw: Mapping[str, Any], column: str | None) -> tuple[Check, ...]:
    return tuple(parse_check(item, column) for item in mappings(raw, "quality"))


def parse_check(raw: Mapping[str, Any], column: str | None) -> Check:
    """One quality rule. Its name is its id, else its metric, else its name; its severity is error when left out."""
    kind = text(raw, "type") or "library"
    metric = (text(raw, "metric") or text(raw, "rule")) if kind == "library" else ""
    operator = next((o for o in OPERATORS if o in raw), None)
    severity = text(raw, "severity").lower()
    return Check(
        rule=text(raw, "id") or metric or text(raw, "name") or kind,
        kind=kind if kind in ("sql", "text", "custom") else "library",  # type: ignore[arg-type]
        severity="error" if severity in ("", "error") else "warning",
        column=column,
        metric=metric or None,
        operator=operator,
        threshold=raw.get(operator) if operator else None,
        unit="percent" if text(raw, "unit") in ("percent", "%") else "rows",
        arguments=mapping(raw, "arguments"),
        query=text(raw, "query") or None,
        description=text(raw, "description") or text(raw, "name"),
    )


def not_carried_out(check: Check) -> str | None:
    """Why publishing leaves this rule alone, or None when it is carried out. Lint says it; nothing is skipped silently.

    A `text` rule is prose: there is nothing to carry out.
    """
    if check.kind in ("sql", "custom"):
        return f"rules of type {check.kind} are not supported yet"
    return _library_problem(check) if check.kind == "library" else None


def _library_problem(check: Check) -> str | None:
    if check.metric not in METRICS:
        return f"`{check.metric}` is no metric of ODCS"
    if check.operator is None:
        return "it has no operator, such as mustBe"
    if check.column is not None:
        return "rowCount belongs to the table" if check.metric == "rowCount" else None
    if check.metric == "duplicateValues" and not check.arguments.get("properties"):
        return "duplicateValues of a table needs arguments.properties"
    return None if check.metric in ("rowCount", "duplicateValues") else f"{check.metric} belongs to a column"
