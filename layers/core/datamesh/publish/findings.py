"""What a batch's rules found, rule by rule: data, written into its run record. Pure.

A finding holds counts and what the contract itself says, never a value of a row.

    passed    it holds
    failed    it does not: rows are in quarantine, or the batch was rejected
    warning   it does not, and its severity is warning
    error     it could not be carried out: a query that failed, a table that lacks a column
    skipped   it was not looked at
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from datamesh.contract.model import Check, Severity

__all__ = ["About", "Finding", "Kind", "Status", "of_check", "outcome"]

About = Literal["rows", "batch"]
Kind = Literal["builtIn", "library", "sql", "custom", "relationship", "threshold"]
Status = Literal["passed", "failed", "warning", "error", "skipped"]


class Finding(BaseModel):
    """One rule and what became of it.

    `name` is what the contract calls it beside its `rule`: a relationship's id. `rows` broke it (or, of rowCount, are
    there), `of` as many were looked at. `value` is what was compared with `threshold` by `operator`, in `unit`.
    A rule `about` rows is asked of each; what breaks it is sent away or counted. One about the batch is asked once.
    """

    model_config = ConfigDict(frozen=True)

    rule: str
    name: str = ""
    column: str | None = None
    kind: Kind
    about: About
    severity: Severity
    status: Status
    rows: int | None = None
    of: int | None = None
    value: float | None = None
    operator: str | None = None
    threshold: Any = None
    unit: Literal["rows", "percent"] | None = None

    @property
    def failed(self) -> bool:
        """It does not hold, or nobody knows whether it does; its severity says what follows."""
        return self.status in ("failed", "warning", "error")


def outcome(severity: Severity, *, holds: bool) -> Status:
    if holds:
        return "passed"
    return "failed" if severity == "error" else "warning"


def of_check(check: Check, status: Status, *, about: About = "batch", **counted: Any) -> Finding:
    """The finding of a rule that stands in the contract's `quality`."""
    return Finding(
        rule=check.rule,
        column=check.column,
        kind="library" if check.kind == "text" else check.kind,
        about=about,
        severity=check.severity,
        status=status,
        operator=check.operator,
        threshold=check.threshold,
        unit=check.unit if check.kind == "library" else None,
        **counted,
    )
