"""The data-set gate: what is known of a batch's slices becomes one verdict. Pure.

Reasons beside those of the rules:

    empty-file              there was not one row
    nothing-to-publish      not one row was good
    maxQuarantinedPercent   more rows were bad than the contract allows
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datamesh.contract.model import Check, Severity, Table
from datamesh.events import Reason
from datamesh.publish.ledger.model import Counts
from datamesh.publish.results import SliceResult
from datamesh.publish.rules import Rule, rules

__all__ = ["MAX_REASONS", "FailedCheck", "Verdict", "judge"]

MAX_REASONS = 100  # what an event and a state machine's payload carry


@dataclass(frozen=True)
class FailedCheck:
    """A rule about the whole data set that does not hold."""

    rule: str
    column: str | None
    severity: Severity


@dataclass(frozen=True)
class Verdict:
    """`counts` are those of a commit; of a rejected batch nothing is published. `reasons` include the warnings."""

    committed: bool
    counts: Counts
    reasons: tuple[Reason, ...]
    failed: tuple[FailedCheck, ...] = ()


@dataclass(frozen=True)
class _Seen:
    rules: tuple[Rule, ...]
    hits: tuple[int, ...]
    doubled: Mapping[int, int]
    counts: Counts
    rows_before: int

    @property
    def looked_at(self) -> int:
        return self.counts.rows_published + self.counts.rows_quarantined


def judge(
    table: Table, results: Sequence[SliceResult], *, rows_before: int, doubled: Mapping[int, int] | None = None
) -> Verdict:
    """May the batch be published? `rows_before` are those that stay in the table beside its own.

    `doubled` counts, by rule number, the rows that repeat a key anywhere in the batch, where it has several slices.
    """
    counts = Counts(
        rows_in=sum(r.rows_in for r in results),
        rows_published=sum(r.rows_good for r in results),
        rows_quarantined=sum(r.rows_bad for r in results),
        rows_superseded=sum(r.rows_superseded for r in results),
    )
    refused = [reason for r in results for reason in r.refused]
    if refused:
        return Verdict(False, _nothing_of(counts), _bounded(refused))
    seen = _Seen(rules(table), _added(results), doubled or {}, counts, rows_before)
    failed = _failed_checks(table, seen)
    fatal = _totals(table, seen) + _across(seen) + [reason for check, reason in failed if check.severity == "error"]
    warnings = [reason for check, reason in failed if check.severity == "warning"]
    reasons = _bounded([*fatal, *_of_rows(seen), *warnings, *(note for r in results for note in r.notes)])
    return Verdict(not fatal, _nothing_of(counts) if fatal else counts, reasons, tuple(check for check, _ in failed))


def _added(results: Sequence[SliceResult]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*(r.hits for r in results), strict=True))


def _nothing_of(counts: Counts) -> Counts:
    return counts.model_copy(update={"rows_published": 0})


def _totals(table: Table, seen: _Seen) -> list[Reason]:
    bad = seen.counts.rows_quarantined
    if not seen.looked_at:
        return [Reason(rule="empty-file")]
    if not seen.counts.rows_published:
        return [Reason(rule="nothing-to-publish", rows=bad)]
    if 100 * bad > table.thresholds.max_quarantined_percent * seen.looked_at:
        return [Reason(rule="maxQuarantinedPercent", rows=bad)]
    return []


def _of_rows(seen: _Seen) -> list[Reason]:
    return [
        Reason(rule=rule.rule, column=rule.column, rows=count)
        for rule, count in zip(seen.rules, seen.hits, strict=True)
        if count and rule.effect != "measure"
    ]


def _across(seen: _Seen) -> list[Reason]:
    """Within a slice repeated rows are in quarantine; across slices that comes too late, and the batch is rejected."""
    return [
        Reason(rule=rule.rule, column=rule.column, rows=seen.doubled[rule.number])
        for rule in seen.rules
        if rule.effect == "quarantine" and seen.doubled.get(rule.number)
    ]


def _failed_checks(table: Table, seen: _Seen) -> list[tuple[FailedCheck, Reason]]:
    total = seen.rows_before + seen.counts.rows_published
    measured = [(check, total, total) for check in table.checks if check.metric == "rowCount"]
    for rule in seen.rules:
        if rule.check is not None and rule.effect == "measure":
            rows = seen.doubled.get(rule.number, seen.hits[rule.number])
            measured.append((rule.check, rows, seen.counts.rows_published if rule.keys else seen.looked_at))
    return [
        (FailedCheck(check.rule, check.column, check.severity), Reason(rule=check.rule, column=check.column, rows=rows))
        for check, rows, of in measured
        if not _holds(check, 100 * rows / of if check.unit == "percent" and of else rows)
    ]


def _holds(check: Check, value: float) -> bool:
    """True when the value is as it must be, or the rule has no operator: lint has said that it is not carried out."""
    limit: Any = check.threshold
    holds: dict[str, Callable[[], bool]] = {
        "mustBe": lambda: value == limit,
        "mustNotBe": lambda: value != limit,
        "mustBeGreaterThan": lambda: value > limit,
        "mustBeGreaterOrEqualTo": lambda: value >= limit,
        "mustBeLessThan": lambda: value < limit,
        "mustBeLessOrEqualTo": lambda: value <= limit,
        "mustBeBetween": lambda: limit[0] <= value <= limit[1],
        "mustNotBeBetween": lambda: not limit[0] <= value <= limit[1],
    }
    return check.operator is None or holds[check.operator]()


def _bounded(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The same reason once, its rows added up; the first ones where they are many."""
    rows: dict[tuple[str, str | None], int] = {}
    for reason in reasons:
        at = (reason.rule, reason.column)
        rows[at] = rows.get(at, 0) + reason.rows
    merged = [Reason(rule=rule, column=column, rows=count) for (rule, column), count in rows.items()]
    return tuple(merged[:MAX_REASONS])
