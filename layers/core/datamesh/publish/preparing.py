"""All that a batch needs before its commit: what it does to the table as it stands, the verdict, the outcome.

What was found out is kept while it holds. Only properties of the table changed: then all of it does. Other rows are in
it: then what the batch's own files say does, and the rest is found out anew, for references, sql rules and the
profile are about the table as it would be.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pyiceberg.table import Table as IcebergTable

from datamesh.contract.profile import Profile, bounded, merged
from datamesh.events import QualityGateFailed
from datamesh.lake import layout
from datamesh.lake import table as lake
from datamesh.lake.evolution import schema_as
from datamesh.lake.files import null_counts
from datamesh.lake.table import Committed
from datamesh.publish import outcome as outcomes
from datamesh.publish.gate import Verdict, judge
from datamesh.publish.job import Engine
from datamesh.publish.manifest import Attempt
from datamesh.publish.merging import merged_into
from datamesh.publish.outcome import OUTCOME, Outcome
from datamesh.publish.plan import Plan, StagedRows, appended, staged_rows
from datamesh.publish.replace import NEWEST, replaced
from datamesh.publish.results import SliceResult, StagedFile, load
from datamesh.publish.slices import slices
from datamesh.publish.steps import Work
from datamesh.publish.whole import across, asked

__all__ = ["ATTEMPT", "Landing", "Preparation", "Prepared", "outcome_of"]

ATTEMPT = "datamesh.attempt"  # in a snapshot's summary: which attempt of its batch made it

_Shape = tuple[int, int]  # the ids of the table's schema and of its partitions


@dataclass(frozen=True)
class Landing:
    """What is left to be committed, the marks of its snapshot, and what the marks name as the outcome."""

    change: lake.Change
    marks: Mapping[str, str]
    outcome: Outcome


@dataclass(frozen=True)
class Prepared:
    """A verdict and, unless the batch is rejected, what is to land."""

    verdict: Verdict
    landing: Landing | None = None


@dataclass
class Preparation:
    """Of one attempt at a batch; `of` may be asked again, of the table as another writer left it."""

    work: Work
    _told: set[tuple[str, str | None]] = field(default_factory=set)
    _staged: dict[_Shape, list[StagedRows]] = field(default_factory=dict)
    _prepared: dict[tuple[_Shape, int | None], Prepared] = field(default_factory=dict)

    @cached_property
    def results(self) -> list[SliceResult]:
        work = self.work
        at = (work.manifest.product, work.manifest.batch_id, work.attempt)
        return [load(*at, n, s3=work.s3, bucket=work.bucket) for n in range(len(slices(work.manifest.objects)))]

    @property
    def quarantine(self) -> tuple[str, ...]:
        return tuple(key for result in self.results for key in result.quarantine)

    def of(self, table: IcebergTable) -> Prepared:
        """What the batch does to `table`. What does not hold of the data set is told before anything is committed."""
        base = (_shape(table), table.metadata.current_snapshot_id)
        if base not in self._prepared:
            self._prepared = {base: self._found_out(table)}
        return self._prepared[base]

    def _found_out(self, table: IcebergTable) -> Prepared:
        plan = self._planned(table)
        verdict = judge(
            self.work.contract.table,
            self.results,
            total_rows=plan.total_rows,
            superseded=plan.superseded,
            deleted=plan.deleted,
            doubled=across(self.work, table, plan, self.results),
            answers=asked(self.work, table, plan),
        )
        self._tell(verdict)
        return Prepared(verdict, self._landing(table, plan, verdict) if verdict.committed else None)

    def _planned(self, table: IcebergTable) -> Plan:
        contract, staged = self.work.contract.table, self._staged_rows(table)
        if contract.write_mode == "append" or not staged:  # without a row nothing is replaced, and nothing published
            return appended(table, staged)
        if contract.write_mode == "merge":
            settings = self.work.plane.settings
            engine = Engine(settings.engine_memory_mb, settings.engine_threads)
            return merged_into(table, staged, self.work.contract, engine)
        return replaced(
            table,
            staged,
            self.work.manifest,
            by_partition=contract.write_mode == "overwritePartitions",
            arrivals=lambda batch: outcome_of(self.work, batch).arrivals,
        )

    def _staged_rows(self, table: IcebergTable) -> list[StagedRows]:
        if any(result.refused for result in self.results):
            return []
        shape = _shape(table)
        if shape not in self._staged:
            self._staged[shape] = staged_rows(table, self.results)
        return self._staged[shape]

    def _landing(self, table: IcebergTable, plan: Plan, verdict: Verdict) -> Landing:
        work = self.work
        at = Attempt(product=work.manifest.product, batch_id=work.manifest.batch_id, attempt=work.attempt)
        away = layout.staging_prefix(at.product, work.contract.version.major, at.batch_id, at.attempt)
        change = plan.carried_out(table, f"s3://{work.bucket}/{away}/merged-{secrets.token_hex(4)}")
        outcome = Outcome(
            verdict=verdict,
            quarantine=self.quarantine,
            files=tuple(
                StagedFile(uri=file.file_path, rows=file.record_count, size=file.file_size_in_bytes)
                for file in change.added
            ),
            profile=_profile(work, table, plan, change, self.results),
            arrivals=plan.arrivals,
        )
        marks = {
            lake.BATCH: at.batch_id,
            OUTCOME: outcomes.save(outcome, at, s3=work.s3, bucket=work.bucket),
            NEWEST: max(plan.arrivals.values(), default=""),
            ATTEMPT: str(at.attempt),
            "datamesh.contract-version": work.manifest.contract_version,
        }
        counts = {f"datamesh.{name.replace('_', '-')}": str(n) for name, n in verdict.counts.model_dump().items()}
        return Landing(change, marks | counts, outcome)

    def _tell(self, verdict: Verdict) -> None:
        """What was told already is not told again when the verdict is found anew."""
        facts = [
            QualityGateFailed(
                product=self.work.manifest.product,
                run_id=self.work.manifest.batch_id,
                rule=check.rule,
                column=check.column,
                severity=check.severity,
            )
            for check in verdict.failed
            if (check.rule, check.column) not in self._told
        ]
        if facts:
            self.work.plane.emit(*facts, about=self.work.manifest.batch_id)
        self._told |= {(check.rule, check.column) for check in verdict.failed}


def outcome_of(work: Work, committed: Committed) -> Outcome:
    """The outcome that a snapshot names."""
    return outcomes.load(committed.marks[OUTCOME], s3=work.s3, bucket=work.bucket)


def _shape(table: IcebergTable) -> _Shape:
    return table.metadata.current_schema_id, table.metadata.default_spec_id


def _profile(
    work: Work, table: IcebergTable, plan: Plan, change: lake.Change, results: Sequence[SliceResult]
) -> Profile:
    """The profile of the table as it will be: what is known of it so far, and what the batch brings.

    Rows that go may take values with them that nobody can tell without reading the whole table: then it is a bound.
    """
    columns = work.contract.table.columns
    before = next(lake.batches(table), None)
    profile = Profile(product=work.manifest.product)
    if before and plan.total_rows > sum(r.rows_good for r in results) - plan.superseded - plan.deleted:
        profile = outcome_of(work, before).profile  # there are other rows beside those of the batch
    for result in results if change.added else ():
        profile = merged(profile, result.profile, columns)
    if profile.rows == plan.total_rows:
        return profile
    if plan.kept is None:  # rows of other writers are in the table, and nobody looked at them
        return bounded(profile, rows=plan.total_rows, nulls={})
    files = [*(rows.file for rows in plan.kept), *change.added]
    return bounded(profile, rows=plan.total_rows, nulls=null_counts(schema_as(table, work.contract), files))
