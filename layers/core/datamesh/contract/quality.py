"""The contract's own quality rules (`quality` of ODCS) as checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from datamesh.contract.fields import mapping, mappings, text
from datamesh.contract.model import Check

__all__ = [
    "METRICS",
    "OPERATORS",
    "allows_none",
    "holds",
    "is_threshold",
    "not_carried_out",
    "parse_check",
    "parse_checks",
]

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
# ODCS v3.0 has `rule` where later versions have `metric`, and other names. Its nullCheck needs no operator.
_FORMERLY = {
    "nullCheck": "nullValues",
    "validValues": "invalidValues",
    "duplicateCount": "duplicateValues",
    "countCheck": "rowCount",
}
_NONE_ALLOWED = ("nullCheck", "validValues")


def parse_checks(raw: Mapping[str, Any], column: str | None) -> tuple[Check, ...]:
    return tuple(parse_check(item, column) for item in mappings(raw, "quality"))


def parse_check(raw: Mapping[str, Any], column: str | None) -> Check:
    """One quality rule. Its name is its id, else its metric, else its name; its severity is error when left out."""
    kind = text(raw, "type") or "library"
    written = (text(raw, "metric") or text(raw, "rule")) if kind == "library" else ""
    metric = _FORMERLY.get(written, written)
    operator, threshold = _comparison(raw, written)
    severity = text(raw, "severity").lower()
    return Check(
        rule=text(raw, "id") or metric or text(raw, "name") or kind,
        kind=kind if kind in ("sql", "text", "custom") else "library",  # type: ignore[arg-type]
        severity="error" if severity in ("", "error") else "warning",
        column=column,
        metric=metric or None,
        operator=operator,
        threshold=threshold,
        unit="percent" if text(raw, "unit") in ("percent", "%") and metric != "rowCount" else "rows",
        arguments=mapping(raw, "arguments"),
        query=text(raw, "query") or None,
        description=text(raw, "description") or text(raw, "name"),
    )


def _comparison(raw: Mapping[str, Any], written: str) -> tuple[str | None, Any]:
    operator = next((o for o in OPERATORS if o in raw), None)
    if operator is None and written in _NONE_ALLOWED:
        return "mustBe", 0
    return operator, raw.get(operator) if operator else None


def holds(check: Check, value: float) -> bool:
    """Whether `value` is as the check wants it. The check has an operator and a threshold that is one."""
    limit: Any = check.threshold
    compare: dict[str, Callable[[], bool]] = {
        "mustBe": lambda: value == limit,
        "mustNotBe": lambda: value != limit,
        "mustBeGreaterThan": lambda: value > limit,
        "mustBeGreaterOrEqualTo": lambda: value >= limit,
        "mustBeLessThan": lambda: value < limit,
        "mustBeLessOrEqualTo": lambda: value <= limit,
        "mustBeBetween": lambda: limit[0] <= value <= limit[1],
        "mustNotBeBetween": lambda: not limit[0] <= value <= limit[1],
    }
    return compare[str(check.operator)]()


def is_threshold(operator: str, value: Any) -> bool:
    """Whether `operator` can compare a number with `value`: a number, or for Between two, the smaller first."""
    if operator.endswith("Between"):
        return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] <= value[1]
    return _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def allows_none(check: Check) -> bool:
    """True where no row at all may break the rule, so that each that does is a bad row by itself."""
    if not_carried_out(check):
        return False
    if check.unit == "percent":  # any share above none is too much
        return (check.operator, check.threshold) in (("mustBe", 0), ("mustBeLessOrEqualTo", 0))
    least = {"mustBe": 0, "mustBeLessThan": 1, "mustBeLessOrEqualTo": 0}
    return check.operator in least and check.threshold == least[check.operator]


def not_carried_out(check: Check) -> str | None:
    """Why publishing leaves this rule alone, or None when it is carried out. Lint says it; nothing is skipped silently.

    A `text` rule is prose: there is nothing to carry out.
    """
    if check.kind == "custom":
        return "rules of type custom are for engines of their own"
    return None if check.kind == "text" else _nothing_to_ask(check) or _nothing_to_compare(check) or _misplaced(check)


def _nothing_to_ask(check: Check) -> str | None:
    if check.kind == "sql":
        return None if check.query else "it has no query"
    return None if check.metric in METRICS else f"`{check.metric}` is no metric of ODCS"


def _nothing_to_compare(check: Check) -> str | None:
    if check.operator is None:
        return "it has no operator, such as mustBe"
    if not is_threshold(check.operator, check.threshold):
        return "its threshold is nothing to compare a number with"
    return None


def _misplaced(check: Check) -> str | None:
    if check.kind == "sql":
        return None
    if check.column is not None:
        return "rowCount belongs to the table" if check.metric == "rowCount" else None
    if check.metric == "duplicateValues" and not check.arguments.get("properties"):
        return "duplicateValues of a table needs arguments.properties"
    return None if check.metric in ("rowCount", "duplicateValues") else f"{check.metric} belongs to a column"
