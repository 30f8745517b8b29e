"""The last step of a batch's data: through the gate, into the table with one commit, into the ledger.

    1  the verdict                    the same whenever it is made, for it follows from the slices' results
    2  one Iceberg commit             unless the table has the batch already
    3  the profile of the snapshot    made of the one before and the batch's own: the same bytes whenever it is made
    4  the run record                 all that is known of the run, with what each rule found
    5  the ledger                     only now does the batch count as committed

A crash between any two is gone over from the start, and changes nothing that was done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict
from pyiceberg.table import Table as IcebergTable

from datamesh.contract.profile import Profile, merged
from datamesh.engine.duck import connect
from datamesh.events import QualityGateFailed, Reason
from datamesh.lake import layout
from datamesh.lake import table as lake
from datamesh.lake.schema import schema_of
from datamesh.lake.table import Committed
from datamesh.publish import record as records
from datamesh.publish.endings import standing
from datamesh.publish.gate import Verdict, judge
from datamesh.publish.plane import Plane
from datamesh.publish.repeats import surplus_of
from datamesh.publish.results import SliceResult, StagedFile, load
from datamesh.publish.rules import rules
from datamesh.publish.slices import slices
from datamesh.publish.steps import Work, begin

__all__ = ["Cataloged", "catalog"]


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
        results = _results(work, landed.attempt if landed else attempt)
        verdict = judge(
            work.contract.table,
            results,
            rows_before=_rows_before(work, table, landed, results),
            doubled=_doubled(work, table, results),
        )
        _tell(work, verdict)
        work.detail |= verdict.counts.model_dump()
        if landed is None and not verdict.committed:
            return _rejected(work, results, verdict)
        committed = landed or _commit(work, table, results, verdict)
        work.detail["snapshot_id"] = committed.snapshot_id
        return _recorded(work, table, committed, results, verdict)


def _results(work: Work, attempt: int) -> list[SliceResult]:
    """What the attempt staged. Of a batch that has landed that is the attempt that did so, whatever came after it."""
    product, batch_id = work.manifest.product, work.manifest.batch_id
    numbers = range(len(slices(work.manifest.objects)))
    return [load(product, batch_id, attempt, n, s3=work.s3, bucket=work.bucket) for n in numbers]


def _rows_before(work: Work, table: IcebergTable, landed: Committed | None, results: Sequence[SliceResult]) -> int:
    if _replaces(work):
        return 0
    return landed.total_rows - sum(r.rows_good for r in results) if landed else lake.total_rows(table)


def _replaces(work: Work) -> bool:
    return work.contract.table.write_mode == "overwrite"


def _commit(work: Work, table: IcebergTable, results: Sequence[SliceResult], verdict: Verdict) -> Committed:
    counts = {f"datamesh.{name.replace('_', '-')}": str(n) for name, n in verdict.counts.model_dump().items()}
    return lake.commit_files(
        table,
        [file.uri for result in results for file in result.files],
        batch_id=work.manifest.batch_id,
        replace=_replaces(work),
        attempt=work.attempt,
        summary=counts | {"datamesh.contract-version": work.manifest.contract_version},
    )


def _rejected(work: Work, results: Sequence[SliceResult], verdict: Verdict) -> Cataloged:
    work.verdict = "rejected"
    record_key = _put_record(work, verdict, results, status="rejected", attempt=work.attempt)
    work.plane.ledger.rejected(
        work.manifest.product,
        work.manifest.batch_id,
        reasons=verdict.reasons,
        attempt=work.attempt,
        counts=verdict.counts,
        record_key=record_key,
    )
    return Cataloged(verdict="rejected", status="rejected", reasons=verdict.reasons)


def _recorded(
    work: Work, table: IcebergTable, committed: Committed, results: Sequence[SliceResult], verdict: Verdict
) -> Cataloged:
    profile_key = _put_profile(work, table, committed, results)
    status: Literal["published", "partial"] = "partial" if verdict.counts.rows_quarantined else "published"
    record_key = _put_record(
        work,
        verdict,
        results,
        status=status,
        attempt=committed.attempt,
        snapshot_id=committed.snapshot_id,
        sequence=committed.sequence,
        total_rows=committed.total_rows,
        profile_key=profile_key,
        files=tuple(file for result in results for file in result.files),
    )
    work.plane.ledger.committed(
        work.manifest.product,
        work.manifest.batch_id,
        snapshot_id=committed.snapshot_id,
        sequence=committed.sequence,
        counts=verdict.counts,
        reasons=verdict.reasons,
        profile_key=profile_key,
        total_rows=committed.total_rows,
        record_key=record_key,
    )
    return Cataloged(
        verdict="committed",
        status=status,
        rows_published=verdict.counts.rows_published,
        rows_quarantined=verdict.counts.rows_quarantined,
        snapshot_id=committed.snapshot_id,
        sequence=committed.sequence,
        reasons=verdict.reasons,
    )


def _put_record(work: Work, verdict: Verdict, results: Sequence[SliceResult], **end: Any) -> str:
    return records.save(
        standing(work.plane, work.manifest.product, work.manifest.batch_id),
        at=work.plane.now(),
        s3=work.s3,
        bucket=work.bucket,
        counts=verdict.counts,
        reasons=verdict.reasons,
        findings=verdict.findings,
        quarantine=tuple(key for result in results for key in result.quarantine),
        **end,
    )


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


def _put_profile(work: Work, table: IcebergTable, committed: Committed, results: Sequence[SliceResult]) -> str:
    """The profile of the whole table as of the snapshot: what was known of it, and what the batch brought."""
    product, columns = work.manifest.product, work.contract.table.columns
    profile = _previous(work, table, committed) or Profile(product=product)
    for result in results:
        profile = merged(profile, result.profile, columns)
    profile = profile.model_copy(update={"snapshot_id": committed.snapshot_id})
    key = layout.profile_key(product, committed.snapshot_id)
    body = profile.model_dump_json().encode()
    work.s3.put_object(Bucket=work.bucket, Key=key, Body=body, ContentType="application/json")
    return key


def _previous(work: Work, table: IcebergTable, committed: Committed) -> Profile | None:
    before = None if _replaces(work) else lake.previous_batch(table, committed.snapshot_id)
    if before is None:
        return None
    try:
        answer = work.s3.get_object(Bucket=work.bucket, Key=layout.profile_key(work.manifest.product, before))
    except work.s3.exceptions.NoSuchKey:
        return None
    return Profile.model_validate_json(answer["Body"].read())


def _doubled(work: Work, table: IcebergTable, results: Sequence[SliceResult]) -> dict[int, int]:
    """The keys that stand twice in the batch, where it has several slices: each knows its own rows only."""
    keyed = [rule for rule in rules(work.contract.table) if rule.keys]
    files = [file for result in results for file in result.files]
    if not keyed or sum(1 for result in results if result.files) < 2:
        return {}
    settings = work.plane.settings
    with (
        TemporaryDirectory() as spill,
        connect(memory_mb=settings.engine_memory_mb, threads=settings.engine_threads, temp=Path(spill)) as con,
    ):
        doubled = {}
        for rule in keyed:
            con.register("staged", _columns(work, table, files, rule.keys))
            doubled[rule.number] = surplus_of(con, rule, "staged")
            con.unregister("staged")
        return doubled


def _columns(work: Work, table: IcebergTable, files: Sequence[StagedFile], names: Sequence[str]) -> Any:
    """A stream of some columns of staged files, a row group at a time. They have the names of the batch's contract."""

    def batches() -> Iterator[Any]:
        for file in files:
            with table.io.new_input(file.uri).open() as stream:
                yield from pq.ParquetFile(stream).iter_batches(columns=list(names))

    whole: Any = schema_of(work.contract.table).as_arrow()
    shape = pa.schema([whole.field(name) for name in names])
    return pa.RecordBatchReader.from_batches(shape, (batch.cast(shape) for batch in batches()))
