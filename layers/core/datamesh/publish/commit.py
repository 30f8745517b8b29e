"""The last step of a batch's data: through the gate, into the table with one commit, into the ledger.

    1  the plan                       what the batch does to the table as it stands (plan.py), and the verdict on it
    2  the files                      what is written anew: inside the attempt's own part of the table's data path
    3  the outcome                    counts, what each rule found, profile, written down (outcome.py)
    4  one Iceberg commit             on top of the snapshot that was planned for, naming batch and outcome
    5  the profile of the snapshot    as the outcome has it
    6  the run record                 all that is known of the run
    7  the ledger                     only now does the batch count as committed

A crash before 4 is gone over from the start, with a plan of its own: another writer may have committed meanwhile.
After it the table has the batch, and the rest follows from the outcome that its snapshot names.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from pyiceberg.table import Table as IcebergTable

from datamesh.contract.profile import Profile, bounded, merged
from datamesh.events import QualityGateFailed, Reason
from datamesh.lake import layout
from datamesh.lake import table as lake
from datamesh.lake.evolution import schema_as
from datamesh.lake.files import null_counts
from datamesh.lake.table import Committed
from datamesh.publish import outcome as outcomes
from datamesh.publish import record as records
from datamesh.publish.endings import standing
from datamesh.publish.gate import Verdict, judge
from datamesh.publish.job import Engine
from datamesh.publish.manifest import Attempt
from datamesh.publish.merging import merged_into
from datamesh.publish.outcome import OUTCOME, Outcome
from datamesh.publish.plan import Plan, appended, staged_rows
from datamesh.publish.plane import Plane
from datamesh.publish.replace import NEWEST, replaced
from datamesh.publish.results import SliceResult, StagedFile, load
from datamesh.publish.slices import slices
from datamesh.publish.steps import Work, begin
from datamesh.publish.whole import across, asked

__all__ = ["Cataloged", "catalog"]

_ATTEMPT = "datamesh.attempt"  # in a snapshot's summary: which attempt of its batch made it


class Cataloged(BaseModel):
    """The answer to the state machine, and what the metrics count: of a rejected batch, no rows."""

    model_config = ConfigDict(frozen=True)

    verdict: Literal["committed", "rejected"]
    status: Literal["published", "partial", "rejected"]
    snapshot_id: int | None = None
    sequence: int | None = None
    reasons: tuple[Reason, ...] = ()
    rows_published: int = 0
    rows_quarantined: int = 0


def catalog(plane: Plane, *, product: str, batch_id: str, attempt: int) -> Cataloged:
    """Publishes the good rows of a batch, or rejects it. Raises CommitConflict or CommitStateUnknown: try again."""
    with begin(plane, "catalog_product", product=product, batch_id=batch_id, attempt=attempt) as work:
        table = lake.load(work.manifest.database, work.manifest.table)
        landed = lake.find_batch(table, batch_id)
        if landed is not None:
            return _recorded(work, landed, _outcome_of(work, landed))
        results = _results(work)
        plan = _planned(work, table, results)
        verdict = judge(
            work.contract.table,
            results,
            total_rows=plan.total_rows,
            superseded=plan.superseded,
            deleted=plan.deleted,
            doubled=across(work, table, plan, results),
            answers=asked(work, table, plan),
        )
        _tell(work, verdict)
        if not verdict.committed:
            return _rejected(work, results, verdict)
        return _recorded(work, *_commit(work, table, plan, results, verdict))


def _results(work: Work) -> list[SliceResult]:
    at = (work.manifest.product, work.manifest.batch_id, work.attempt)
    return [load(*at, n, s3=work.s3, bucket=work.bucket) for n in range(len(slices(work.manifest.objects)))]


def _planned(work: Work, table: IcebergTable, results: Sequence[SliceResult]) -> Plan:
    contract = work.contract.table
    staged = [] if any(result.refused for result in results) else staged_rows(table, results)
    if contract.write_mode == "append" or not staged:  # without a row nothing is replaced, and nothing published
        return appended(table, staged)
    if contract.write_mode == "merge":
        return merged_into(table, staged, work.contract, _engine(work))
    by_partition = contract.write_mode == "overwritePartitions"
    return replaced(
        table,
        staged,
        work.manifest,
        by_partition=by_partition,
        arrivals=lambda batch: _outcome_of(work, batch).arrivals,
    )


def _engine(work: Work) -> Engine:
    return Engine(work.plane.settings.engine_memory_mb, work.plane.settings.engine_threads)


def _commit(
    work: Work, table: IcebergTable, plan: Plan, results: Sequence[SliceResult], verdict: Verdict
) -> tuple[Committed, Outcome]:
    at = Attempt(product=work.manifest.product, batch_id=work.manifest.batch_id, attempt=work.attempt)
    away = layout.staging_prefix(at.product, work.contract.version.major, at.batch_id, at.attempt)
    change = plan.carried_out(table, f"s3://{work.bucket}/{away}/merged-{secrets.token_hex(4)}")
    outcome = Outcome(
        verdict=verdict,
        quarantine=_quarantine(results),
        files=tuple(
            StagedFile(uri=file.file_path, rows=file.record_count, size=file.file_size_in_bytes)
            for file in change.added
        ),
        profile=_profile(work, table, plan, change, results),
        arrivals=plan.arrivals,
    )
    marks = {
        lake.BATCH: at.batch_id,
        OUTCOME: outcomes.save(outcome, at, s3=work.s3, bucket=work.bucket),
        NEWEST: max(plan.arrivals.values(), default=""),
        _ATTEMPT: str(at.attempt),
        "datamesh.contract-version": work.manifest.contract_version,
    }
    counts = {f"datamesh.{name.replace('_', '-')}": str(n) for name, n in verdict.counts.model_dump().items()}
    committed = lake.commit(table, change, marks=marks | counts)
    ours = committed.marks.get(OUTCOME) == marks[OUTCOME]  # else another invocation of this attempt came first
    return committed, outcome if ours else _outcome_of(work, committed)


def _outcome_of(work: Work, committed: Committed) -> Outcome:
    return outcomes.load(committed.marks[OUTCOME], s3=work.s3, bucket=work.bucket)


def _rejected(work: Work, results: Sequence[SliceResult], verdict: Verdict) -> Cataloged:
    work.verdict = "rejected"
    work.detail |= verdict.counts.model_dump()
    record_key = _put_record(work, verdict, status="rejected", attempt=work.attempt, quarantine=_quarantine(results))
    work.plane.ledger.rejected(
        work.manifest.product,
        work.manifest.batch_id,
        reasons=verdict.reasons,
        attempt=work.attempt,
        counts=verdict.counts,
        record_key=record_key,
    )
    return Cataloged(verdict="rejected", status="rejected", reasons=verdict.reasons)


def _recorded(work: Work, committed: Committed, outcome: Outcome) -> Cataloged:
    verdict, counts = outcome.verdict, outcome.verdict.counts
    work.detail |= counts.model_dump() | {"snapshot_id": committed.snapshot_id}
    status: Literal["published", "partial"] = "partial" if counts.rows_quarantined else "published"
    profile_key = _put_profile(work, committed, outcome.profile)
    landed: dict[str, Any] = {
        "snapshot_id": committed.snapshot_id,
        "sequence": committed.sequence,
        "total_rows": committed.total_rows,
        "profile_key": profile_key,
    }
    record_key = _put_record(
        work,
        verdict,
        status=status,
        attempt=int(committed.marks[_ATTEMPT]),
        quarantine=outcome.quarantine,
        files=outcome.files,
        **landed,
    )
    work.plane.ledger.committed(
        work.manifest.product,
        work.manifest.batch_id,
        counts=counts,
        reasons=verdict.reasons,
        record_key=record_key,
        **landed,
    )
    return Cataloged(
        verdict="committed",
        status=status,
        rows_published=counts.rows_published,
        rows_quarantined=counts.rows_quarantined,
        snapshot_id=committed.snapshot_id,
        sequence=committed.sequence,
        reasons=verdict.reasons,
    )


def _put_record(work: Work, verdict: Verdict, **end: Any) -> str:
    return records.save(
        standing(work.plane, work.manifest.product, work.manifest.batch_id),
        at=work.plane.now(),
        s3=work.s3,
        bucket=work.bucket,
        counts=verdict.counts,
        reasons=verdict.reasons,
        findings=verdict.findings,
        **end,
    )


def _quarantine(results: Sequence[SliceResult]) -> tuple[str, ...]:
    return tuple(key for result in results for key in result.quarantine)


def _tell(work: Work, verdict: Verdict) -> None:
    facts = [
        QualityGateFailed(
            product=work.manifest.product,
            run_id=work.manifest.batch_id,
            rule=check.rule,
            column=check.column,
            severity=check.severity,
        )
        for check in verdict.failed
    ]
    if facts:
        work.plane.emit(*facts, about=work.manifest.batch_id)


def _put_profile(work: Work, committed: Committed, profile: Profile) -> str:
    key = layout.profile_key(work.manifest.product, committed.snapshot_id)
    body = profile.model_copy(update={"snapshot_id": committed.snapshot_id}).model_dump_json().encode()
    work.s3.put_object(Bucket=work.bucket, Key=key, Body=body, ContentType="application/json")
    return key


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
        profile = _outcome_of(work, before).profile  # there are other rows beside those of the batch
    for result in results if change.added else ():
        profile = merged(profile, result.profile, columns)
    if profile.rows == plan.total_rows:
        return profile
    files = [*(rows.file for rows in plan.kept or ()), *change.added]
    return bounded(profile, rows=plan.total_rows, nulls=null_counts(schema_as(table, work.contract), files))
