"""The data-set gate: what is known of a batch's slices becomes one verdict. Pure.

Reasons beside those of the rules:

    empty-file              there was not one row
    nothing-to-publish      not one row was good
    maxQuarantinedPercent   more rows were bad than the contract allows, by share
    maxQuarantinedRows      and by number

Shares: of the rows that were read where a rule is about rows, of those that are published where it is about keys. A
share of no rows is 0 percent.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from datamesh.contract.model import Check, Severity, Table
from datamesh.contract.quality import holds, not_carried_out
from datamesh.events import Reason
from datamesh.publish.findings import Finding, Status, of_check, outcome
from datamesh.publish.ledger.model import Counts
from datamesh.publish.results import SliceResult
from datamesh.publish.rules import Rule, rules

__all__ = ["MAX_REASONS", "Verdict", "judge"]

MAX_REASONS = 100  # what an event and a state machine's payload carry,
_MAX_CHARACTERS = 60_000  # however long the names in them are


@dataclass(frozen=True)
class Verdict:
    """`counts` are those of a commit, or of a batch that is rejected whole. `reasons` include the warnings.

    `findings` are about all rules that were looked at; of a batch with a file that could not be read, about none.
    """

    committed: bool
    counts: Counts
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """What does not hold of the data set as a whole."""
        return tuple(finding for finding in self.findings if finding.failed and finding.about == "batch")


@dataclass(frozen=True)
class _Seen:
    rules: tuple[Rule, ...]
    hits: tuple[int, ...]
    doubled: Mapping[int, int]
    counts: Counts
    rows_good: int
    total_rows: int
    answers: Mapping[int, float | None]
    unasked: Container[int]
    skipped: Container[int]

    @property
    def looked_at(self) -> int:
        return self.rows_good + self.counts.rows_quarantined

    def rows(self, rule: Rule) -> int:
        return self.doubled.get(rule.number, self.hits[rule.number])


def judge(
    table: Table,
    results: Sequence[SliceResult],
    *,
    total_rows: int,
    superseded: int = 0,
    deleted: int = 0,
    doubled: Mapping[int, int] | None = None,
    answers: Mapping[int, float | None] | None = None,
    skipped: Container[int] = (),
) -> Verdict:
    """May the batch be published? `total_rows` are those of the table as it would be.

    `superseded` and `deleted` are good rows that are not published: newer ones take their place, or they end others.
    `doubled` counts, by rule number, the rows that repeat a key, or refer to nothing, anywhere in the batch, where it
    has several slices. `skipped` are rules, by number, at which nobody looked.
    `answers` are those of the sql rules that were asked (asking.py): one without an answer does not hold.
    """
    counts = Counts(
        rows_in=sum(r.rows_in for r in results),
        rows_published=sum(r.rows_good for r in results) - superseded - deleted,
        rows_quarantined=sum(r.rows_bad for r in results),
        rows_superseded=sum(r.rows_superseded for r in results) + superseded,
        rows_deleted=deleted,
    )
    refused = [reason for r in results for reason in r.refused]
    if refused:
        return Verdict(False, _nothing_of(counts), _bounded(refused))
    good = sum(r.rows_good for r in results)
    more = (answers or {}, _unasked(results), skipped)
    seen = _Seen(rules(table), _added(results), doubled or {}, counts, good, total_rows, *more)
    checked, limits = _checked(table, seen), _limits(table, seen)
    fatal = [*(_nothing(seen) or _failures(limits, "error")), *_across(seen), *_failures(checked, "error")]
    warnings = [*_failures(checked, "warning"), *(note for r in results for note in r.notes)]
    reasons = _bounded([*fatal, *_of_rows(seen), *warnings])
    findings = (*_row_findings(seen), *_not_looked_at(table), *checked, *limits)
    return Verdict(not fatal, _nothing_of(counts) if fatal else counts, reasons, findings)


def _added(results: Sequence[SliceResult]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*(r.hits for r in results), strict=True))


def _unasked(results: Sequence[SliceResult]) -> frozenset[int]:
    return frozenset(number for result in results for number in result.unasked)


def _nothing_of(counts: Counts) -> Counts:
    """What is not in quarantine is rejected: nothing took the place of anything."""
    good = counts.rows_in - counts.rows_quarantined
    return Counts(rows_in=counts.rows_in, rows_quarantined=counts.rows_quarantined, rows_rejected=good)


def _nothing(seen: _Seen) -> list[Reason]:
    if not seen.looked_at:
        return [Reason(rule="empty-file")]
    return [] if seen.rows_good else [Reason(rule="nothing-to-publish", rows=seen.counts.rows_quarantined)]


def _limits(table: Table, seen: _Seen) -> list[Finding]:
    """How many rows may be bad before the batch is rejected whole."""
    bad, limits = seen.counts.rows_quarantined, table.thresholds
    found = [_limit("percent", limits.max_quarantined_percent, _percent(bad, seen.looked_at), seen)]
    if limits.max_quarantined_rows is not None:
        found.append(_limit("rows", limits.max_quarantined_rows, float(bad), seen))
    return found


def _limit(unit: Literal["rows", "percent"], limit: float, value: float, seen: _Seen) -> Finding:
    return Finding(
        rule=f"maxQuarantined{unit.capitalize()}",
        kind="threshold",
        about="batch",
        severity="error",
        status=outcome("error", holds=value <= limit),
        rows=seen.counts.rows_quarantined,
        of=seen.looked_at,
        value=value,
        operator="mustBeLessOrEqualTo",
        threshold=limit,
        unit=unit,
    )


def _percent(rows: int, of: int) -> float:
    return 100 * rows / of if of else 0.0


def _of_rows(seen: _Seen) -> list[Reason]:
    return [
        Reason(rule=rule.rule, column=rule.column, rows=count)
        for rule in seen.rules
        if rule.effect in ("quarantine", "warn")
        and (count := seen.rows(rule) if rule.effect == "warn" else seen.hits[rule.number])
    ]


def _across(seen: _Seen) -> list[Reason]:
    """Within a slice such rows are in quarantine; across slices that comes too late, and the batch is rejected.

    So it is where nobody could tell which rows are to be sent away.
    """
    return [
        Reason(rule=rule.rule, column=rule.column, rows=seen.doubled.get(rule.number, 0))
        for rule in seen.rules
        if rule.effect == "quarantine" and (seen.doubled.get(rule.number) or rule.number in seen.unasked)
    ]


def _row_findings(seen: _Seen) -> list[Finding]:
    """Of the rules that send a row to quarantine, or count it as a warning."""
    return [_row_finding(rule, seen) for rule in seen.rules if rule.effect in ("quarantine", "warn")]


def _row_finding(rule: Rule, seen: _Seen) -> Finding:
    severity: Severity = "error" if rule.effect == "quarantine" else "warning"
    rows, of = seen.rows(rule), seen.looked_at
    status = outcome(severity, holds=not rows)
    if rule.check is not None:
        return of_check(rule.check, status, about="rows", rows=rows, of=of)
    found = Finding(
        rule=rule.rule,
        name=rule.refers.name if rule.refers else "",
        column=rule.column,
        kind="relationship" if rule.refers else "builtIn",
        about="rows",
        severity=severity,
        status=status,
        rows=rows,
        of=of,
    )
    if rule.number in seen.skipped or rule.number in seen.unasked:
        ended: Status = "error" if rule.number in seen.unasked else "skipped"
        return found.model_copy(update={"status": ended, "rows": None, "of": None})
    return found


def _not_looked_at(table: Table) -> list[Finding]:
    """References to another domain's table, and those of which the contract wants to know nothing."""
    return [
        Finding(
            rule="relationship",
            name=to.name,
            column=to.column,
            kind="relationship",
            about="rows",
            severity="warning",
            status="skipped",
        )
        for to in table.relationships
        if to.severity is None
    ]


def _checked(table: Table, seen: _Seen) -> list[Finding]:
    """Of the contract's rules about the data set: measured, and compared."""
    by_check = {id(rule.check): rule for rule in seen.rules if rule.check is not None}
    found = []
    for place, check in enumerate(table.all_checks):
        rule = by_check.get(id(check))
        if rule is not None and rule.effect != "measure":
            continue  # it is about rows
        if rule is not None:
            found.append(_compared(check, seen.rows(rule), seen.rows_good if rule.keys else seen.looked_at))
        elif check.metric == "rowCount":
            found.append(_compared(check, seen.total_rows, seen.total_rows))
        elif place in seen.answers:
            found.append(_answered(check, seen.answers[place]))
        elif check.kind != "text":
            found.append(of_check(check, "skipped"))
    return found


def _compared(check: Check, rows: int, of: int) -> Finding:
    if not_carried_out(check):
        return of_check(check, "skipped")
    value = _percent(rows, of) if check.unit == "percent" else float(rows)
    return of_check(check, outcome(check.severity, holds=holds(check, value)), rows=rows, of=of, value=value)


def _answered(check: Check, value: float | None) -> Finding:
    if value is None:
        return of_check(check, "error")
    return of_check(check, outcome(check.severity, holds=holds(check, value)), value=float(value))


def _failures(findings: Iterable[Finding], severity: Severity) -> list[Reason]:
    chosen = [finding for finding in findings if finding.failed and finding.severity == severity]
    return [Reason(rule=finding.rule, column=finding.column, rows=finding.rows or 0) for finding in chosen]


def _bounded(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The same reason once, its rows added up; the first ones where they are many."""
    rows: dict[tuple[str, str | None], int] = {}
    for reason in reasons:
        at = (reason.rule, reason.column)
        rows[at] = rows.get(at, 0) + reason.rows
    kept: list[Reason] = []
    room = _MAX_CHARACTERS
    for (rule, column), count in rows.items():
        room -= len(rule) + len(column or "")
        if room < 0 or len(kept) == MAX_REASONS:
            break
        kept.append(Reason(rule=rule, column=column, rows=count))
    return tuple(kept)
